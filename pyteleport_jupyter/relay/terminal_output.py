"""The outputs of a program that runs elsewhere, written to where its own went.

Each has a thread that may wait for its reader: the descriptors are shared with other processes, so they must
not be made non-blocking, and a pager that stands still must not keep the link from being looked after.
"""

from __future__ import annotations

import os
import threading
from collections import deque

CONGESTED = 1 << 20
"""With more bytes than this waiting, nothing is acknowledged; the far side stops at HIGH_WATER."""


class Output:
    """One descriptor and what is to be written to it. ``woken_fd`` gets a byte when :attr:`broken` is set."""

    def __init__(self, fd: int, woken_fd: int) -> None:
        self.broken = False
        """Nobody reads it any more."""
        self.waiting_bytes = 0
        self._fd = fd
        self._woken_fd = woken_fd
        self._queue: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._write_all, name=f"output {fd}", daemon=True)
        self._thread.start()

    @property
    def congested(self) -> bool:
        """Whether more waits than should."""
        return self.waiting_bytes > CONGESTED

    def write(self, data: bytes) -> None:
        """Write this after all that was given before."""
        with self._changed:
            if self.broken:
                return
            self._queue.append(data)
            self.waiting_bytes += len(data)
            self._changed.notify()

    def end(self) -> None:
        """Wait until everything is written."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join()

    def _write_all(self) -> None:
        while data := self._next():
            was_congested = self.congested
            try:
                self._write(data)
            except OSError:
                self._give_up()
                return
            with self._changed:
                self.waiting_bytes -= len(data)
            if was_congested and not self.congested:
                self._wake()

    def _next(self) -> bytes:
        with self._changed:
            while not self._queue and not self._ended:
                self._changed.wait()
            return self._queue.popleft() if self._queue else b""

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._fd, rest) :]

    def _give_up(self) -> None:
        with self._changed:
            self.broken = True
            self.waiting_bytes = 0
            self._queue.clear()
        self._wake()

    def _wake(self) -> None:
        try:
            os.write(self._woken_fd, b"\0")
        except OSError:
            pass
