"""One thing that a session consists of, as a row of a table: how it is read here, and how it is set there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyteleport_jupyter.session.running_cell import RunningCell


class Phase(Enum):
    """When an item is set on the far side. Within a phase the order of the table counts."""

    SURROUNDINGS = "plain data, set before the first object is unpickled: imports and file names depend on it"
    ARRIVAL = "objects, set when all is unpickled, while the move can still be refused"
    RESUME = "set when the cell goes on, inside IPython's run_cell; at the end of the arrival if no cell runs"
    CELL = "as RESUME, and left out if no cell runs"


@dataclass(frozen=True)
class Item:
    """``capture(shell, cell)`` gives what travels (None: nothing does); ``restore(shell, travelled)`` sets it
    there.
    """

    name: str
    phase: Phase
    capture: Callable[[Any, RunningCell | None], Any]
    restore: Callable[[Any, Any], None]
