"""What a shell's session consists of: read here, set there, one row of a table for each item."""

from pyteleport_jupyter.session.anchors import SessionAnchors, anchors
from pyteleport_jupyter.session.place import Place, current_place, set_place
from pyteleport_jupyter.session.restore import Restored, restore_snapshot
from pyteleport_jupyter.session.running_cell import RunningCell, find_running_cell
from pyteleport_jupyter.session.snapshot import TravellingCell, modules_in_use, take_snapshot
from pyteleport_jupyter.session.surroundings import search_path

__all__ = [
    "Place",
    "Restored",
    "RunningCell",
    "SessionAnchors",
    "TravellingCell",
    "anchors",
    "current_place",
    "find_running_cell",
    "modules_in_use",
    "restore_snapshot",
    "search_path",
    "set_place",
    "take_snapshot",
]
