"""Reads a snapshot from the descriptor that the supervisor writes it into, while the kernel is still
starting.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread

from pyteleport_jupyter.errors import RestoreFailed
from pyteleport_jupyter.objects import chunks
from pyteleport_jupyter.shipping import Room

SWITCH_SECONDS = 0.0005

Shipment = tuple[memoryview, list[Room]]
"""Pickle stream and its out-of-band buffers."""


def receive_in_background(descriptor: int) -> Future[Shipment]:
    """Start to read ``descriptor`` to the end of a snapshot, in a thread of its own; closes it.

    The supervisor writes with back-pressure and asks for the restore when all is written: nobody would empty
    the pipe if reading waited for that. Ends when the supervisor does, with RestoreFailed.
    """
    shipment: Future[Shipment] = Future()
    Thread(target=_receive, args=(descriptor, shipment), name="teleport-arrival", daemon=True).start()
    return shipment


@contextmanager
def in_short_turns() -> Iterator[None]:
    """Within the block a thread that receives gets its turn although another one is importing all the while,
    which would give it up only every 5 ms.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def memory_bytes() -> int:
    """Physical memory of this machine, and room for temporary files: no session that arrives here can be
    larger.
    """
    free = os.statvfs(tempfile.gettempdir())
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") + free.f_bavail * free.f_frsize


def _receive(descriptor: int, shipment: Future[Shipment]) -> None:
    with in_short_turns():
        try:
            shipment.set_result(chunks.receive(lambda view: _fill(descriptor, view), memory_bytes()))
        except BaseException as error:
            shipment.set_exception(error)
        finally:
            os.close(descriptor)


def _fill(descriptor: int, view: memoryview) -> None:
    """Read exactly ``len(view)`` bytes."""
    while view:
        count = os.readv(descriptor, [view])
        if count == 0:
            raise RestoreFailed(reason="the snapshot ended too early")
        view = view[count:]
