"""Making a lost link anew: the transport once more, the first stage once more, then the proof that it is
us."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.relay.configuration import FarSettings
from pyteleport_jupyter.relay.far_side import HOPELESS_WAIT, Attached, AttemptFailed, Carrier
from pyteleport_jupyter.relay.states import Event

if TYPE_CHECKING:
    from pyteleport_jupyter.errors import TeleportError
    from pyteleport_jupyter.transports.link import Question
    from pyteleport_jupyter.transports.requests import AttachRequest

ATTEMPT_SECONDS = 60.0
"""How long one attempt may take, besides the time in which the user types."""

OUTCOMES: dict[str, tuple[Event, float | None]] = {
    "SessionGone": (Event.REFUSED, None),
    "AuthenticationFailed": (Event.FAILED, HOPELESS_WAIT),
    "HostKeyUnknown": (Event.FAILED, HOPELESS_WAIT),
    "HostKeyChanged": (Event.FAILED, HOPELESS_WAIT),
}
"""Error of an attempt: what it means for the link, and when to try again (None: soon). All others: soon."""


class Reattachment:
    """Attempts at one session; each opens the next epoch, so that of two links the younger wins."""

    def __init__(self, settings: FarSettings, ask: Callable[[str, bool], str | None]) -> None:
        self._settings = settings
        self._ask = ask
        self.epoch: int = settings.attach["epoch"]
        """Of the next attempt."""

    def __call__(self, received: int, deadline: float) -> Attached:
        """One attempt, in a thread; see :data:`.far_side.Attach`. Raises AttemptFailed."""
        # Only here: the relay starts without what it takes to make a link.
        from pyteleport_jupyter.errors import TeleportError

        try:
            return self._attempt(received, min(deadline, time.monotonic() + ATTEMPT_SECONDS))
        except TeleportError as error:
            raise _outcome(error) from error

    def _attempt(self, received: int, deadline: float) -> Attached:
        from pyteleport_jupyter.transports import from_record
        from pyteleport_jupyter.transports.link import close_link
        from pyteleport_jupyter.transports.stage import land

        transport = from_record(self._settings.transport)
        request = replace(_request(self._settings.attach), epoch=self.epoch, received=received)
        self.epoch += 1
        link = transport.spawn(request.command)
        try:
            fault("reconnect.during_reconnect")
            landed = land(link, transport, request, self._answer, deadline)
        except BaseException:
            close_link(link)
            raise
        carrier = Carrier(link.pid, link.read_fd, link.write_fd, link.beside())
        return Attached(carrier, landed.leftover, landed.peer_received)

    def _answer(self, question: Question) -> str | None:
        return self._ask(question.text, question.secret)


def _request(record: dict[str, Any]) -> AttachRequest:
    """The request that the cut put into the baggage (:func:`.configuration.plain_fields`)."""
    from pyteleport_jupyter.transports.requests import AttachRequest

    return AttachRequest(**{**record, "token": bytes.fromhex(record["token"])})


def _outcome(error: TeleportError) -> AttemptFailed:
    event, wait = OUTCOMES.get(type(error).__name__, (Event.FAILED, None))
    return AttemptFailed(error.facts.get("reason", type(error).__name__), event, wait)
