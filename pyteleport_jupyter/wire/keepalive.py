"""When to acknowledge, when to ask for a sign of life, when to give a link up. Time comes from an injected
clock.
"""

from __future__ import annotations

from collections.abc import Callable

ACK_AFTER = 0.5
"""A lone acknowledgement goes out so many seconds after what it is for."""

PING_AFTER = 5.0
"""Seconds of silence after which a sign of life is asked for."""

LOST_AFTER = 20.0
"""Seconds of silence after which the link is taken for dead."""

SLEPT = 2 * PING_AFTER
"""If nobody looked for so many seconds, it was us who slept (suspend, SIGSTOP), which says nothing about the
link.
"""


class Keepalive:
    """The timers of one end of a channel."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ack_at: float | None = None
        self._unacknowledged_bytes = 0
        self.attached()

    def attached(self) -> None:
        """A link is new: count its silence from now."""
        self._looked = self._heard = self._pinged = self._clock()

    def heard(self) -> None:
        """Something arrived."""
        self._heard = self._pinged = self._clock()

    def tick(self) -> bool:
        """Look at the clock; whether a ping is due."""
        now = self._clock()
        if now - self._looked > SLEPT:
            self._heard = self._pinged = now - PING_AFTER
        self._looked = now
        if now - self._pinged < PING_AFTER:
            return False
        self._pinged = now
        return True

    def lost(self) -> bool:
        """Whether the link has been silent too long, as seen by the last :meth:`tick`."""
        return self._looked - self._heard >= LOST_AFTER

    def received(self, size: int, at_once: int) -> None:
        """A piece of ``size`` bytes arrived; from ``at_once`` bytes on, acknowledge without waiting."""
        self._unacknowledged_bytes += size
        now = self._clock()
        if self._ack_at is None:
            self._ack_at = now + ACK_AFTER
        if self._unacknowledged_bytes >= at_once:
            self._ack_at = now

    @property
    def unacknowledged(self) -> bool:
        """Whether something arrived since the last acknowledgement."""
        return self._ack_at is not None

    def ack_due(self) -> bool:
        """Whether an acknowledgement should go out even alone."""
        return self._ack_at is not None and self._clock() >= self._ack_at

    def acknowledged(self) -> None:
        """The acknowledgement is on its way."""
        self._ack_at = None
        self._unacknowledged_bytes = 0

    def timeout(self) -> float:
        """Seconds until one of the timers has something to say, never negative."""
        due = self._pinged + PING_AFTER
        if self._ack_at is not None:
            due = min(due, self._ack_at)
        return max(0.0, due - self._clock())
