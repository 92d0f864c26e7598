"""How far the session is with moving over, and from when on what had to wait may go out.

Control requests wait twice: until the cell that moved runs there, because an interrupt would miss it, and
after a new link, because it might hit the next cell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyteleport_jupyter.relay.in_flight import InFlight
from pyteleport_jupyter.relay.signing import content_of, parent_header_of
from pyteleport_jupyter.relay.states import MOVE, Event, Move, following
from pyteleport_jupyter.relay.timing import AFTER_BUSY, AFTER_LINK, SETTLE_SECONDS


class Settling:
    """The machine ``MOVE`` with its clock. ``in_flight`` is the cell that goes on, None if there is none."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.move = Move.COMMITTING
        self.in_flight: InFlight | None = None
        self._clock = clock
        self._due_at = clock() + SETTLE_SECONDS

    def begin(self, in_flight: InFlight | None, committed: bool = False) -> None:
        """A far side is about to be the session, or is it already."""
        self.in_flight = in_flight
        self.move = Move.LIVE if committed else Move.COMMITTING

    @property
    def due(self) -> bool:
        """Whether what had to wait has waited long enough."""
        return self._due_at <= self._clock()

    def seconds(self) -> float:
        """Until it has."""
        return max(0.0, self._due_at - self._clock())

    def committed(self) -> None:
        """The far side is the session: its cell is on its way."""
        self.move = following(MOVE, self.move, Event.COMMITTED)
        self._due_at = self._clock() + SETTLE_SECONDS
        if self.in_flight is None:
            self._settle()

    def look(self) -> None:
        """It is waited for no longer than that."""
        if self.move is Move.SETTLING and self.due:
            self._settle()

    def published(self, parts: Sequence[bytes]) -> None:
        """The kernel there said this: perhaps that the cell is being executed."""
        if self.move is Move.SETTLING and self._is_busy(parts):
            self._settle()

    def _is_busy(self, parts: Sequence[bytes]) -> bool:
        return (
            self.in_flight is not None
            and parent_header_of(parts).get("msg_id") == self.in_flight.message_id
            and content_of(parts).get("execution_state") == "busy"
        )

    def _settle(self) -> None:
        self.move = following(MOVE, self.move, Event.BUSY)
        self._due_at = self._clock() + (AFTER_BUSY if self.in_flight is not None else 0.0)

    def linked(self) -> None:
        """There is a new link."""
        self._due_at = max(self._due_at, self._clock() + AFTER_LINK)

    def ended(self) -> None:
        """There is no session any more."""
        self.move = following(MOVE, self.move, Event.ENDED)

    def over(self) -> None:
        """Nor a relay."""
        self.move = Move.OVER
