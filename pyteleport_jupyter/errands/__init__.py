"""Errands: cells that run elsewhere while the session stays (``%%teleport HOST``).

:func:`run_cell` runs one and waits, :func:`run_on_several` one on several hosts, :func:`run_in_background`
gives a handle; :func:`end_all` ends the kernels that are kept for this session.
"""

from pyteleport_jupyter.errands.errand import Wish
from pyteleport_jupyter.errands.handle import Handle, Results
from pyteleport_jupyter.errands.here import run_cell, run_in_background, run_on_several
from pyteleport_jupyter.errands.kept import busy, end_all

__all__ = [
    "Handle",
    "Results",
    "Wish",
    "busy",
    "end_all",
    "run_cell",
    "run_in_background",
    "run_on_several",
]
