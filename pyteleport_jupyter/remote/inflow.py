"""Pieces of a consignment that come as messages, taken in by a thread while the next are on their way."""

from __future__ import annotations

import os
import queue
import threading
from concurrent.futures import Future

from pyteleport_jupyter.errors import LinkLost
from pyteleport_jupyter.shipping import ChunkStore, Room, receive

PATIENCE = 600.0
"""Seconds that the next piece may take."""


def memory_bytes() -> int:
    """Physical memory of this machine: nothing that arrives can be larger."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


class Inflow:
    """One consignment. The sender is held back by the supervisor, so the queue stays short."""

    def __init__(self, store: ChunkStore) -> None:
        self._pieces: queue.SimpleQueue[memoryview | None] = queue.SimpleQueue()
        self._rest = memoryview(b"")
        self._store = store
        self._rooms: Future[list[Room]] = Future()
        self._thread = threading.Thread(target=self._receive, name="teleport-inflow", daemon=True)
        self._thread.start()

    def add(self, piece: memoryview) -> None:
        """The next bytes have come, and will not change."""
        self._pieces.put(piece)

    def cancel(self) -> None:
        """The rest will not come."""
        self._pieces.put(None)
        self._thread.join(PATIENCE)

    def result(self) -> list[Room]:
        """All parts, when the last piece has come. Raises what receiving raises."""
        return self._rooms.result(PATIENCE)

    def _receive(self) -> None:
        try:
            self._rooms.set_result(receive(self._read_into, memory_bytes(), self._store))
        except BaseException as error:
            self._rooms.set_exception(error)

    def _read_into(self, view: memoryview) -> None:
        while view:
            if not self._rest:
                self._rest = self._next()
            count = min(len(view), len(self._rest))
            view[:count] = self._rest[:count]
            view, self._rest = view[count:], self._rest[count:]

    def _next(self) -> memoryview:
        try:
            piece = self._pieces.get(timeout=PATIENCE)
        except queue.Empty:
            piece = None
        if piece is None:
            raise LinkLost(reason="the objects of the cell did not come")
        return piece
