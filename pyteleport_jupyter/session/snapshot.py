"""A whole session as one pickle: stack, variables and the table of items share identities, so they share the
pickle.
"""

from __future__ import annotations

import ast
import pickle
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from pyteleport_jupyter.carried import carrying
from pyteleport_jupyter.companions import Companions
from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.frames import FrameSnapshot, PlaceName, Stack
from pyteleport_jupyter.loops import capture_beside, capture_stack, running_generators
from pyteleport_jupyter.objects import Leaving, Outlet, Pickled, dump
from pyteleport_jupyter.objects.anchors import live_objects
from pyteleport_jupyter.objects.verification import digests
from pyteleport_jupyter.session.anchors import anchors
from pyteleport_jupyter.session.item import Phase
from pyteleport_jupyter.session.namespace_items import arrays_last, travelling_namespace
from pyteleport_jupyter.session.own_modules import modules_that_travel, own_modules, top_level_names
from pyteleport_jupyter.session.place import Place
from pyteleport_jupyter.session.running_cell import PACKAGE, RunningCell
from pyteleport_jupyter.session.surroundings import loaded_extensions
from pyteleport_jupyter.session.table import capture_items

ALWAYS_THERE = frozenset(sys.stdlib_module_names) | {"__main__", PACKAGE, "cloudpickle"}
"""Top-level modules that need not be looked for on the target."""


@dataclass(frozen=True)
class TravellingCell:
    """What IPython needs to run the rest of a cell; field meanings as in RunningCell."""

    raw_cell: str
    transformed_cell: str
    statements: tuple[ast.stmt, ...]
    mode: str
    execution_count: int

    @classmethod
    def of(cls, cell: RunningCell) -> TravellingCell:
        """The part of a running cell that is data."""
        return cls(cell.raw_cell, cell.transformed_cell, cell.statements, cell.mode, cell.execution_count)


AROUND = "around"
"""Item: an :class:`Around`."""

Root = dict[str, Any]
"""All that travels, before it is pickled: ``{"items": …, "namespace": …, "stack": …}``."""


class Around(Protocol):
    """What lies around the session in its process and moves with it: the program that a prompt is embedded
    in.
    """

    @property
    def stack(self) -> Stack:
        """Its running frames."""


def session_root(
    shell: Any, cell: RunningCell | None, place: Place, around: Callable[[], Around] | None = None
) -> Root:
    """The session of ``shell`` as it goes to ``place``; nothing here is changed. Raises FrameRefused."""
    fault("capture.before")
    stack = None if cell is None else _stack_of(cell, partial(_cell_name, shell))
    fault("capture.midway")
    items = {
        "place": place,
        "cell": None if cell is None else TravellingCell.of(cell),
        **capture_items(shell, cell, Phase.ARRIVAL, Phase.RESUME, Phase.CELL),
    }
    if around is not None:
        items[AROUND] = around()
    return {"items": items, "namespace": travelling_namespace(shell), "stack": stack}


def take_snapshot(
    shell: Any,
    cell: RunningCell | None,
    place: Place,
    choose: Callable[[Root], None] = lambda root: None,
    leaving: Leaving | None = None,
    without: Collection[str] = (),
    around: Callable[[], Around] | None = None,
    outlet: Outlet | None = None,
) -> Pickled:
    """The session of ``shell`` as it goes to ``place``; nothing here is changed.

    ``choose`` may take out what shall not travel; ``without`` names surroundings that shall not;
    ``leaving``, ``outlet``: see :func:`pyteleport_jupyter.objects.dump`. ``around()`` becomes the item
    :data:`AROUND`.
    The first buffer is a pickle of the surroundings, which are set there before the objects are unpickled.
    Raises FrameRefused or ObjectsRefused.
    """
    plain = capture_items(shell, cell, Phase.SURROUNDINGS)
    own: Companions = plain["own modules"]
    with carrying(own.loaded):
        root = session_root(shell, cell, place, around)
        root["items"]["modules"] = modules_that_travel(own)
        choose(root)
        root["items"]["names"] = list(root["namespace"])
        root["namespace"] = arrays_last(root["namespace"])
        root["items"]["seen"] = digests(root["namespace"], live_objects(anchors(shell)))
        told = {name: value for name, value in plain.items() if name not in without}
        surroundings = memoryview(pickle.dumps(told))
        if outlet is not None:
            outlet.take_buffer(surroundings)
        running = _running_generators(root)
        pickled = dump(root, anchors(shell), running, leaving=leaving, outlet=outlet)
    return replace(pickled, buffers=(surroundings, *pickled.buffers))


def _running_generators(root: Root) -> dict[int, FrameSnapshot]:
    outer: Around | None = root["items"].get(AROUND)
    return running_generators(root["stack"]) | (running_generators(outer.stack) if outer else {})


def _stack_of(cell: RunningCell, place_name: PlaceName) -> Stack:
    if cell.waiting is not None:
        return capture_beside(cell.top, cell.waiting, place_name, cell.at_instruction)
    return capture_stack(cell.top, cell.root, place_name=place_name, at_instruction=cell.at_instruction)


def _cell_name(shell: Any, file_name: str) -> str | None:
    """What the user calls a code object's file."""
    number = shell.compile._filename_map.get(file_name)
    return None if number is None else f"cell {number}"


def modules_in_use(shell: Any, pickled: Pickled) -> list[str]:
    """Sorted top-level names of the packages that the target must have for this snapshot to be unpickled
    there.
    """
    wanted = {*pickled.modules, *loaded_extensions(shell)}
    if "matplotlib.pyplot" in sys.modules:
        wanted.add("matplotlib")
    return sorted(top_level_names(wanted) - top_level_names(own_modules()) - ALWAYS_THERE)
