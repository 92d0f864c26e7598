"""A channel on two file descriptors: the only place where the wire touches the operating system."""

from __future__ import annotations

import os
import time
from typing import Protocol

from pyteleport_jupyter.wire.channel import Message, NumberedChannel
from pyteleport_jupyter.wire.doze import Doze
from pyteleport_jupyter.wire.framing import raw_head
from pyteleport_jupyter.wire.waiting import ready

READ_SIZE = 256 << 10
"""Most bytes taken by one read."""


HEAD_SIZE = 4
"""Between raw bytes no more than this is read: what follows is to be raw again, and not ours to read."""

RAW_SECONDS = 0.05
"""So long raw bytes are passed on before other things are looked after again."""

PAUSE = 0.005
"""So long the next raw bytes are waited for meanwhile."""


class Sink(Protocol):
    """Where raw bytes go that are passed on without being looked at."""

    @property
    def full(self) -> bool:
        """Whether there was no room lately."""
        ...

    def wait_for_room(self, seconds: float) -> bool:
        """Whether there is room within ``seconds``."""
        ...

    def take_from(self, fd: int, count: int) -> int:
        """Move up to ``count`` bytes from ``fd``; how many it were. 0 is the end of them. Raises
        BlockingIOError.
        """
        ...


class Pipe:
    """A non-blocking duplex of ``read_fd`` and ``write_fd`` (may be the same socket) around ``channel``.

    The descriptors stay the caller's: a pipe neither opens nor closes them.
    """

    def __init__(self, read_fd: int, write_fd: int, channel: NumberedChannel) -> None:
        self.read_fd = read_fd
        self.write_fd = write_fd
        self.channel = channel
        self.closed = False
        """Set when the link has ended and all that it brought has been read; the channel keeps what was not
        acknowledged.
        """
        self.sink: Sink | None = None
        """Set where raw bytes are only passed on: they are moved there by the system, without a copy."""
        self._deaf = False
        self._raw: list[memoryview] = []
        self._raw_begun = False
        self._gathering, self._draining = Doze(read_fd), Doze(write_fd)
        # One for all reads: a new one of this size would be mapped, filled and unmapped for each of them.
        self._buffer = bytearray(READ_SIZE)
        os.set_blocking(read_fd, False)
        os.set_blocking(write_fd, False)

    def fill(self) -> list[Message]:
        """Read what is there, once, and return the messages completed by it. Raises
        :class:`~.framing.WireError`.
        """
        if self.sink is not None and self.channel.between_raw:
            return self._fill_raw(self.sink)
        return self._fill(READ_SIZE)

    def _fill_raw(self, sink: Sink) -> list[Message]:
        """Pass on raw bytes for a while. Looking after everything else for each packet would cost more than
        the packet.
        """
        until = time.monotonic() + RAW_SECONDS
        while not self.closed and self.channel.between_raw and time.monotonic() < until:
            if not self.channel.raw_left:
                if messages := self._fill(HEAD_SIZE):
                    return messages
                more = bool(self.channel.raw_left)
            else:
                self._gathering.moved(self._pass_on(sink))
                more = not self.channel.raw_left
            if not more and not self._gathering.sleep() and not self._wait_for_raw(sink):
                break
        return []

    def _wait_for_raw(self, sink: Sink) -> bool:
        """Whether there is something to be passed on, and room for it, in a moment."""
        return sink.wait_for_room(PAUSE) and bool(ready([self.read_fd], [], PAUSE)[0])

    @property
    def wants_read(self) -> bool:
        """Whether :meth:`fill` should be called as soon as ``read_fd`` is readable."""
        return self.sink is None or not self.channel.raw_left or not self.sink.full

    def _pass_on(self, sink: Sink) -> int:
        """Bytes that were passed on; 0 if there are none, or no room for them."""
        try:
            count = sink.take_from(self.read_fd, self.channel.raw_left)
        except BlockingIOError:
            return 0
        except OSError:
            count = 0
        if count:
            self.channel.raw_passed(count)
        else:
            self.closed = True
        return count

    def _fill(self, size: int) -> list[Message]:
        try:
            count = os.readv(self.read_fd, [memoryview(self._buffer)[:size]])
        except BlockingIOError:
            return []
        except OSError:
            count = 0
        if not count:
            self.closed = True
            return []
        return self.channel.receive(memoryview(self._buffer)[:count])

    def flush(self) -> None:
        """Write until there is nothing left to write or the descriptor would block."""
        self.channel.stalled = not self.wants_read
        self.channel.tick()
        while self.wants_write:
            try:
                self._write_next()
            except BlockingIOError:
                return
            except OSError:
                self._stop_writing()

    def _write_next(self) -> None:
        """Raw bytes that were begun are finished first, else what the channel has to say goes before them."""
        if not self._raw or (not self._raw_begun and self.channel.outgoing()):
            self.channel.written(os.write(self.write_fd, self.channel.outgoing()))
            return
        count = os.writev(self.write_fd, self._raw)
        self._draining.moved(count)
        while self._raw and count >= len(self._raw[0]):
            count -= len(self._raw.pop(0))
        self._raw_begun = bool(self._raw)
        if self._raw:
            self._raw[0] = self._raw[0][count:]

    def wait(self, seconds: float) -> bool:
        """Wait, not much longer than ``seconds``, for something to be read, or for room for what is to be
        written; whether there is something to be read.
        """
        if self._raw and self._draining.sleep():
            seconds = 0.0
        return bool(ready([self.read_fd], [self.write_fd] if self.wants_write else [], seconds)[0])

    @property
    def raw_waits(self) -> bool:
        """Whether raw bytes wait for the link; :meth:`send_raw` must not be called then."""
        return bool(self._raw)

    def send_raw(self, *pieces: memoryview) -> None:
        """Send these bytes (at most RAW_LIMIT in all) straight from where they are, behind what is half sent;
        they are not numbered, and lost with the link.
        """
        self._raw = [memoryview(raw_head(sum(map(len, pieces)))), *pieces]

    def _stop_writing(self) -> None:
        """The peer reads no more. What it said before it went may still be there to be read, such as why."""
        self._deaf = True
        if not ready([self.read_fd], [], 0)[0]:
            self.closed = True

    @property
    def wants_write(self) -> bool:
        """Whether :meth:`flush` should be called as soon as ``write_fd`` is writable."""
        return not self.closed and not self._deaf and (bool(self._raw) or bool(self.channel.outgoing()))
