"""Where a keeper puts what it keeps, when nobody will want it soon: in a file in memory, whose pages can be
laid over the memory of whoever comes home (:mod:`..shipping.laid_over`). Those of a process cannot.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pyteleport_jupyter.shipping.laid_over import address_of, seal
from pyteleport_jupyter.shipping.memory import SPARE, available_bytes

LARGE = 1 << 20
"""Bytes of a buffer that is worth a mapping of its own."""

PARTS_LIMIT = 1000
"""Most buffers that are put into the file; as many places fit into one command."""

STEP = 16 << 20
"""Bytes after which is looked whether somebody wants something."""

NAME = "teleport-kept"
"""By which its mappings are known (proc(5), maps)."""

_DONTNEED = 4
"""linux/mman.h"""


@dataclass(frozen=True)
class KeptFile:
    """The file, mapped part by part."""

    fd: int
    parts: tuple[mmap.mmap, ...]

    def spans(self) -> list[tuple[int, int, int]]:
        """Where each part lies in this process, its size, and where in the file."""
        found, offset = [], 0
        for part in self.parts:
            with memoryview(part) as view:
                found.append((address_of(view), len(part), offset))
            offset += _in_pages(len(part))
        return found


def worth_moving(buffers: Sequence[memoryview]) -> list[memoryview]:
    """Which of ``buffers`` to put into a file; none where memory is short."""
    large = [buffer for buffer in buffers if buffer.nbytes >= LARGE][:PARTS_LIMIT]
    size = sum(buffer.nbytes for buffer in large)
    able = hasattr(os, "memfd_create") and size + SPARE < available_bytes()
    return large if able else []


def into_file(buffers: Sequence[memoryview], wanted: Callable[[], bool]) -> KeptFile | None:
    """Copy ``buffers``, memory of this process alone, into a file, and give back what they take; None if
    something is ``wanted`` before all is there, or where the system refuses. Nobody must use them any more.
    """
    try:
        fd = os.memfd_create(NAME, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except OSError:
        return None
    try:
        if not _copied(fd, buffers, wanted):
            os.close(fd)
            return None
        seal(fd)
        kept = KeptFile(fd, tuple(_mapped(fd, buffers)))
    except (OSError, ValueError):
        os.close(fd)
        return None
    for buffer in buffers:
        _give_back(buffer)
    return kept


def _copied(fd: int, buffers: Sequence[memoryview], wanted: Callable[[], bool]) -> bool:
    offset = 0
    for buffer in buffers:
        done = 0
        while done < buffer.nbytes:
            if wanted():
                return False
            done += os.pwrite(fd, buffer[done : done + STEP], offset + done)
        offset += _in_pages(buffer.nbytes)
    os.truncate(fd, offset)
    return True


def _mapped(fd: int, buffers: Sequence[memoryview]) -> Iterator[mmap.mmap]:
    offset = 0
    for buffer in buffers:
        yield mmap.mmap(fd, buffer.nbytes, mmap.MAP_SHARED, mmap.PROT_READ, offset=offset)
        offset += _in_pages(buffer.nbytes)


def _in_pages(size: int) -> int:
    return -(-size // mmap.PAGESIZE) * mmap.PAGESIZE


def _give_back(buffer: memoryview) -> None:
    """The pages that lie wholly in it."""
    address = address_of(buffer)
    begin, end = _in_pages(address), (address + buffer.nbytes) // mmap.PAGESIZE * mmap.PAGESIZE
    if begin < end:
        place = ctypes.c_void_p(begin), ctypes.c_size_t(end - begin)
        ctypes.CDLL(None).madvise(*place, _DONTNEED)
