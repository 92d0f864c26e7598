"""What the notebook told the module ``logging``: levels, and handlers that write into the cells and files."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyteleport_jupyter.objects.tombstone import Tombstone
from pyteleport_jupyter.session.item import Item, Phase

if TYPE_CHECKING:
    from pyteleport_jupyter.session.running_cell import RunningCell

KERNELS = frozenset({"IPKernelApp", "TeleportedKernelApp", "HomeKernelApp", "FreshKernelApp"})
"""Applications have loggers of the names of their classes (traitlets)."""

NOT_CARRIED = KERNELS | {
    "pyteleport_jupyter",
    "ipykernel",
    "traitlets",
    "tornado",
    "asyncio",
    "comm",
    "Comm",
    "zmq",
}
"""First parts of the names of loggers that belong to the kernel's process."""

NAMED = 4
"""Most files or handlers that are named in a sentence."""


@dataclass(frozen=True)
class LoggerState:
    """How one logger was set up; the root logger has the name "root"."""

    name: str
    level: int
    propagates: bool
    is_disabled: bool
    handlers: list[logging.Handler]
    filters: list[Any]


def capture_logging(shell: Any, cell: RunningCell | None) -> list[LoggerState]:
    """Loggers that are not as they are made. Handlers that write to the net stay where they are."""
    return states_of_loggers(_streams(shell))


def states_of_loggers(streams: Collection[int]) -> list[LoggerState]:
    """As :func:`capture_logging`; ``streams`` are the ``id`` of what stands for the streams there, too."""
    states = [_state_of(logger, streams) for logger in _loggers()]
    return [
        state for state in states if state != LoggerState(state.name, logging.NOTSET, True, False, [], [])
    ]


def what_becomes_of_logs(shell: Any) -> list[str]:
    """Sentences about handlers that do not simply write into the cells."""
    streams = _streams(shell)
    handlers = [(logger.name, handler) for logger in _loggers() for handler in logger.handlers]
    files = {each.baseFilename for _, each in handlers if isinstance(each, logging.FileHandler)}
    staying = [f"{type(each).__name__} of {name}" for name, each in handlers if not _travels(each, streams)]
    return [
        *[f"logs go on there, behind what is in them there: {_first(sorted(files))}"] * bool(files),
        *[f"log handlers that stay: {_first(staying)}"] * bool(staying),
    ]


def _first(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")


def _loggers() -> list[logging.Logger]:
    named = [each for each in logging.root.manager.loggerDict.values() if isinstance(each, logging.Logger)]
    return [logging.root, *(each for each in named if each.name.partition(".")[0] not in NOT_CARRIED)]


def _streams(shell: Any) -> set[int]:
    from pyteleport_jupyter.session.anchors import anchors  # not where a program is restored without IPython

    return {id(anchor) for name, anchor in anchors(shell).by_name.items() if name in ("stdout", "stderr")}


def _state_of(logger: logging.Logger, streams: Collection[int]) -> LoggerState:
    handlers = [handler for handler in logger.handlers if _travels(handler, streams)]
    return LoggerState(
        logger.name, logger.level, logger.propagate, bool(logger.disabled), handlers, list(logger.filters)
    )


def _travels(handler: logging.Handler, streams: Collection[int]) -> bool:
    if type(handler) is logging.NullHandler:
        return True
    if type(handler) is logging.StreamHandler:
        return id(getattr(handler, "stream", None)) in streams
    return isinstance(handler, logging.FileHandler) or type(handler).__module__ == "__main__"


def restore_logging(shell: Any, states: list[LoggerState]) -> None:
    """As :func:`set_up_loggers`."""
    set_up_loggers(states)


def set_up_loggers(states: list[LoggerState]) -> None:
    """Set these loggers up the same way; handlers that are there already stay."""
    for state in states:
        logger = logging.root if state.name == logging.root.name else logging.getLogger(state.name)
        logger.setLevel(state.level)
        logger.propagate, logger.disabled = state.propagates, state.is_disabled
        for handler in state.handlers:
            if not issubclass(type(handler), Tombstone) and not _is_there(handler, logger):
                logger.addHandler(handler)
        for each in state.filters:
            logger.addFilter(each)


def _is_there(handler: logging.Handler, logger: logging.Logger) -> bool:
    """Libraries give their loggers one that does nothing, when they are imported."""
    kind = logging.NullHandler
    return type(handler) is kind and any(type(each) is kind for each in logger.handlers)


ITEMS: tuple[Item, ...] = (Item("logging", Phase.ARRIVAL, capture_logging, restore_logging),)
