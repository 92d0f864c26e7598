"""Memory that consists of pages of a file, until this process has pages of its own (Linux).

To touch fresh memory and copy into it costs five times as much as to digest it. So what lies in a file in
memory (memfd_create(2)) is not copied when it arrives: its pages are laid over the room that was made for it,
privately, so whatever is written there goes into a page of our own. When nobody waits for it any more all
others are copied too, and each stretch that was is cut out of the file: nothing is there twice for longer.
"""

from __future__ import annotations

import ctypes
import fcntl
import functools
import mmap
import os
import re
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter.errors import RestoreFailed
from pyteleport_jupyter.shipping.digests import place_of
from pyteleport_jupyter.shipping.offer import Name

STEP = 32 << 20
"""So much is there twice for a moment, while its pages are copied."""

SHORTEST = 4
"""So many chunks in a row are laid, fewer are copied: a process may have 65530 mappings."""

LATER = 1.0
"""Seconds after which nobody waits any more."""

_MAP_FIXED = 0x10
_POPULATE_WRITE = 23
"""MADV_POPULATE_WRITE, linux/mman.h, since Linux 5.14."""

_PUNCH_HOLE, _KEEP_SIZE = 2, 1
"""linux/falloc.h"""


def seal(fd: int) -> None:
    """Let nobody change the length of a file that is to be laid over memory: whoever touches what is missing
    is killed (SIGBUS). Writing is not sealed off, or no pages could be cut out. Raises OSError.
    """
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)


Wanted = tuple[Name, memoryview]
"""A chunk, and the place where it belongs."""

Run = tuple[int, list[Wanted]]
"""Chunks in a row, and where the first begins."""


def runs(wanted: Iterable[Wanted], places: Mapping[Name, int]) -> Iterator[Run]:
    """What lies in a row at its ``places`` as well as where it belongs."""
    run: list[Wanted] = []
    begin = end = address = 0
    for name, into in wanted:
        if run and (places[name], address_of(into)) != (end, address):
            yield begin, run
            run = []
        if not run:
            begin = places[name]
        run.append((name, into))
        end, address = places[name] + name[0], address_of(into) + name[0]
    if run:
        yield begin, run


def address_of(view: memoryview) -> int:
    """Where it lies."""
    return place_of(view)[0].value or 0


@dataclass(frozen=True)
class _Stretch:
    """``size`` bytes of a room from ``begins`` on, which are those of the file from ``offset`` on."""

    room: weakref.ref[mmap.mmap]
    begins: int
    offset: int
    size: int


