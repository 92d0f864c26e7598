"""The execute requests that the far kernel has not answered: which cell runs, and whom one can speak to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter.relay.signing import (
    DELIMITER,
    Signer,
    as_in_flight,
    content_of,
    header_of,
    parent_header_of,
    resumed,
)
from pyteleport_jupyter.wire.lanes import Lane

REMEMBERED = 256
"""Most requests remembered; a Run All may queue a few hundred cells, only the first few matter."""

KEPT_BYTES = 32 << 20
"""Requests are kept whole up to so many bytes together."""

STATUS = b".status"
"""How the topic of a status message ends (ipykernel kernelbase.py, ``_topic``)."""


@dataclass(frozen=True)
class Cell:
    """One execute request: its header, the identities of its client, what it allows, and since when.

    ``request`` is all of it as the client sent it; empty where it was too long to be kept.
    """

    header: dict[str, Any]
    identities: tuple[bytes, ...]
    allows_input: bool
    silent: bool
    sent_at: float
    request: tuple[bytes, ...] = ()

    @property
    def message_id(self) -> str:
        return str(self.header.get("msg_id"))


class OpenCells:
    """Cells from request to reply, oldest first: the oldest is the one that runs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._cells: dict[str, Cell] = {}

    def requested(self, frames: Sequence[bytes]) -> None:
        """A client sent this on its shell channel."""
        header = header_of(frames)
        if header.get("msg_type") != "execute_request" or len(self._cells) >= REMEMBERED:
            return
        content = content_of(frames)
        identities = tuple(bytes(frame) for frame in frames[: list(frames).index(DELIMITER)])
        allows_input, silent = bool(content.get("allow_stdin")), bool(content.get("silent"))
        request = tuple(bytes(frame) for frame in frames) if self._has_room(frames) else ()
        cell = Cell(header, identities, allows_input, silent, self._clock(), request)
        self._cells[cell.message_id] = cell

    def _has_room(self, frames: Sequence[bytes]) -> bool:
        kept = (frame for cell in self._cells.values() for frame in cell.request)
        return sum(map(len, kept)) + sum(map(len, frames)) <= KEPT_BYTES

    def replied(self, frames: Sequence[bytes]) -> None:
        """The kernel answered this."""
        if self._cells:
            self._cells.pop(str(parent_header_of(frames).get("msg_id")), None)

    def published(self, frames: Sequence[bytes]) -> None:
        """The kernel published this. What it is done with is over, even if the reply got lost there (an
        interrupt between a cell's end and its reply does that to ipykernel).
        """
        if self._cells and frames[0].endswith(STATUS) and content_of(frames).get("execution_state") == "idle":
            self.replied(frames)

    def knows(self, frames: Sequence[bytes]) -> bool:
        """Whether this is the request of one of them."""
        return str(header_of(frames).get("msg_id")) in self._cells

    def running(self) -> Cell | None:
        """The one that runs."""
        return next(iter(self._cells.values()), None)

    def is_open(self, cell: Cell) -> bool:
        """Whether the kernel is not done with it."""
        return cell.message_id in self._cells

    def all(self) -> list[Cell]:
        """All of them."""
        return list(self._cells.values())

    def since(self, message_id: str) -> list[Cell]:
        """The one with this id and those behind it, none of which has begun if this one runs."""
        return self.all()[list(self._cells).index(message_id) :] if message_id in self._cells else []

    def sent_after(self, moment: float) -> list[Cell]:
        """Those that were sent later than ``moment``."""
        return [cell for cell in self._cells.values() if cell.sent_at > moment]


Request = tuple[Lane, list[bytes]]


def completed(
    said: Iterable[tuple[Lane, Sequence[bytes]]],
    later: Iterable[tuple[Lane, Sequence[bytes]]],
    known: Sequence[Cell],
    signer: Signer,
) -> list[Request]:
    """What a session that has left its host has not begun: the requests that it ``said``, then those of
    ``known`` that it would have said if its host had not been lost meanwhile, then the ``later`` ones.

    The first of ``known`` is that of the cell that goes on.
    """
    first, last = ([(lane, list(frames)) for lane, frames in requests] for requests in (said, later))
    named = {header_of(frames).get("msg_id") for _, frames in (*first, *last)}
    missing = [cell for cell in known if cell.request and cell.message_id not in named]
    running = [resumed(as_in_flight(cell.request), signer) for cell in missing if cell is known[0]]
    waiting = [list(cell.request) for cell in missing if cell is not known[0]]
    goes_on, has_waited = ([(Lane.SHELL, frames) for frames in group] for group in (running, waiting))
    return [*goes_on, *first, *has_waited, *last]
