"""What a shell's session consists of: read here, set there, one row of a table for each item.

The names are loaded when they are asked for: a script moves with some of these items, and without IPython.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyteleport_jupyter.session.place import Place, current_place, place_at, set_place
    from pyteleport_jupyter.session.restore import Restored, restore_snapshot
    from pyteleport_jupyter.session.running_cell import RunningCell, find_running_cell
    from pyteleport_jupyter.session.snapshot import TravellingCell, modules_in_use, take_snapshot
    from pyteleport_jupyter.session.surroundings import search_path

__all__ = [
    "Place",
    "Restored",
    "RunningCell",
    "TravellingCell",
    "current_place",
    "find_running_cell",
    "modules_in_use",
    "place_at",
    "restore_snapshot",
    "search_path",
    "set_place",
    "take_snapshot",
]

_LATER = {
    "Place": "place",
    "current_place": "place",
    "place_at": "place",
    "set_place": "place",
    "Restored": "restore",
    "restore_snapshot": "restore",
    "RunningCell": "running_cell",
    "find_running_cell": "running_cell",
    "TravellingCell": "snapshot",
    "modules_in_use": "snapshot",
    "take_snapshot": "snapshot",
    "search_path": "surroundings",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
