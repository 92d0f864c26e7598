"""A whole program as one pickle."""

from __future__ import annotations

import linecache
import pickle
import sys
from dataclasses import dataclass, replace
from types import ModuleType

from pyteleport_jupyter import frames
from pyteleport_jupyter.carried import carrying
from pyteleport_jupyter.companions import Companions, find_companions
from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.inventory.selection import Selection, chooser
from pyteleport_jupyter.objects import Leaving, Pickled, dump
from pyteleport_jupyter.options import DEFAULT_OPTIONS, Options
from pyteleport_jupyter.remote.orders import PROGRAM
from pyteleport_jupyter.scripts.anchors import anchors
from pyteleport_jupyter.scripts.consent import means_to_come_home
from pyteleport_jupyter.scripts.items import ITEMS, SURROUNDINGS, capture_items, travelling_namespace
from pyteleport_jupyter.scripts.main_module import main_module
from pyteleport_jupyter.scripts.program import RunningProgram
from pyteleport_jupyter.session import threads
from pyteleport_jupyter.session.place import Place, current_place

ALWAYS_THERE = frozenset(sys.stdlib_module_names) | {"__main__", "pyteleport_jupyter", "cloudpickle"}
"""Top-level modules that need not be looked for on the target."""

NAMES_OF_MAIN = frozenset(
    ("__name__", "__file__", "__doc__", "__builtins__", "__loader__", "__spec__", "__package__", "__cached__")
) | {"__annotations__", "__annotate__", "__conditional_annotations__"}
"""Names that the interpreter gave to ``__main__``: they always travel."""


@dataclass(frozen=True)
class Luggage:
    """What moves: the snapshot, the packages that the target must have, and whether it means to come home.
    ``kind`` is one of :data:`..remote.orders.KINDS`.
    """

    pickled: Pickled
    modules: tuple[str, ...]
    homeward: bool
    kind: str = PROGRAM


def take_snapshot(program: RunningProgram, place: Place, options: Options = DEFAULT_OPTIONS) -> Luggage:
    """The program as it goes to ``place``, without what ``options`` leave here; nothing here is changed.

    Its first buffer is a pickle of the surroundings, which are set there before the objects are unpickled.
    Raises FrameRefused, ObjectsRefused, NamesNeeded or OptionWrong.
    """
    fault("capture.before")
    host, selection = current_place().host, Selection(options.exclude, options.only)
    companions = find_companions()
    with carrying(companions.loaded):
        reader = _reader_of_stacks()
        stack = reader.capture_stack(program.top, program.root, at_instruction=program.at_instruction)
        fault("capture.midway")
        items = {
            "place": place,
            "main": main_module(),
            "rest": program.rest,
            "prompts": program.prompts and not program.flagged,
            "modules": {name: sys.modules[name] for name in companions.loaded},
            **capture_items(ITEMS),
        }
        session = {"items": items, "namespace": travelling_namespace(), "stack": stack}
        chooser(selection, vars(sys.modules["__main__"]), NAMES_OF_MAIN, host)(session)
        leaving = Leaving(host) if options.leave else None
        pickled = dump(session, anchors(), reader.running_generators(stack), leaving=leaving)
    buffers = (memoryview(_surroundings(companions)), *pickled.buffers)
    homeward = means_to_come_home(program, companions)
    return Luggage(replace(pickled, buffers=buffers), _needed(pickled, companions), homeward)


def _reader_of_stacks() -> ModuleType:
    """``loops``, which looks for event loops; it is not loaded for a program that has not loaded asyncio."""
    if "asyncio" not in sys.modules:
        return frames
    from pyteleport_jupyter import loops

    return loops


def _needed(pickled: Pickled, companions: Companions) -> tuple[str, ...]:
    own = {name.partition(".")[0] for name in companions.loaded}
    return tuple(sorted({name.partition(".")[0] for name in pickled.modules} - ALWAYS_THERE - own))


def _surroundings(companions: Companions) -> bytes:
    plain = {"companions": companions, "lines": text_of_program(), **capture_items(SURROUNDINGS)}
    return pickle.dumps(plain)


def text_of_program() -> dict[str, str]:
    """The text of the script, and of what has no file (lines of the prompt), for tracebacks."""
    main = vars(sys.modules["__main__"]).get("__file__")
    names = [name for name in linecache.cache if name.startswith("<")]
    if isinstance(main, str):
        names.append(main)
    return {name: text for name in names if (text := "".join(linecache.getlines(name)))}


def check_threads(abandon: bool) -> None:
    """Raise ThreadsRunning if other threads run Python code; they end where this process becomes a relay."""
    threads.check_threads(abandon)
