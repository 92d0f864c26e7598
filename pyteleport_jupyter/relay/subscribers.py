"""Subscribers whose connection goes on across the cut: the rest of a ZMTP conversation, spoken without
libzmq.

A SUB socket that has to reconnect subscribes again only when its owner next touches it (libzmq sends a
``hiccup`` to the socket's own thread), so a client that is waiting for a reply would miss all output until
then. But nothing forces it to reconnect: libzmq closes *its* descriptor when all is sent, and with a
duplicate of that the connection itself stays, at the boundary between two messages. From there on a PUB has
little to say: frames (ZMTP 3.1, rfc.zeromq.org/spec/37), and a PONG for each PING. Only encrypted
connections cannot be taken over, since their keys are libzmq's.
"""

from __future__ import annotations

import os
import struct
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress

SLOW_AT = 1 << 20
"""Bytes waiting for one subscriber from which on no more is taken from the far side, for its sake..."""

PATIENCE = 5.0
"""...as long as it takes as many bytes in so many seconds: nobody shall wait for one that has stopped."""

BACKLOG_LIMIT = 16 << 20
"""Bytes that may wait for one that is not waited for any more; beyond, its connection is ended, and it comes
back as a new one."""

COMMAND_LIMIT = 1 << 16
"""Longest frame taken from a subscriber, in bytes: topics and pings are short."""

JOIN_BELOW = 32 << 10
"""Pieces shorter than this are joined before they are written: a copy is cheaper than a longer ``writev``."""

PIECES = 64
"""Most pieces of one ``writev``; the least that POSIX lets a system allow (IOV_MAX) is 16, and Linux and
macOS have 1024."""

MORE, LONG, COMMAND = 1, 2, 4
_LONG = struct.Struct(">BQ")


def encode(frames: Sequence[bytes | memoryview]) -> list[bytes | memoryview]:
    """A message as pieces of ZMTP frames, ready to be written one after the other."""
    pieces: list[bytes | memoryview] = []
    joined: list[bytes | memoryview] = []
    for index, frame in enumerate(frames):
        joined.append(_head(len(frame), MORE if index < len(frames) - 1 else 0))
        if len(frame) < JOIN_BELOW:
            joined.append(frame)
        else:
            pieces += [b"".join(joined), frame]
            joined = []
    return [*pieces, b"".join(joined)] if joined else pieces


def _head(size: int, flags: int) -> bytes:
    return bytes((flags, size)) if size < 256 else _LONG.pack(flags | LONG, size)


class MalformedFrame(ValueError):
    """A subscriber sent what no subscriber sends."""


class Subscriber:
    """One connection. It ends, and is left alone from then on, with the first error of any kind.

    ``unread`` is what it has sent so far; nothing is published to it until it has ``subscribed``.
    """

    def __init__(self, descriptor: int, subscribed: bool = True, unread: bytes = b"") -> None:
        self.descriptor = descriptor
        self.ended = False
        self.overflowed = False
        """Whether it was ended because it did not read."""
        self._subscribed = subscribed
        self._unread = unread
        self._backlog: deque[bytes | memoryview] = deque()
        self._backlog_size = 0
        self._taken = 0
        self._slow_since = 0.0
        self._slow_at: int | None = None
        self._given_up = False
        os.set_blocking(descriptor, False)

    @property
    def wants_write(self) -> bool:
        """Whether :meth:`flush` should be called when the descriptor is writable."""
        return bool(self._backlog)

    @property
    def between_frames(self) -> bool:
        """Whether somebody else could go on with this connection."""
        return not self._unread and not self._backlog

    def publish(self, pieces: Sequence[bytes | memoryview]) -> None:
        """Send the pieces of one message (:func:`encode`), or keep them until there is room."""
        if self._subscribed:
            self._send(pieces)

    def _send(self, pieces: Sequence[bytes | memoryview]) -> None:
        if self.ended:
            # The number of the descriptor may be somebody else's by now.
            return
        if self._backlog_size > BACKLOG_LIMIT and self._given_up:
            self.overflowed = True
            self.end()
            return
        self._backlog.extend(pieces)
        self._backlog_size += sum(len(piece) for piece in pieces)
        if len(self._backlog) == len(pieces):
            self.flush()

    def holds_up(self, now: float) -> bool:
        """Whether more should be published only when this one has caught up."""
        if self._backlog_size <= SLOW_AT:
            self._slow_at, self._given_up = None, False
            return False
        if self._slow_at is None or self._taken - self._slow_at >= SLOW_AT:
            self._slow_at, self._slow_since = self._taken, now
        self._given_up = now - self._slow_since >= PATIENCE
        return not self._given_up

    def flush(self) -> None:
        """Write as much as the connection takes."""
        try:
            while self._backlog:
                self._retire(os.writev(self.descriptor, [*self._first_pieces()]))
        except BlockingIOError:
            return
        except OSError:
            self.end()

    def _first_pieces(self) -> Iterator[bytes | memoryview]:
        for piece, _ in zip(self._backlog, range(PIECES), strict=False):
            yield piece

    def _retire(self, written: int) -> None:
        self._backlog_size -= written
        self._taken += written
        while written:
            first = self._backlog.popleft()
            if len(first) > written:
                self._backlog.appendleft(memoryview(first)[written:])
                return
            written -= len(first)

    def receive(self) -> list[bytes]:
        """Read what there is: pings are answered, the topics of new subscriptions returned."""
        topics: list[bytes] = []
        try:
            with suppress(BlockingIOError):
                self._unread += os.read(self.descriptor, COMMAND_LIMIT) or self._hung_up()
            for flags, body in self._frames():
                topics += self._obey(flags, body)
        except (OSError, MalformedFrame):
            self.end()
        self._subscribed |= bool(topics)
        return topics

    def _hung_up(self) -> bytes:
        self.end()
        return b""

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        """Complete frames out of what was read."""
        while len(self._unread) >= 2:
            flags, size, start = self._unread[0], self._unread[1], 2
            if flags > MORE | LONG | COMMAND:
                raise MalformedFrame
            if flags & LONG:
                if len(self._unread) < _LONG.size:
                    return
                (flags, size), start = _LONG.unpack_from(self._unread), _LONG.size
            if size > COMMAND_LIMIT:
                raise MalformedFrame
            if len(self._unread) < start + size:
                return
            body, self._unread = self._unread[start : start + size], self._unread[start + size :]
            yield flags, body

    def _obey(self, flags: int, body: bytes) -> list[bytes]:
        if not flags & COMMAND:
            # ZMTP 3.0: a subscription is a message whose first byte is 1.
            return [body[1:]] if body[:1] == b"\x01" else []
        length = int.from_bytes(body[:1], "big")
        name, content = body[1 : 1 + length], body[1 + length :]
        if name == b"PING":
            # Two bytes of time to live, then what has to come back.
            pong = b"\x04PONG" + content[2:]
            self._send([_head(len(pong), COMMAND) + pong])
        return [content] if name == b"SUBSCRIBE" else []

    def end(self) -> None:
        """Close the connection; the client will come again."""
        if not self.ended:
            self.ended = True
            self._backlog.clear()
            with suppress(OSError):
                os.close(self.descriptor)
