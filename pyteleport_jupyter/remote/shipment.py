"""The snapshot on its last yards: from the channel into the kernel's pipe, without a second copy of the
whole.
"""

from __future__ import annotations

import os
from collections import deque

from pyteleport_jupyter.wire.waiting import ready

CONGESTED = 1 << 20
"""With more bytes than this waiting, nothing is acknowledged; the sender stops at the channel's
HIGH_WATER.
"""


READ_SIZE = 256 << 10

splice = getattr(os, "splice", None)
"""Linux: from descriptor to descriptor, one of them a pipe, without a copy."""


class Shipment:
    """A queue of slices in front of the non-blocking ``fd``, which is closed when the last one is written."""

    def __init__(self, fd: int) -> None:
        self.fd: int | None = fd
        """None when there is nothing more to write, ever."""
        self._queue: deque[memoryview] = deque()
        self._size = 0
        self._complete = False
        self.full = False
        """Whether the pipe takes no more, as far as we know."""

    def add(self, piece: bytes, held: bool = False) -> None:
        """Queue a slice and, unless it is ``held``, write what the pipe takes."""
        if self.fd is not None:
            self._queue.append(memoryview(piece))
            self._size += len(piece)
            if not held:
                self.write()

    def finish(self) -> None:
        """No more slices will come: the kernel sees the end as soon as everything is written."""
        self._complete = True
        self.write()

    @property
    def wants_write(self) -> bool:
        """Whether something waits for the pipe."""
        return self.fd is not None and (bool(self._queue) or self.full)

    @property
    def congested(self) -> bool:
        """Whether more waits than should."""
        return self._size > CONGESTED

    def write(self) -> None:
        """Write until the queue is empty or the pipe is full."""
        self.full = False
        while self.fd is not None and self._queue:
            try:
                count = os.write(self.fd, self._queue[0])
            except BlockingIOError:
                return
            except OSError:
                # The kernel has closed its end: its reply, or its death, says why.
                self.close()
                return
            self._advance(count)
        if self._complete:
            self.close()

    def _advance(self, count: int) -> None:
        self._size -= count
        rest = self._queue[0][count:]
        if rest:
            self._queue[0] = rest
        else:
            self._queue.popleft()

    def wait_for_room(self, seconds: float) -> bool:
        """Whether there is room for :meth:`take_from`; see :class:`..wire.pipe.Sink`. If not, we want to
        write.
        """
        if self.fd is None:
            return True
        self.full = bool(self._queue) or not ready([], [self.fd], seconds)[1]
        return not self.full

    def take_from(self, fd: int, count: int) -> int:
        """Move up to ``count`` bytes from ``fd`` into the pipe, by the system where it can; see
        :class:`..wire.pipe.Sink`. They are thrown away if the pipe is closed.
        """
        if self._queue:
            raise BlockingIOError
        if self.fd is None or splice is None:
            data = os.read(fd, min(count, READ_SIZE))
            self.add(data)
            return len(data)
        try:
            moved: int = splice(fd, self.fd, count, flags=os.SPLICE_F_NONBLOCK)
            return moved
        except BlockingIOError:
            raise
        except OSError:
            # The kernel has closed its end, or this is a link that cannot be spliced.
            data = os.read(fd, min(count, READ_SIZE))
            self.add(data)
            return len(data)

    def rest(self) -> bytes:
        """What has not been written yet."""
        return b"".join(self._queue)

    def close(self) -> None:
        """Close the pipe and forget the rest."""
        if self.fd is not None:
            os.close(self.fd)
        self.fd = None
        self._queue.clear()
        self._size = 0