class LaidOver:
    """Stretches of one file in the memory of this process. ``fd`` stays the caller's."""

    def __init__(self, fd: int) -> None:
        self._fd = os.dup(fd)
        self._able = _system() is not None and _is_sealed(fd)
        self._stretches: list[_Stretch] = []
        self._begun = False

    def lay_run(self, begin: int, run: list[Wanted]) -> list[Wanted]:
        """Lay the chunks of ``run``, which begin in the file at ``begin``; returns what has to be copied.
        Raises RestoreFailed.
        """
        whole_pages = len(run) - 1 if run[-1][0][0] % mmap.PAGESIZE else len(run)
        laid, room = run[:whole_pages], run[0][1].obj
        if len(laid) < SHORTEST or not isinstance(room, mmap.mmap):
            return run
        with memoryview(room) as whole:
            begins = address_of(run[0][1]) - address_of(whole)
        return run[whole_pages:] if self.lay(room, begins, sum(name[0] for name, _ in laid), begin) else run

    def lay(self, room: object, begins: int, size: int, offset: int) -> bool:
        """Make ``size`` bytes of ``room`` (of :func:`.memory.make_room`, filled by nobody yet) those of the
        file from ``offset`` on; False where that is impossible, or they lie elsewhere already: they cannot
        be cut out of the file for both. Raises RestoreFailed.
        """
        system = _system()
        if system is None or not self._able or not isinstance(room, mmap.mmap):
            return False
        if (begins | offset | size) % mmap.PAGESIZE or self._is_taken(offset, size):
            return False
        with memoryview(room) as whole:
            address = address_of(whole) + begins
            flags = mmap.MAP_PRIVATE | _MAP_FIXED
            if (
                system.mmap(address, size, mmap.PROT_READ | mmap.PROT_WRITE, flags, self._fd, offset)
                != address
            ):
                # What was there may be gone.
                raise RestoreFailed(reason="what was kept there cannot be mapped")
        self._stretches.append(_Stretch(weakref.ref(room), begins, offset, size))
        return True

    def _is_taken(self, offset: int, size: int) -> bool:
        return any(one.offset < offset + size and offset < one.offset + one.size for one in self._stretches)

    def make_own_later(self) -> threading.Thread | None:
        """Begin to, once, in the thread that is returned, when nobody waits for the processor any more. Not
        before it is certain that nobody else will need the file.
        """
        if self._begun or not self._stretches:
            return None
        self._begun = True
        thread = threading.Thread(target=self._make_own_later, name="teleport-own-memory", daemon=True)
        thread.start()
        return thread

    def _make_own_later(self) -> None:
        time.sleep(LATER)
        self.make_own()

    def make_own(self) -> None:
        """Copy what has not been written to yet. Where that is impossible, or somebody else has the same
        memory (a process that was forked from this one), it stays as it is.
        """
        self._begun = True
        for one in self._stretches:
            for start in range(0, one.size, STEP):
                if not self._make_own(one, start, min(STEP, one.size - start)):
                    break
        self._stretches.clear()
        self.close()

    def _make_own(self, one: _Stretch, start: int, size: int) -> bool:
        """Whether there may be more of it."""
        room, system = one.room(), _system()
        if room is None or system is None:
            return False
        with suppress(ValueError), memoryview(room) as whole:
            address = address_of(whole) + one.begins + start
            # In this order: who is forked from now on has our pages, who was before can be seen.
            if system.madvise(address, size, _POPULATE_WRITE) == 0 and not _is_elsewhere(self._fd):
                system.fallocate(self._fd, _PUNCH_HOLE | _KEEP_SIZE, one.offset + start, size)
                return True
        return False

    def close(self) -> None:
        """Let go of the file; what is laid over memory stays there."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __del__(self) -> None:
        self.close()


def _is_sealed(fd: int) -> bool:
    try:
        seals = fcntl.fcntl(fd, fcntl.F_GET_SEALS)
    except (OSError, AttributeError):
        return False
    return bool(seals & fcntl.F_SEAL_SHRINK) and not seals & fcntl.F_SEAL_WRITE


def _is_elsewhere(fd: int) -> bool:
    """Whether another process has the file in its memory. Those that cannot be looked into are other users',
    or run another program than the one they were forked from.
    """
    mapped = re.compile(rb" %d +/memfd:" % os.fstat(fd).st_ino)
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            with suppress(OSError), open(f"/proc/{name}/maps", "rb") as file:
                if mapped.search(file.read()):
                    return True
    return False


@functools.cache
def _system() -> Any:
    """The calls that Python has not, or that would keep the interpreter while they work; None where the
    system lacks one of them.
    """
    try:
        system = ctypes.CDLL(None, use_errno=True)
        system.mmap.restype = ctypes.c_void_p
        number, size = ctypes.c_int, ctypes.c_size_t
        system.mmap.argtypes = (ctypes.c_void_p, size, number, number, number, ctypes.c_longlong)
        system.madvise.argtypes = (ctypes.c_void_p, size, number)
        system.fallocate.argtypes = (number, number, ctypes.c_longlong, ctypes.c_longlong)
        os.stat("/proc/self/maps")
        page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        with page, memoryview(page) as view:
            able = system.madvise(address_of(view), mmap.PAGESIZE, _POPULATE_WRITE) == 0
    except (AttributeError, OSError):
        return None
    return system if able else None
