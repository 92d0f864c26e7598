"""What the kernel has said and the link has not taken yet, within bounds.

While there is no link the computing goes on, and a cell may print for as long as the lease lasts. So there
is a limit, and behind it only what a front end cannot do without is kept: the first part of the output
stays, the rest is counted, and the cell that it belongs to says how much is missing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from pyteleport_jupyter.remote.kernel_lines import DELIMITER, type_of
from pyteleport_jupyter.wire.lanes import Lane

SPOOL_LIMIT = 64 << 20
"""Above this many bytes output is left out while there is no link; with one, the kernel has to wait."""

LAST_LIMIT = 2 * SPOOL_LIMIT
"""Above this many bytes all that is published but the kernel's status is left out."""

OUTPUT = frozenset(("stream", "display_data", "update_display_data"))
"""Types of messages that may be of any size and number, and of which the first part is worth something."""

PART_COST = 64
"""Bytes that a part of a message takes in memory besides its content."""


@dataclass
class LeftOut:
    """Stands in the queue where output of one cell begins to be missing."""

    parent: bytes
    size: int = 0


Notice = Callable[[bytes, int], list[bytes]]
"""Makes the message that says how many bytes are missing in the cell with that parent header."""


class Spool:
    """A queue of messages; outputs beyond ``limit`` bytes may be left out, others beyond ``last_limit``."""

    def __init__(self, notice: Notice, limit: int = SPOOL_LIMIT, last_limit: int = LAST_LIMIT) -> None:
        self.size = 0
        """Bytes of all that waits."""
        self._notice = notice
        self._limit = limit
        self._last_limit = last_limit
        self._queue: deque[tuple[Lane, list[bytes]] | LeftOut] = deque()
        self._left_out: dict[bytes, LeftOut] = {}

    def __bool__(self) -> bool:
        return bool(self._queue)

    @property
    def full(self) -> bool:
        """Whether somebody should wait, if they can."""
        return self.size >= self._limit

    def add(self, lane: Lane, parts: list[bytes], *, linked: bool) -> None:
        """Queue a message; without a link it may be left out instead."""
        cost = _cost(parts)
        if not linked and lane is Lane.IOPUB and self.size + cost > self._limit and self._may_miss(parts):
            self._leave_out(parts)
            return
        self.size += cost
        self._queue.append((lane, parts))

    def _may_miss(self, parts: list[bytes]) -> bool:
        header, _ = _headers(parts)
        kind = type_of(header)
        return kind in OUTPUT or (self.size > self._last_limit and kind != "status")

    def _leave_out(self, parts: list[bytes]) -> None:
        _, parent = _headers(parts)
        gap = self._left_out.get(parent)
        if gap is None:
            gap = self._left_out[parent] = LeftOut(parent)
            self._queue.append(gap)
            self.size += _cost([parent])
        gap.size += sum(map(len, parts))

    def put_back(self, messages: list[tuple[Lane, list[bytes]]]) -> None:
        """These had been taken, and did not arrive: they come before all others."""
        self._queue.extendleft(reversed(messages))
        self.size += sum(_cost(parts) for _, parts in messages)

    def take(self) -> tuple[Lane, list[bytes]]:
        """The next message. Raises IndexError if there is none."""
        first = self._queue.popleft()
        if isinstance(first, LeftOut):
            del self._left_out[first.parent]
            self.size -= _cost([first.parent])
            return Lane.IOPUB, self._notice(first.parent, first.size)
        self.size -= _cost(first[1])
        return first


def _cost(parts: list[bytes]) -> int:
    return sum(map(len, parts)) + PART_COST * len(parts)


def _headers(parts: list[bytes]) -> tuple[bytes, bytes]:
    """Header and parent header of a message, empty for what is none."""
    if DELIMITER not in parts:
        return b"", b""
    at = parts.index(DELIMITER)
    header, parent = (*parts[at + 2 : at + 4], b"", b"")[:2]
    return header, parent
