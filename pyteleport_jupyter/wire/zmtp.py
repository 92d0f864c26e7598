"""ZMTP, the protocol between ZeroMQ sockets, as far as a kernel's own sockets need it: bytes to messages and
back.

Version 3.0 (rfc.zeromq.org/spec/23) without encryption, for connections inside a directory that is ours
alone. libzmq would do the same with a thread of its own, two more switches and some forty system calls for
each message of a kernel.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from pyteleport_jupyter.wire.framing import WireError

GREETING_SIZE = 64

FRAME_LIMIT = 1 << 32
"""Longest frame that is believed. What is longer than a message may be is refused further on, in words."""

JOIN_BELOW = 32 << 10
"""Pieces shorter than this are joined before they are written: a copy is cheaper than a longer ``writev``."""

MORE, LONG, COMMAND = 1, 2, 4
_LONG = struct.Struct(">BQ")
_GREETING = struct.Struct(">B8xBBB20sB31x")
_VALUE = struct.Struct(">I")


def frame_head(size: int, flags: int) -> bytes:
    """What goes before the ``size`` bytes of a frame; ``flags`` are MORE or COMMAND or none."""
    return bytes((flags, size)) if size < 256 else _LONG.pack(flags | LONG, size)


def encode(frames: Sequence[bytes | memoryview]) -> list[bytes | memoryview]:
    """A message as pieces of ZMTP frames, ready to be written one after the other."""
    pieces: list[bytes | memoryview] = []
    joined: list[bytes | memoryview] = []
    last = len(frames) - 1
    for index, frame in enumerate(frames):
        joined.append(frame_head(len(frame), MORE if index < last else 0))
        if len(frame) < JOIN_BELOW:
            joined.append(frame)
        else:
            pieces += [b"".join(joined), frame]
            joined = []
    return [*pieces, b"".join(joined)] if joined else pieces


def opening(socket_type: str, identity: bytes = b"") -> bytes:
    """What a socket of ``socket_type`` (``DEALER``, ``SUB``) says first: greeting and READY in one.

    Messages have to wait for the other side's READY (:attr:`Decoder.ready`): libzmq takes what comes before
    it has sent its own for a broken handshake.
    """
    greeting = _GREETING.pack(0xFF, 0x7F, 3, 0, b"NULL", 0)
    ready = b"\x05READY" + _property(b"Socket-Type", socket_type.encode())
    if identity:
        ready += _property(b"Identity", identity)
    return greeting + frame_head(len(ready), COMMAND) + ready


def _property(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + _VALUE.pack(len(value)) + value


class Decoder:
    """Bytes of one connection in any split in, messages out."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self._greeted = False
        self.ready = False
        """Whether the handshake is over, so that messages may be sent."""

    @property
    def half(self) -> bool:
        """Whether a message has begun to come and not ended."""
        return self.ready and bool(self._parts or self._buffer)

    def feed(self, data: bytes | memoryview) -> list[list[bytes]]:
        """Add ``data`` and return the messages completed by it. Raises WireError for what is not ZMTP."""
        self._buffer += data
        if not self._greeted and not self._greet():
            return []
        messages: list[list[bytes]] = []
        position = 0
        with memoryview(self._buffer) as view:
            while found := _next_frame(view, position):
                flags, start, position = found
                if flags & COMMAND:
                    self.ready |= bytes(view[start:position]).startswith(b"\x05READY")
                else:
                    self._parts.append(bytes(view[start:position]))
                    if not flags & MORE:
                        messages.append(self._parts)
                        self._parts = []
        del self._buffer[:position]
        return messages

    def _greet(self) -> bool:
        """Whether the other side's greeting is complete."""
        if len(self._buffer) < GREETING_SIZE:
            return False
        signature, _, major, _, mechanism, _ = _GREETING.unpack_from(self._buffer)
        if signature != 0xFF or major < 3 or mechanism.rstrip(b"\0") != b"NULL":
            raise WireError("this is not the socket of a kernel of ours")
        del self._buffer[:GREETING_SIZE]
        self._greeted = True
        return True


def _next_frame(view: memoryview, position: int) -> tuple[int, int, int] | None:
    """Flags, start and end of the frame at ``position``; None unless all of it is there."""
    left = len(view) - position
    if left < 2:
        return None
    flags, size, start = view[position], view[position + 1], position + 2
    if flags > MORE | LONG | COMMAND:
        raise WireError(f"a frame with the flags {flags}")
    if flags & LONG:
        if left < _LONG.size:
            return None
        size, start = _LONG.unpack_from(view, position)[1], position + _LONG.size
        if size > FRAME_LIMIT:
            raise WireError(f"a frame of {size} bytes")
    return (flags, start, start + size) if start + size <= len(view) else None
