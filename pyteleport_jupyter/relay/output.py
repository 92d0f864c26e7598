"""The kernel's own output on its way to iopub: streams, the pipes behind descriptors 1 and 2, and the iopub
socket itself."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
import threading
import time
from typing import Any

from pyteleport_jupyter.relay.kernel_internals import KernelParts, PartsMissing, call_in

FLUSH_SECONDS = 10.0
"""How long a client that does not read may hold up the cut-over; jupyter_client's own flushes wait as long.
"""
PIPE_SECONDS = 1.0
LOOK_SECONDS = 0.001


def flush_streams(parts: KernelParts) -> None:
    """Bring everything written so far to the iopub thread. The kernel's streams, not ``sys.stdout``, which
    may be anything.
    """
    _wait_for_captured(parts)
    for stream in parts.outputs:
        stream.flush()
    sent = threading.Event()
    parts.kernel.iopub_thread.schedule(sent.set)
    if not sent.wait(FLUSH_SECONDS):
        raise PartsMissing("its output thread does not answer")


def _wait_for_captured(parts: KernelParts) -> None:
    """Wait until the threads that read descriptors 1 and 2 (C libraries and child processes write there)
    have caught up.

    An empty pipe is looked at twice: between reading and passing on, a thread needs the interpreter once
    more.
    """
    deadline = time.monotonic() + PIPE_SECONDS
    empty = 0
    while empty < 2 and time.monotonic() < deadline:
        empty = 0 if any(_unread(stream) for stream in parts.outputs) else empty + 1
        time.sleep(LOOK_SECONDS)


def _unread(stream: Any) -> int:
    """Bytes that wait in the pipe of a captured descriptor; 0 where descriptors are not captured."""
    descriptor = getattr(stream, "_fid", None)
    if descriptor is None:
        return 0
    answer = fcntl.ioctl(descriptor, termios.FIONREAD, struct.pack("i", 0))
    return int(struct.unpack("i", answer)[0])


def captured_descriptors(parts: KernelParts) -> list[int]:
    """The reading ends of the pipes behind 1 and 2. The relay keeps them, or child processes would die
    writing to them.
    """
    return [stream._fid for stream in parts.outputs if getattr(stream, "_fid", None) is not None]


def restore_standard_descriptors(parts: KernelParts) -> None:
    """Point 1 and 2 to where they pointed when the kernel started (ipykernel keeps a copy for each captured
    stream).
    """
    for stream in parts.outputs:
        copy = getattr(stream, "_original_stdstream_copy", None)
        if copy is not None:
            os.dup2(copy, stream._original_stdstream_fd)


def close_iopub(parts: KernelParts) -> None:
    """Close the iopub socket in its own thread; libzmq then sends what it has, and closes the connections
    behind it.

    Never ``unbind``: that ends the accepted connections, with what is queued for them.
    """
    call_in(parts.iopub_loop, lambda: parts.iopub.close(linger=int(FLUSH_SECONDS * 1000)))
