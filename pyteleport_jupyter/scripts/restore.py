"""The other end of a snapshot: a program rebuilt in a fresh interpreter, up to the point where it goes on."""

from __future__ import annotations

import builtins
import importlib
import pickle
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any

from pyteleport_jupyter import frames, user_hooks
from pyteleport_jupyter.carried import carrying
from pyteleport_jupyter.companions import (
    Companions,
    Source,
    introduce,
    serve_sources,
    show_lines,
    spec_of,
)
from pyteleport_jupyter.errors import PackageMissing, RestoreFailed, TeleportError
from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.frames import Stack, check_running_code, resume_code
from pyteleport_jupyter.objects import load
from pyteleport_jupyter.scripts.anchors import anchors
from pyteleport_jupyter.scripts.arrived import LET_COME, SHELL_MARK, Arrived
from pyteleport_jupyter.scripts.items import ITEMS, SURROUNDINGS, restore_items
from pyteleport_jupyter.scripts.main_module import MainModule
from pyteleport_jupyter.session.place import set_place


def restore_arrived(
    stream: bytes | bytearray | memoryview,
    buffers: Sequence[Any],
    host: str,
    home: dict[str, Any] | None = None,
) -> Arrived:
    """Rebuild what is in ``stream``; ``home``: how this process was to be what it is now again.

    Raises PackageMissing, CodeDiffers or RestoreFailed; the process is then of no use.
    """
    if bytes(memoryview(buffers[0])[: len(SHELL_MARK)]) != SHELL_MARK:
        return restore_program(stream, buffers, host)
    try:
        # Not before: a script needs no IPython.
        terminal: Any = importlib.import_module("pyteleport_jupyter.terminals.arrival")
    except ImportError as error:
        raise PackageMissing(packages=error.name or error, host=host) from error
    arrived: Arrived = terminal.restore(stream, buffers, host, home)
    return arrived


@dataclass
class Restored:
    """A program that has arrived and waits to go on. ``prompts``: the interpreter's prompt follows it."""

    main: ModuleType
    prompts: bool
    stack: Stack | None
    rest: tuple[CodeType, ...]
    items: dict[str, Any]
    deferred: list[Callable[[], object]]
    told: tuple[str, ...] = ()
    """What became of objects that are not what they were there."""

    def go_on(self, value: object) -> list[tuple[CodeType, dict[str, Any]]]:
        """Set what is left to be set; returns the code that goes on and what comes behind it, each with its
        namespace.

        The interrupted call of the innermost frame returns ``value``. Signals wait until it does. Once only.
        """
        restore_items(ITEMS, self.items)
        for step in self.deferred:
            step()
        self.items, self.deferred = {}, []
        for words in self.told:
            print(f"pyteleport: {words}", file=sys.stderr)
        user_hooks.arrived()
        if self.stack is None:
            raise RestoreFailed(reason="it has gone on already")
        stack, self.stack = self.stack, None
        return [(code, vars(self.main)) for code in (resume_code(stack, value, LET_COME), *self.rest)]


def restore_program(stream: bytes | bytearray | memoryview, buffers: Sequence[Any], host: str) -> Restored:
    """Rebuild the program in ``stream``; ``__main__`` is its module then. ``host`` is named in errors.

    Raises PackageMissing, CodeDiffers or RestoreFailed; the process is then of no use.
    """
    try:
        return _restore(stream, buffers)
    except TeleportError as error:
        raise type(error)(**{**error.facts, "host": host}) from error
    except ModuleNotFoundError as error:
        raise PackageMissing(packages=error.name or error, host=host) from error
    except Exception as error:
        raise RestoreFailed(reason=f"{type(error).__name__}: {error}", host=host) from error


def _restore(stream: bytes | bytearray | memoryview, buffers: Sequence[Any]) -> Restored:
    fault("load.object")
    packed, *arrays = buffers
    # What arrives here was sent by the program's first host, which this process works for.
    plain: dict[str, Any] = pickle.loads(packed)  # noqa: S301
    companions: Companions = plain["companions"]
    restore_items(SURROUNDINGS, plain)
    for path, text in plain["lines"].items():
        show_lines(path, text)
    serve_sources(companions.sources)
    main = new_main()
    with carrying(companions.loaded):
        loaded = load(stream, arrays, anchors())
        root, items = loaded.root, loaded.root["items"]
        vars(main).update(root["namespace"])
        introduce(items["modules"], companions.sources)
        introduce_main(main, items["main"], plain["lines"])
        # What has to do with event loops is loaded if some of it has arrived.
        sys.modules.get("pyteleport_jupyter.loops", frames).finish_restore()
        set_place(items["place"])
        check_running_code(root["stack"])
    return Restored(
        main, items["prompts"], root["stack"], items["rest"], items, list(loaded.deferred), loaded.told
    )


def new_main() -> ModuleType:
    """An empty ``__main__``: the one that this process was started with is not the program's."""
    main = ModuleType("__main__")
    vars(main)["__builtins__"] = builtins
    sys.modules["__main__"] = main
    return main


def introduce_main(main: ModuleType, started: MainModule, lines: dict[str, str]) -> None:
    """What the import system knows of it: the spec that ``python -m`` gives, nothing for a script."""
    main.__spec__ = main.__loader__ = None
    if started.name is not None:
        text = lines.get(started.origin or "", "")
        spec = spec_of(started.name, Source(started.origin or "", text.encode()))
        main.__spec__ = spec or ModuleSpec(started.name, None)
        main.__loader__ = main.__spec__.loader
