"""The short way for what a host sends: from paramiko's own thread straight to our stdout.

paramiko puts what comes into a buffer and wakes whoever waits for it. For a small message that is one switch
between threads too many, twice so with a lock of the interpreter to be handed over.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from paramiko.buffered_pipe import BufferedPipe

UNCOUNTED_LIMIT = 128 << 10
"""Every so many bytes something goes the long way, where the host is told that it may send more: far less
than the window.
"""


class ShortCut(BufferedPipe):  # type: ignore[type-arg]  # generic in its stubs only
    """A channel's buffer that is left out when nothing waits in it and ``sink``, a descriptor that does not
    block, takes what comes.

    What must hold: bytes are written by one thread at a time and in order. So from the moment that something
    is put into the buffer everything goes there, until whoever empties it says :meth:`caught_up`.
    """

    def __init__(self, sink: int, failed: Callable[[], None]) -> None:
        super().__init__()
        self._sink = sink
        self._failed = failed
        self._turn = threading.Lock()
        self._open = False
        self._uncounted = 0
        self.fed = 0
        """Bytes that have come, whichever way they went."""

    def feed(self, data: bytes) -> None:
        """Called by paramiko's thread."""
        with self._turn:
            self.fed += len(data)
            if self._open and self._uncounted < UNCOUNTED_LIMIT:
                written = self._write(data)
                self._uncounted += written
                data = data[written:]
            if data:
                self._open = False
                super().feed(data)

    def _write(self, data: bytes) -> int:
        try:
            return os.write(self._sink, data)
        except BlockingIOError:
            return 0
        except OSError:
            self._failed()
            return 0

    def caught_up(self) -> int:
        """All that was read from the buffer has been written. Returns how many bytes went the short way since
        the last time.
        """
        with self._turn:
            uncounted, self._uncounted = self._uncounted, 0
            self._open = not len(self)
            return uncounted
