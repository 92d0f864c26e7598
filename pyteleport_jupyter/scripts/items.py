"""What a program consists of besides its variables and its stack: a row of a table for each thing."""

from __future__ import annotations

import builtins
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter import user_hooks
from pyteleport_jupyter.companions import foreign_folders
from pyteleport_jupyter.scripts import exit_handlers, streams
from pyteleport_jupyter.scripts.program import main_namespace
from pyteleport_jupyter.session import logging_items, process_items, surroundings
from pyteleport_jupyter.session.environment import (
    apply_environment,
    environment_at_start,
    environment_change,
)
from pyteleport_jupyter.session.process_streams import process_streams


@dataclass(frozen=True)
class Item:
    """``capture()`` gives what travels (None: nothing does), ``restore(travelled)`` sets it there."""

    name: str
    capture: Callable[[], Any]
    restore: Callable[[Any], None]


# ------------------------------------------------------- plain data, set before objects are unpickled


@dataclass(frozen=True)
class SearchPath:
    """What a program has on ``sys.path`` besides the installation: before it, and behind it."""

    front: tuple[str, ...]
    back: tuple[str, ...]


def capture_search_path() -> SearchPath:
    """In the order in which they stand; an entry "" is where the program was started from."""
    foreign = foreign_folders()
    installed = [number for number, entry in enumerate(sys.path) if os.path.abspath(entry) in foreign]
    first = installed[0] if installed else len(sys.path)
    back = tuple(entry for entry in sys.path[first:] if os.path.abspath(entry) not in foreign)
    return SearchPath(tuple(sys.path[:first]), back)


def restore_search_path(path: SearchPath) -> None:
    """Put them where they were; what is there already stays."""
    sys.path[:0] = [entry for entry in path.front if entry not in sys.path]
    sys.path.extend(entry for entry in path.back if entry not in sys.path)


SURROUNDINGS: tuple[Item, ...] = (
    Item(
        "interpreter",
        lambda: surroundings.capture_interpreter(None, None),
        lambda settings: surroundings.restore_interpreter(None, settings),
    ),
    Item(
        "directory",
        lambda: surroundings.capture_directory(None, None),
        lambda directory: surroundings.restore_directory(None, directory),
    ),
    Item("environment", lambda: environment_change(environment_at_start(), os.environ), apply_environment),
    Item("search path", capture_search_path, restore_search_path),
)


# --------------------------------------------------------------- objects, set when the program goes on

HOOKS = ("displayhook", "excepthook", "unraisablehook", "breakpointhook")


def capture_hooks() -> dict[str, Any]:
    """The hooks that the program has set."""
    return {name: hook for name in HOOKS if (hook := getattr(sys, name)) is not getattr(sys, f"__{name}__")}


def restore_hooks(hooks: dict[str, Any]) -> None:
    """Set them."""
    for name, hook in hooks.items():
        setattr(sys, name, hook)


def capture_streams() -> dict[str, Any]:
    """What ``sys.stdin`` and its siblings are now: the process's own, or what stands in for them."""
    return {name: getattr(sys, name) for name in ("stdin", "stdout", "stderr")}


def restore_streams(replaced: dict[str, Any]) -> None:
    """Set them."""
    for name, stream in replaced.items():
        setattr(sys, name, stream)


_AT_START: dict[int, Any] = {
    int(signal.SIGINT): signal.default_int_handler,
    int(signal.SIGPIPE): signal.SIG_IGN,
    int(signal.SIGXFSZ): signal.SIG_IGN,
}
"""What Python itself sets (Modules/signalmodule.c, Python/pylifecycle.c)."""


def capture_signals() -> dict[int, Any]:
    """Signals that the program handles or ignores, by number."""
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    return {
        int(number): handler
        for number, handler in handlers.items()
        if handler is not None and handler != _AT_START.get(int(number), signal.SIG_DFL)
    }


def restore_signals(handlers: dict[int, Any]) -> None:
    """Handle them here."""
    for number, handler in handlers.items():
        signal.signal(number, handler)


TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)


def capture_timers() -> dict[int, tuple[float, float]]:
    """Alarms that are still to come: seconds left, and between two."""
    found = {timer: signal.getitimer(timer) for timer in TIMERS}
    return {timer: left for timer, left in found.items() if left[0]}


def restore_timers(timers: dict[int, tuple[float, float]]) -> None:
    """Set them."""
    for timer, (left, interval) in timers.items():
        signal.setitimer(timer, left, interval)


def capture_last_value() -> list[Any]:
    """``_`` of the interpreter's prompt."""
    return [vars(builtins)["_"]] if "_" in vars(builtins) else []


def restore_last_value(value: list[Any]) -> None:
    """Set it."""
    for each in value:
        vars(builtins)["_"] = each


def capture_logging() -> list[logging_items.LoggerState]:
    """Levels of loggers, and handlers that write to the process's streams or to files."""
    return logging_items.states_of_loggers({id(stream) for stream in process_streams().values()})


PROMPT_SETTINGS = ("ps1", "ps2", "tracebacklimit")


def capture_settings() -> dict[str, Any]:
    """Attributes of ``sys`` that exist only where somebody has set them."""
    return {name: getattr(sys, name) for name in PROMPT_SETTINGS if hasattr(sys, name)}


def restore_settings(settings: dict[str, Any]) -> None:
    """Set them. ``python -i`` takes a prompt that is set for a sign that there is one already: it does not
    matter.
    """
    for name, value in settings.items():
        setattr(sys, name, value)


def _restore_user_hooks(state: dict[str, Any] | None) -> None:
    if state is not None:
        user_hooks.restore(state)


def _of_shell(capture: Callable[..., Any], restore: Callable[..., None], name: str) -> Item:
    """An item of :mod:`..session` that has nothing to do with a shell."""
    return Item(name, lambda: capture(None, None), lambda value: restore(None, value))


def restore_arguments(arguments: list[str]) -> None:
    """``sys.argv``, the very list."""
    sys.argv = arguments


ITEMS: tuple[Item, ...] = (
    _of_shell(process_items.capture_random_numbers, process_items.restore_random_numbers, "random numbers"),
    _of_shell(process_items.capture_warnings, process_items.restore_warnings, "warnings"),
    _of_shell(process_items.capture_arithmetic, process_items.restore_arithmetic, "arithmetic"),
    Item("arguments", lambda: sys.argv, restore_arguments),
    Item("exit handlers", exit_handlers.capture, exit_handlers.restore),
    Item("hooks", capture_hooks, restore_hooks),
    Item("user hooks", user_hooks.capture, _restore_user_hooks),
    Item("signals", capture_signals, restore_signals),
    Item("last value", capture_last_value, restore_last_value),
    Item("settings", capture_settings, restore_settings),
    Item("stream settings", streams.capture_settings, streams.restore_settings),
    Item("streams", capture_streams, restore_streams),
    Item("logging", capture_logging, logging_items.set_up_loggers),
    Item("timers", capture_timers, restore_timers),
)
"""In the order in which they are set."""


def capture_items(items: tuple[Item, ...]) -> dict[str, Any]:
    """What travels, by item name."""
    return {item.name: item.capture() for item in items}


def restore_items(items: tuple[Item, ...], captured: dict[str, Any]) -> None:
    """Set what was captured."""
    for item in items:
        if item.name in captured:
            item.restore(captured[item.name])


def travelling_namespace() -> dict[str, Any]:
    """The program's variables, in their order, without what the import system put there."""
    left = ("__builtins__", "__loader__", "__spec__")
    return {name: value for name, value in main_namespace().items() if name not in left}
