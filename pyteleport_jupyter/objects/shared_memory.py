"""Memory that objects look at without knowing of each other: an array, and a tensor of torch made of it.

Only addresses tell. What is written first is remembered with the bytes that it takes; what lies inside of
these is written as a part of it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Whole:
    """An object with memory of its own, from address ``start`` up to ``end``."""

    start: int
    end: int
    obj: Any


class WrittenMemory:
    """Of one dump. ``known`` are wholes whose parts would come first; ``late`` those of which that turns out
    now: the dump has to be made again with them.
    """

    def __init__(self, known: Iterable[Whole] = ()) -> None:
        self.late: list[Whole] = []
        self._starts: list[int] = []
        self._wholes: dict[int, Whole] = {}
        for whole in known:
            self._add(whole)

    def whole_of(self, obj: Any, start: int, nbytes: int) -> Any:
        """The object whose memory these bytes of ``obj`` are a part of; None if they are its own, which is
        remembered then.
        """
        new = Whole(start, start + nbytes, obj)
        place = bisect_right(self._starts, start) - 1
        before = self._wholes[self._starts[place]] if place >= 0 else None
        if before is not None and new.end <= before.end:
            return None if before.obj is obj else before.obj
        if self._has_parts(new):
            self.late.append(new)
        self._add(new)
        return None

    def _has_parts(self, new: Whole) -> bool:
        first = bisect_left(self._starts, new.start)
        return first < len(self._starts) and self._starts[first] < new.end

    def _add(self, whole: Whole) -> None:
        if whole.start not in self._wholes:
            insort(self._starts, whole.start)
        self._wholes[whole.start] = whole
