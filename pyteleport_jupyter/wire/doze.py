"""A sleep instead of a wakeup for each packet: a pipe gathers bytes meanwhile, or gets rid of them, and what
is to be done is done for many packets at once.

ssh moves 32 KiB at a time, so a gigabyte would wake each process that touches it 32768 times, and waking one
costs more than moving a packet.
"""

from __future__ import annotations

import fcntl
import time

WANTED_CAPACITY = 1 << 20
"""Bytes; more than this only the administrator may ask for (pipe(7))."""

WIDE = 512 << 10
"""Bytes that a pipe must hold, or the sleep would be what limits the link."""

GATHERED = 256 << 10
"""Bytes that are to be moved at once: they are still in the processor's cache when they are read."""

SHORTEST, LONGEST = 0.0001, 0.005
"""Seconds of a sleep."""


def widen(fd: int) -> int:
    """Ask for a wide pipe behind ``fd``; returns its capacity in bytes, 0 where that is not known (no pipe,
    not Linux).
    """
    try:
        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, WANTED_CAPACITY)
    except (OSError, AttributeError):
        pass  # No pipe, or one of a user who has many: it stays as it is.
    try:
        return fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ)
    except (OSError, AttributeError):
        return 0


class Doze:
    """For whoever has moved what there was on ``fd``: sleeps as long as it takes until moving is worth while
    again.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._wide: bool | None = None
        self._seconds = SHORTEST
        self._moved = 0

    def moved(self, count: int) -> None:
        """So many bytes were moved."""
        self._moved += count

    def sleep(self) -> bool:
        """Whether it has slept. Not if nothing was moved since the last time: it is better then to wait for
        the descriptor.
        """
        if not self._moved or not self._is_wide():
            return False
        longer = min(2.0, max(0.5, GATHERED / self._moved))
        self._seconds = min(LONGEST, max(SHORTEST, self._seconds * longer))
        self._moved = 0
        time.sleep(self._seconds)
        return True

    def _is_wide(self) -> bool:
        if self._wide is None:
            self._wide = widen(self._fd) >= WIDE
        return self._wide
