"""The socket between a teleported program and its supervisor: commands, and bytes that are to be passed on.

Frames of :mod:`..wire.framing`, the first byte of each says what it is. Both ends are ours, but what passes
through comes from elsewhere, so lengths are bounded here too.
"""

from __future__ import annotations

import os
import time
from collections import deque
from typing import Any

from pyteleport_jupyter.wire.commands import encode_command, parse_command
from pyteleport_jupyter.wire.framing import Framer, WireError, encode_frame
from pyteleport_jupyter.wire.waiting import ready

COMMAND, SHIP, TALK, INPUT = b"c", b"s", b"t", b"i"
"""A command; a piece of a snapshot that goes home; of what copies say to each other; of input that was sent
here and goes home unread.
"""

PIECE = 128 << 10
"""Longest piece in one frame."""

READ_SIZE = 256 << 10
FOREVER = 1e6
CONGESTED = 1 << 20

Frame = tuple[bytes, bytes]
"""What it is, and its contents."""


class Control:
    """One end. Blocking for the program (:meth:`say`, :meth:`hear`), not blocking for whoever has other
    things to look after (:meth:`queue`, :meth:`flush`, :meth:`fill`).
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.closed = False
        """The other end has gone."""
        os.set_blocking(fd, False)
        self._framer = Framer()
        self._heard: deque[Frame] = deque()
        self._waiting: deque[memoryview] = deque()
        self.waiting_bytes = 0

    # -------------------------------------------------------------- not blocking

    def queue(self, kind: bytes, content: bytes) -> None:
        """Send this when there is room."""
        frame = encode_frame(kind, content)
        self._waiting.append(memoryview(frame))
        self.waiting_bytes += len(frame)

    @property
    def congested(self) -> bool:
        """Whether more waits than should."""
        return self.waiting_bytes > CONGESTED

    @property
    def wants_write(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._waiting) and not self.closed

    def flush(self) -> None:
        """Send what there is room for."""
        while self.wants_write:
            try:
                count = os.write(self.fd, self._waiting[0])
            except BlockingIOError:
                return
            except OSError:
                self.closed = True
                return
            self.waiting_bytes -= count
            rest = self._waiting.popleft()[count:]
            if rest:
                self._waiting.appendleft(rest)

    def fill(self) -> list[Frame]:
        """What has come. Raises WireError."""
        try:
            data = os.read(self.fd, READ_SIZE)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self.closed = True
        return [(body[:1], body[1:]) for body in self._framer.feed(data)]

    def heard_of(self, kind: bytes) -> bool:
        """Whether a frame of this kind has come. Raises WireError."""
        if ready([self.fd], [], 0)[0]:
            self._heard.extend(self.fill())
        return any(frame[0] == kind for frame in self._heard)

    # ------------------------------------------------------------------ blocking

    def say(self, op: str, **fields: object) -> None:
        """Send a command. Raises OSError when the other end has gone."""
        self.send(COMMAND, encode_command(op, **fields))

    def send(self, kind: bytes, content: bytes | memoryview) -> None:
        """Send, waiting for room. Raises OSError."""
        self.queue(kind, bytes(content))
        while self._waiting:
            self.flush()
            if self.closed:
                raise BrokenPipeError("the other end has gone")
            if self._waiting:
                ready([], [self.fd], FOREVER)

    def hear(self, *kinds: bytes, timeout: float | None = None) -> Frame:
        """The next frame of one of ``kinds``; others are kept. Raises EOFError, TimeoutError, WireError."""
        deadline = time.monotonic() + (FOREVER if timeout is None else timeout)
        while True:
            for position, frame in enumerate(self._heard):
                if frame[0] in kinds:
                    del self._heard[position]
                    return frame
            if self.closed:
                raise EOFError("the other end has gone")
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"nothing was heard for {timeout} s")
            if ready([self.fd], [], left)[0]:
                self._heard.extend(self.fill())

    def command(self, *operations: str, timeout: float | None = None) -> dict[str, Any]:
        """The next command, which must be one of ``operations``. Raises as :meth:`hear`."""
        command = parse_command(self.hear(COMMAND, timeout=timeout)[1])
        if command["op"] not in operations:
            raise WireError(f"{command['op']} where {operations} would fit")
        return command

    def close(self) -> None:
        """Hang up."""
        self.closed = True
        os.close(self.fd)
