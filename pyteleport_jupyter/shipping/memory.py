"""Room for what arrives: memory that costs nothing until it is filled; where memory is short, a nameless
file.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from pyteleport_jupyter.errors import RestoreFailed

SMALL = 64 << 10
"""Shorter parts are bytearrays: a mapping of its own costs two system calls, and a process may have 65530."""

SPARE = 64 << 20
"""So many bytes of memory are left to others."""

TOUCHED = 256 << 10
"""Bytes of memory that are made at once: they are still in the processor's cache when they are filled."""

_POPULATE_WRITE = 23
"""MADV_POPULATE_WRITE, Linux 5.14; the standard library has no name for it."""

_CGROUP = "/sys/fs/cgroup"
_FILE_WRITE = 1 << 20

Room = bytearray | mmap.mmap
"""Writable, and given back to the system when the last object in it is gone."""


def available_bytes() -> int:
    """Memory that this process may still fill without others suffering: of the machine, or of its cgroup."""
    return min(_of_machine(), _of_cgroup())


def _of_machine() -> int:
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            found = re.search(r"^MemAvailable:\s+(\d+) kB", file.read(), re.MULTILINE)
    except OSError:
        found = None
    # Not Linux: what is free cannot be told from the standard library, what there is can.
    return int(found[1]) << 10 if found else os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _of_cgroup() -> int:
    """What the limits of our cgroup and those around it leave (batch systems, containers; cgroup v2)."""
    least = 1 << 62
    try:
        with open("/proc/self/cgroup", encoding="ascii") as file:
            path = next((line[3:].strip() for line in file if line.startswith("0::")), "/")
        while True:
            least = min(least, _left_in(f"{_CGROUP}{path}"))
            if path in ("/", ""):
                return least
            path = os.path.dirname(path)
    except OSError:
        return least


def _left_in(folder: str) -> int:
    try:
        with open(f"{folder}/memory.max", encoding="ascii") as file:
            limit = file.read().strip()
        with open(f"{folder}/memory.current", encoding="ascii") as file:
            used = int(file.read())
        with open(f"{folder}/memory.stat", encoding="ascii") as file:
            found = re.search(r"^inactive_file (\d+)", file.read(), re.MULTILINE)
    except (OSError, ValueError):
        return 1 << 62
    return int(limit) - used + (int(found[1]) if found else 0) if limit != "max" else 1 << 62


def make_room(size: int) -> Room:
    """``size`` writable bytes of memory. Raises RestoreFailed where the system refuses them."""
    try:
        if size < SMALL:
            return bytearray(size)
        # Private: shared memory, Python's default, would not be copied when the user's code forks.
        return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except (MemoryError, OSError) as error:
        raise RestoreFailed(reason=f"there is no memory for {size / 1e6:.0f} MB ({error})") from None


def fill(room: Room, start: int, size: int, read_into: Callable[[memoryview], None]) -> None:
    """Let ``read_into`` fill ``size`` bytes of ``room`` from ``start`` on."""
    with memoryview(room) as view:
        for at in range(start, start + size, TOUCHED):
            end = min(at + TOUCHED, start + size)
            _touch(room, at, end)
            read_into(view[at:end])


def _touch(room: Room, start: int, end: int) -> None:
    """Make these pages now, all at once: one fault for each of them takes as long as half of the filling.
    (Huge pages would need fewer, but were four times as slow where the hypervisor gives memory on demand.)
    """
    if isinstance(room, mmap.mmap) and sys.platform == "linux":
        start -= start % mmap.PAGESIZE
        with contextlib.suppress(OSError):  # An older system, or no memory: filling will tell.
            room.madvise(_POPULATE_WRITE, start, end - start)


class OnDisk:
    """Room in a file without a name, which is gone with the last object in it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._file: Any = None
        try:
            # Readable for nobody else (0600), and without a name from the first moment (O_TMPFILE).
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
            # All of it now: a disk that gets full later kills whoever touches the mapping (SIGBUS).
            os.posix_fallocate(self._file.fileno(), 0, size)
        except OSError as error:
            self.close()
            place = tempfile.gettempdir()
            reason = f"neither memory nor {place} has room for {size / 1e6:.0f} MB ({error.strerror})"
            raise RestoreFailed(reason=reason) from None
        self._written = 0

    def write(self, piece: memoryview) -> None:
        """Add the next bytes. Written and not mapped: pages of a private mapping would be memory again."""
        while piece:
            count = self._file.write(piece[:_FILE_WRITE])
            piece = piece[count:]
            self._written += count

    def mapped(self) -> mmap.mmap:
        """All that was written, as memory that the system may drop and read again until it is changed."""
        try:
            return mmap.mmap(self._file.fileno(), self._size, flags=mmap.MAP_PRIVATE)
        except (MemoryError, OSError) as error:
            raise RestoreFailed(reason=f"no {self._size / 1e6:.0f} MB can be mapped ({error})") from None
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the file; what is mapped keeps its contents."""
        if self._file is not None:
            self._file.close()
            self._file = None
