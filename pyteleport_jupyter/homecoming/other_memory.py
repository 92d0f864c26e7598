"""Reading the memory of a child: one copy, and nobody has to be waited for (process_vm_readv(2), Linux)."""

from __future__ import annotations

import ctypes
import functools
from typing import Any


class _Piece(ctypes.Structure):
    """``struct iovec``."""

    _fields_ = (("base", ctypes.c_void_p), ("len", ctypes.c_size_t))


def read_memory(pid: int, address: int, into: memoryview) -> bool:
    """Fill ``into`` with what process ``pid`` has at ``address``; False where the system does not let us."""
    call = _process_vm_readv()
    if call is None:
        return False
    ours = (ctypes.c_char * into.nbytes).from_buffer(into)
    here, there = _Piece(ctypes.addressof(ours), into.nbytes), _Piece(address, into.nbytes)
    count: int = call(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    return count == into.nbytes


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
