"""The kernels that are kept for the cells of this session, one for each target and way to start it."""

from __future__ import annotations

import atexit
import threading
from dataclasses import dataclass, field

from pyteleport_jupyter.errands.line import Line
from pyteleport_jupyter.errands.luggage import Surroundings
from pyteleport_jupyter.errands.widgets import Widgets
from pyteleport_jupyter.leaving import when_leaving
from pyteleport_jupyter.options import Options
from pyteleport_jupyter.shipping import ChunkStore

KEPT_LIMIT = 64
"""Most kernels kept at a time; of those that run no cell, the one that was kept longest has to go first."""

Key = tuple[str, str | None, str, str | None]


@dataclass
class Kept:
    """A kernel there, what it has been told, what its memory holds. One cell at a time has its ``turn``."""

    line: Line
    widgets: Widgets
    store: ChunkStore = field(default_factory=ChunkStore)
    surroundings: Surroundings = field(default_factory=Surroundings)
    turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def alive(self) -> bool:
        """Whether it is there, as far as we know."""
        return self.line.over is None

    def await_turn(self) -> None:
        """Until no other cell runs there. Can be interrupted."""
        while not self.turn.acquire(timeout=0.5):
            pass


def key_of(target: str, options: Options) -> Key:
    """What must be alike for a kernel to serve two cells."""
    return target, options.python, options.setup, options.via


_kept: dict[Key, Kept] = {}


def find(key: Key) -> Kept | None:
    """The kernel that is kept under ``key``, if it still is there."""
    kept = _kept.get(key)
    if kept is not None and not kept.alive:
        del _kept[key]
        return None
    return kept


def keep(key: Key, kept: Kept) -> None:
    """Keep it until it is let go or this process ends."""
    if not _kept:
        atexit.register(end_all)
        when_leaving(end_all)
    for other, free in list(_kept.items()):
        if len(_kept) < KEPT_LIMIT:
            break
        if not free.turn.locked():
            let_go(other, free)
    _kept[key] = kept


def let_go(key: Key, kept: Kept) -> None:
    """End this kernel; another one that is kept under ``key`` by now stays."""
    if _kept.get(key) is kept:
        del _kept[key]
    kept.line.end()


def end_all() -> None:
    """End all of them, at the same time: this process ends, or its session goes elsewhere."""
    ending = [threading.Thread(target=kept.line.end) for kept in _kept.values()]
    _kept.clear()
    for thread in ending:
        thread.start()
    for thread in ending:
        thread.join()


def busy() -> list[str]:
    """Hosts on which a cell runs now."""
    return [kept.line.host for kept in _kept.values() if kept.alive and kept.turn.locked()]
