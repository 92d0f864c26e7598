"""Memory that came with the last cells, kept for the next ones: what lies in it is not sent again.

The objects over it end with their cell; :class:`~pyteleport_jupyter.shipping.ChunkStore` looks into what is
left, and digests it anew for each cell, so there is an end to what is worth keeping.
"""

from __future__ import annotations

from collections.abc import Iterable
from mmap import mmap
from typing import Any

from pyteleport_jupyter.shipping import available_bytes

MOST = 1 << 30
"""Bytes that are kept of cells before the last one: they are digested in about half a second."""

SHARE = 4
"""No more of them than one part in so many of the memory that would be available without them."""


class KeptMemory:
    """What the last cell brought is kept as a whole; of those before it, what was used last."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._earlier: dict[int, mmap] = {}
        """By ``id``, as mappings cannot be keys; the one that was used last stands at the end."""
        self._last: list[mmap] = []

    def take(self, rooms: Iterable[Any]) -> None:
        """These came with a cell, some of them perhaps kept ones that were filled again."""
        for room in self._last:
            self._earlier[id(room)] = room
        # Shorter ones are no mappings, and there may be very many of them.
        self._last = [room for room in rooms if isinstance(room, mmap)]
        for room in self._last:
            self._earlier.pop(id(room), None)
        self.trim()

    def trim(self) -> None:
        """Let go of what is too much, or of which the memory is wanted by others."""
        held = sum(map(len, self._earlier.values()))
        limit = min(self._most, (available_bytes() + held) // SHARE)
        while held > limit:
            held -= len(self._earlier.pop(next(iter(self._earlier))))
