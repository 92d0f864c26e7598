"""A pickled session as bytes on a pipe: a header with all lengths, then the stream, then each buffer.

Header: 4 bytes ``PTJ1``, the number of parts (unsigned 32-bit, network order), then the length of each part
in bytes (unsigned 64-bit). Part 0 is the stream.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from pyteleport_jupyter.errors import ProtocolBroken
from pyteleport_jupyter.objects.pickler import Pickled

MAGIC = b"PTJ1"
SLICE = 256 * 1024
"""Largest slice handed out, in bytes."""

_START = struct.Struct("!4sI")
_LENGTH = struct.Struct("!Q")


def header(pickled: Pickled) -> bytes:
    """The bytes that come first."""
    lengths = [len(pickled.stream), *(buffer.nbytes for buffer in pickled.buffers)]
    return _START.pack(MAGIC, len(lengths)) + b"".join(map(_LENGTH.pack, lengths))


def total_bytes(pickled: Pickled) -> int:
    """Bytes that :func:`slices` gives in all."""
    return len(header(pickled)) + pickled.total_bytes


def slices(pickled: Pickled) -> Iterator[memoryview]:
    """Header and parts in views of at most 256 KiB, straight from the live buffers."""
    for part in (memoryview(header(pickled)), memoryview(pickled.stream), *pickled.buffers):
        for start in range(0, part.nbytes, SLICE):
            yield part[start : start + SLICE]


def receive(read_into: Callable[[memoryview], None], limit: int) -> tuple[bytearray, list[bytearray]]:
    """Read (stream, buffers). ``read_into`` must fill the view it is given, or raise.

    Every part is allocated once, at its full size, and only after the sum of all was found to be within
    ``limit`` bytes. Raises ProtocolBroken.
    """
    start = bytearray(_START.size)
    read_into(memoryview(start))
    magic, count = _START.unpack(start)
    if magic != MAGIC or count < 1:
        raise ProtocolBroken(reason="this is not the start of a session")
    _check(count * _LENGTH.size, limit)
    table = bytearray(count * _LENGTH.size)
    read_into(memoryview(table))
    lengths = [length for (length,) in _LENGTH.iter_unpack(table)]
    _check(sum(lengths), limit)
    stream, *buffers = [_part(length, read_into) for length in lengths]
    return stream, buffers


def _check(length: int, limit: int) -> None:
    if length > limit:
        raise ProtocolBroken(reason=f"it announced {length} bytes, {limit} are allowed")


def _part(length: int, read_into: Callable[[memoryview], None]) -> bytearray:
    part = bytearray(length)
    if length:
        read_into(memoryview(part))
    return part
