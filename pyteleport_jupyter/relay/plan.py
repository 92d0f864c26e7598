"""What a cut-over is given: the prepared far side, the running request, and what to show when it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyteleport_jupyter.relay.in_flight import InFlight

if TYPE_CHECKING:
    from pyteleport_jupyter.relay.announcement import Announcement
    from pyteleport_jupyter.relay.configuration import KeeperSettings
    from pyteleport_jupyter.transports.link import Link
    from pyteleport_jupyter.transports.requests import AttachRequest
    from pyteleport_jupyter.wire.channel import NumberedChannel


@dataclass(frozen=True)
class CutPlan:
    """A prepared far side in ``hold``, and the link to it.

    ``transport`` is the record from which a lost link is made anew, ``attach`` the request that goes over
    it, ``lease`` how many seconds the far side lives without a link. ``in_flight`` is None when no cell
    runs, ``announcement`` None when the user wants no display. ``home`` says how this process becomes a
    kernel again, None where the session's home is elsewhere; ``comms`` are the ids of those that are told
    more, see :class:`.listeners.Listeners`.
    """

    link: Link
    channel: NumberedChannel
    transport: dict[str, Any]
    attach: AttachRequest
    host: str
    lease: float
    in_flight: InFlight | None
    announcement: Announcement | None
    home: dict[str, Any] | None = None
    comms: tuple[str, ...] = ()
    keep: Callable[[], KeeperSettings] | None = None
    """Starts the keeper of what the session has here; None where there is to be none."""
    files: tuple[str, ...] = ()
    """What else is to be removed here when the session has ended elsewhere."""
    far_key: str | None = None
    """Of a session that is taken up: its kernel's key; the far side is not in ``hold`` but lives."""
