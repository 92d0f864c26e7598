"""Move a live Python session, in the middle of a cell, to another machine.

Nothing heavy is imported here: the relay and the far side import rooms of this package in processes
that have neither IPython nor paramiko.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.1.0"
__all__ = ["load_ipython_extension", "teleport"]


def teleport(target: str, **options: object) -> None:
    """Go on with the running cell, and the whole session, on ``target``; returns on the far side.

    Options are those of ``%teleport`` (``python``, ``setup``, ``via``, ``lease``, ``quiet``).
    Raises :class:`~pyteleport_jupyter.errors.TeleportError` here, with the session untouched, when the move
    fails.
    """
    from pyteleport_jupyter.departure import depart

    depart(target, **options)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext pyteleport_jupyter``: register ``%teleport``."""
    from pyteleport_jupyter.magics import register

    register(shell)
