"""The target's side of a move: as the relay will know it, and a last look at it before there is no way
back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from pyteleport_jupyter.errors import LinkLost
from pyteleport_jupyter.relay.configuration import FarSettings, check_mapping, plain_fields
from pyteleport_jupyter.wire.channel import Message, NumberedChannel
from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.pipe import Pipe
from pyteleport_jupyter.wire.waiting import ready

if TYPE_CHECKING:
    from pyteleport_jupyter.transports.link import Link
    from pyteleport_jupyter.transports.requests import AttachRequest

READS = 16
"""Acknowledgements may come before the end; this bounds what a strange far side can make of that."""


class Held(Protocol):
    """A prepared far side in ``hold``, of a session or of a program."""

    @property
    def link(self) -> Link: ...
    @property
    def channel(self) -> NumberedChannel: ...
    @property
    def transport(self) -> dict[str, Any]: ...
    @property
    def attach(self) -> AttachRequest: ...
    @property
    def host(self) -> str: ...
    @property
    def lease(self) -> float: ...


def far_settings(plan: Held) -> FarSettings:
    """The target's side of ``plan`` as plain data."""
    return settings_over(plan.link, plan.transport, plan.attach, plan.host, plan.lease)


def settings_over(
    link: Link, transport: dict[str, Any], attach: AttachRequest, host: str, lease: float
) -> FarSettings:
    """The far side at the other end of ``link``; a lost one is made anew by ``transport``, and ``attach``
    goes over it.
    """
    return FarSettings(
        host=host,
        lease=lease,
        transport=check_mapping(transport),
        attach=check_mapping(plain_fields(attach)),
        pid=link.pid,
        read_fd=link.read_fd,
        write_fd=link.write_fd,
        events_fd=link.events_fd,
        complaints_fd=link.complaints_fd,
    )


def look_at_far_side(plan: Held) -> None:
    """What has ended there must not be given up here. Between ``held`` and ``commit`` the far side has
    nothing to say but that. Raises LinkLost.
    """
    pipe = Pipe(plan.link.read_fd, plan.link.write_fd, plan.channel)
    said: list[Message] = []
    try:
        for _ in range(READS):
            if not pipe.closed and ready([pipe.read_fd], [], 0)[0]:
                said += pipe.fill()
    except WireError as error:
        raise LinkLost(host=plan.host, reason=error) from error
    if said or pipe.closed:
        raise LinkLost(host=plan.host, reason="it ended at the last moment")
