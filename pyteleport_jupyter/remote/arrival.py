"""Reads a snapshot from the descriptor that the supervisor writes it into, while the kernel is still
starting, and while it restores what has arrived already.

The supervisor writes with back-pressure: nobody would empty the pipe if reading waited for the kernel.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from queue import SimpleQueue
from threading import Thread

from pyteleport_jupyter.errors import RestoreFailed, TeleportError
from pyteleport_jupyter.shipping import ReadInto, Room, announced, parts
from pyteleport_jupyter.shipping.ahead import OPENING, Catcher, Coming
from pyteleport_jupyter.shipping.deposit import Deposit
from pyteleport_jupyter.shipping.laid_over import LaidOver

SWITCH_SECONDS = 0.0005

Shipment = tuple[memoryview, list[Room]]
"""Pickle stream and its out-of-band buffers."""


class Arriving:
    """A snapshot: a thread receives one part after the other, while objects are made of them."""

    def __init__(self, descriptor: int, deposit: int | None = None) -> None:
        """Start to read ``descriptor`` to the end of a snapshot, without what is in ``deposit``, the
        descriptor of :mod:`..shipping.deposit`; closes both.
        """
        self._parts: SimpleQueue[Room | Coming | BaseException | None] = SimpleQueue()
        self.laid_over: LaidOver | None = None
        """What of the deposit was not copied: to be made our own when the session is here for certain."""
        both = descriptor, deposit
        Thread(target=self._receive, args=both, name="teleport-arrival", daemon=True).start()

    def stream(self) -> memoryview | Coming:
        """The pickle stream, as soon as it is there, or as it comes; once. Raises RestoreFailed,
        ProtocolBroken.
        """
        part = self._next()
        return part if isinstance(part, Coming) else memoryview(part or b"")

    def parts(self) -> Iterator[Room]:
        """The parts that are still to come, each as soon as it is there. Raises as :meth:`stream`."""
        while (part := self._next()) is not None:
            if not isinstance(part, Coming):
                yield part

    def _next(self) -> Room | Coming | None:
        part = self._parts.get()
        if isinstance(part, TeleportError):
            raise part
        if isinstance(part, BaseException):
            raise RestoreFailed(reason=f"the snapshot did not arrive whole: {part}") from part
        return part

    def _receive(self, descriptor: int, deposit: int | None) -> None:
        with in_short_turns():
            try:
                read_into = partial(_fill, descriptor)
                read_into(memoryview(start := bytearray(len(OPENING))))
                if ahead := start == OPENING:
                    self._catch(read_into)
                coming = announced(read_into, memory_bytes(), b"" if ahead else bytes(start))
                with nullcontext() if deposit is None else Deposit(deposit) as held:
                    self.laid_over = held.laid_over if held is not None else None
                    for number, part in enumerate(parts(read_into, coming, held)):
                        if held is not None:
                            held.settle()
                        if number or not ahead:
                            self._parts.put(part)
                self._parts.put(None)
            except BaseException as error:
                self._parts.put(error)
            finally:
                os.close(descriptor)

    def _catch(self, read_into: ReadInto) -> None:
        """What is sent before all of it is made."""
        stream = Coming()
        self._parts.put(stream)
        try:
            Catcher(read_into, memory_bytes(), stream, self._parts.put).catch()
        except BaseException as error:
            stream.finish(error)
            raise
        stream.finish()


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


def _fill(descriptor: int, view: memoryview) -> None:
    """Read exactly ``len(view)`` bytes."""
    while view:
        count = os.readv(descriptor, [view])
        if count == 0:
            raise RestoreFailed(reason="the snapshot ended too early")
        view = view[count:]
