"""Memory of this process and of a child: what it consists of, and reading it with one copy, without waiting
for anybody (process_vm_readv(2), Linux).
"""

from __future__ import annotations

import ctypes
import functools
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

from pyteleport_jupyter.homecoming.kept_file import NAME
from pyteleport_jupyter.shipping.digests import place_of


class _Piece(ctypes.Structure):
    """``struct iovec``."""

    _fields_ = (("base", ctypes.c_void_p), ("len", ctypes.c_size_t))


def read_memory(pid: int, pieces: Sequence[tuple[int, memoryview]]) -> bool:
    """Fill each view with what process ``pid`` has at the address beside it; False where the system does not
    let us. At most 1024 pieces.
    """
    call = _process_vm_readv()
    if call is None:
        return False
    ours = [(ctypes.c_char * into.nbytes).from_buffer(into) for _, into in pieces]
    kind = _Piece * len(pieces)
    here = kind(*(_Piece(ctypes.addressof(place), len(place)) for place in ours))
    there = kind(*(_Piece(address, into.nbytes) for address, into in pieces))
    count: int = call(pid, here, len(pieces), there, len(pieces), 0)
    return count == sum(into.nbytes for _, into in pieces)


@functools.cache
def _process_vm_readv() -> Any:
    try:
        call = ctypes.CDLL(None).process_vm_readv
    except (OSError, AttributeError):
        return None
    call.restype = ctypes.c_ssize_t
    pieces = (ctypes.c_void_p, ctypes.c_ulong)
    call.argtypes = (ctypes.c_int, *pieces, *pieces, ctypes.c_ulong)
    return call


def _is_own(fields: Sequence[str]) -> bool:
    """Whether a mapping (proc(5), maps) is of this process alone, or of a file that was laid over memory."""
    laid = fields[1].endswith("p") and fields[-1].startswith(f"/memfd:{NAME} ")
    return fields[4] == "0" or laid


def nobody_else_changes(views: Iterable[memoryview]) -> bool:
    """Whether they all lie in memory of this process alone, and not in files or in what others share
    (proc(5), maps: an inode), but for files of ours that nobody else writes to.
    """
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
            fields = [line.split(None, 5) for line in file]
    except OSError:
        return False
    mapped = [[int(end, 16) for end in found[0].split("-")] for found in fields if not _is_own(found)]
    ends = [end for _, end in mapped]
    for view in views:
        begin = place_of(view)[0].value or 0
        # Mappings stand in order, so the first that ends behind its beginning is the one.
        at = bisect_left(ends, begin + 1)
        if at < len(mapped) and mapped[at][0] < begin + view.nbytes:
            return False
    return True
