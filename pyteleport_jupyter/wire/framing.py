"""Bytes to frames: a four-byte length, then the body. The length is checked before anything is buffered for
it.

A length with its highest bit set announces raw bytes: no record, nothing numbered, handed on as they come or
not read by us at all (see :meth:`.pipe.Pipe.fill`). Snapshots travel so, before anything could be replayed.
"""

from __future__ import annotations

import struct

CHUNK_LIMIT = (256 << 10) + 4096
"""Longest piece of a message in one frame: a slice of 256 KiB and the table of its parts, in bytes."""

FRAME_LIMIT = CHUNK_LIMIT + 64
"""Longest body of a frame in bytes: a chunk and the record's own fields."""

RAW_LIMIT = 1 << 20
"""Most raw bytes behind one length."""

_LENGTH = struct.Struct(">I")
_RAW = 1 << 31


class Raw(bytes):
    """Bytes of a snapshot, in any split."""


class WireError(ValueError):
    """The peer sent something that is not ours, or that exceeds a limit; the link must be closed."""


def encode_frame(*pieces: bytes | memoryview) -> bytes:
    """One frame whose body is ``pieces`` joined; the only copy that is made of what is sent."""
    size = sum(len(piece) for piece in pieces)
    if not 0 < size <= FRAME_LIMIT:
        raise WireError(f"a frame of {size} bytes cannot be sent")
    return b"".join((_LENGTH.pack(size), *pieces))


def raw_head(size: int) -> bytes:
    """What announces ``size`` raw bytes."""
    if not 0 < size <= RAW_LIMIT:
        raise WireError(f"{size} raw bytes cannot be sent at once")
    return _LENGTH.pack(_RAW | size)


class Framer:
    """Bytes in any split in, bodies of complete frames out.

    What must hold: the buffer never grows beyond one frame and what one call of :meth:`feed` brought,
    because a length out of bounds raises as soon as its four bytes are there.
    """

    def __init__(self, half: bytes = b"") -> None:
        self._buffer = bytearray(half)
        self.raw_left = 0
        """So many of the bytes that come next are raw."""
        self.between_raw = False
        """Whether raw bytes came last, and nothing behind them yet."""

    @property
    def half(self) -> bytes:
        """The bytes of a frame that has not come to its end yet."""
        return bytes(self._buffer)

    def feed(self, data: bytes | memoryview) -> list[bytes]:
        """Add ``data`` and return the bodies completed by it, and :class:`Raw` bytes. Raises
        :class:`WireError` for an impossible length.
        """
        self._buffer += data
        bodies: list[bytes] = []
        position = 0
        with memoryview(self._buffer) as view:
            while (end := self._next_end(view, position)) is not None and end <= len(view):
                if self.raw_left:
                    bodies.append(Raw(view[position:end]))
                    self.passed(end - position)
                elif end > position + _LENGTH.size:
                    bodies.append(bytes(view[position + _LENGTH.size : end]))
                    self.between_raw = False
                else:
                    self.raw_left = _raw_size(view, position)
                position = end
        del self._buffer[:position]
        if len(self._buffer) >= _LENGTH.size:
            self.between_raw = False
        return bodies

    def passed(self, count: int) -> None:
        """So many of the raw bytes have been read, here or by somebody else."""
        self.raw_left -= count
        self.between_raw = True

    def _next_end(self, view: memoryview, position: int) -> int | None:
        if self.raw_left:
            return min(position + self.raw_left, len(view)) if position < len(view) else None
        return _end_of_frame(view, position)


def _end_of_frame(view: memoryview, position: int) -> int | None:
    """Where the frame at ``position`` ends (maybe beyond what is there), None while its length is
    incomplete.
    """
    if len(view) - position < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack_from(view, position)
    if size & _RAW:
        return position + _LENGTH.size
    if not 0 < size <= FRAME_LIMIT:
        raise WireError(f"a frame announces {size} bytes, the limit is {FRAME_LIMIT}")
    return int(position + _LENGTH.size + size)


def _raw_size(view: memoryview, position: int) -> int:
    (size,) = _LENGTH.unpack_from(view, position)
    size &= ~_RAW
    if not 0 < size <= RAW_LIMIT:
        raise WireError(f"{size} raw bytes are announced, the limit is {RAW_LIMIT}")
    return int(size)


def split_frames(joined: bytes) -> list[bytes]:
    """Undo ``b"".join`` of whole frames: the frames again, lengths included."""
    frames: list[bytes] = []
    position = 0
    view = memoryview(joined)
    while position < len(view):
        end = _end_of_frame(view, position)
        if end is None or end > len(view):
            raise WireError("frames end in the middle")
        frames.append(bytes(view[position:end]))
        position = end
    return frames
