"""The splice: stdin and stdout on one side, the supervisor's socket on the other, and nothing in between.

It dies entirely with the end of either side. A proxy that closes only half is how others came to leak them
by the thousand; whatever must live on is kept by the supervisor.
"""

from __future__ import annotations

import _thread
import os

COPY_SIZE = 256 << 10


def splice(fd: int) -> None:
    """Copy both ways between ``fd`` and stdin/stdout; does not return."""
    _thread.start_new_thread(_copy, (0, fd))
    _copy(fd, 1)


def _copy(source: int, sink: int) -> None:
    try:
        while data := memoryview(os.read(source, COPY_SIZE)):
            while data:
                data = data[os.write(sink, data) :]
    finally:
        os._exit(0)
