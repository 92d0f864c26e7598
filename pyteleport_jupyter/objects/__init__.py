"""Objects <-> bytes: the pickler, the table of reducers, refusals, chunks.

What travels and how is the table: see :func:`pyteleport_jupyter.objects.table.rows` and the modules of
``reducers``.
"""

from pyteleport_jupyter.objects import chunks
from pyteleport_jupyter.objects.anchors import Anchors, NamespaceAnchors
from pyteleport_jupyter.objects.leaving import Leaving
from pyteleport_jupyter.objects.numbering import Numbering
from pyteleport_jupyter.objects.pickler import Pickled, dump
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.refusals import Refusal
from pyteleport_jupyter.objects.table import CannotMove, reduces, refuses
from pyteleport_jupyter.objects.turns import Outlet
from pyteleport_jupyter.objects.unpickler import Loaded, Stream, load

__all__ = [
    "Anchors",
    "CannotMove",
    "Leaving",
    "Loaded",
    "NamespaceAnchors",
    "Numbering",
    "Outlet",
    "Pickled",
    "Reduction",
    "Refusal",
    "Stream",
    "chunks",
    "dump",
    "load",
    "reduces",
    "refuses",
]
