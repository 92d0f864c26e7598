"""A channel on two file descriptors: the only place where the wire touches the operating system."""

from __future__ import annotations

import os

from pyteleport_jupyter.wire.channel import Message, NumberedChannel
from pyteleport_jupyter.wire.waiting import ready

READ_SIZE = 256 << 10
"""Most bytes taken by one read."""


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
        self._deaf = False
        # One for all reads: a new one of this size would be mapped, filled and unmapped for each of them.
        self._buffer = bytearray(READ_SIZE)
        os.set_blocking(read_fd, False)
        os.set_blocking(write_fd, False)

    def fill(self) -> list[Message]:
        """Read what is there, once, and return the messages completed by it. Raises
        :class:`~.framing.WireError`.
        """
        try:
            count = os.readv(self.read_fd, [self._buffer])
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
        self.channel.tick()
        while self.wants_write:
            try:
                self.channel.written(os.write(self.write_fd, self.channel.outgoing()))
            except BlockingIOError:
                return
            except OSError:
                self._stop_writing()

    def _stop_writing(self) -> None:
        """The peer reads no more. What it said before it went may still be there to be read, such as why."""
        self._deaf = True
        if not ready([self.read_fd], [], 0)[0]:
            self.closed = True

    @property
    def wants_write(self) -> bool:
        """Whether :meth:`flush` should be called as soon as ``write_fd`` is writable."""
        return not self.closed and not self._deaf and bool(self.channel.outgoing())
