"""Taking up a session that lives elsewhere: from now on the process here is its relay.

Its supervisor gives the token to whoever may log in there as its user; who has shown it becomes the link, and
only then the one before is told and let go.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from pyteleport_jupyter import relay
from pyteleport_jupyter.approach import open_link
from pyteleport_jupyter.errors import AttachRefused
from pyteleport_jupyter.failing import told_in_one_sentence
from pyteleport_jupyter.homecoming.departure_day import home_record
from pyteleport_jupyter.ledger import Session
from pyteleport_jupyter.options import make_options
from pyteleport_jupyter.progress_line import KernelProgress
from pyteleport_jupyter.session import current_place
from pyteleport_jupyter.session.place import HOME
from pyteleport_jupyter.targets import Target, parse_target
from pyteleport_jupyter.transports import Ask, AttachRequest, Landed, Link, land
from pyteleport_jupyter.wire import NumberedChannel
from pyteleport_jupyter.wire.channel import Message

CONNECT_SECONDS = 60.0

ANNOUNCEMENT = "session {session} on {host}: here from now on ({seconds:.1f} s)"


@dataclass(frozen=True)
class Foothold:
    """A link that the session's supervisor has let in. That of a kernel says nothing before it is told
    ``adopt``; of a terminal it may have ``said`` already what the last one did not get.
    """

    link: Link
    landed: Landed
    channel: NumberedChannel
    target: Target
    said: tuple[Message, ...]


def attach_kernel(shell: Any, session: Session, ask: Ask | None) -> NoReturn:
    """Make the kernel of ``shell`` the relay of ``session``, which must have been claimed. The cell that runs
    shows what runs there, and ends with it.

    Raises AttachRefused, or why the host cannot be reached; once the session is ours it does not return.
    """
    kernel = shell.kernel
    if current_place().target != HOME:
        raise AttachRefused(session=session.id, reason="this session itself is away from home")
    if session.kind != "kernel" or not session.key:
        raise AttachRefused(
            session=session.id,
            reason="it is not that of a notebook (one of IPython: pyteleport attach, in a terminal)",
        )
    started = time.monotonic()
    progress = KernelProgress(kernel, session.place.target)
    with told_in_one_sentence(session.place.target, progress.failed):
        progress.stage("connect")
        with foothold(session, ask) as found:
            display = progress.display()
            announcement = relay.Announcement(
                display.display_id,
                display.metadata,
                ANNOUNCEMENT,
                {"session": session.id},
                started,
                display.parent,
            )
            plan = _plan(found, session, announcement, kernel)
            hand_over = relay.cut_over if relay.check_kernel(kernel) is None else relay.pump_in_process
            hand_over(kernel, plan)


@contextmanager
def foothold(session: Session, ask: Ask | None) -> Iterator[Foothold]:
    """The link to ``session`` is ours within the block; closed when it is left."""
    options = make_options(via=session.place.via)
    target = parse_target(session.place.target, options)
    with open_link(target, AttachRequest.command) as link:
        token = bytes.fromhex(session.token)
        request = AttachRequest(session.directory, token, session.python, takeover=True)
        landed = land(link, target.transport, request, ask, time.monotonic() + CONNECT_SECONDS)
        channel = NumberedChannel()
        said = tuple(channel.receive(landed.leftover))
        yield Foothold(link, landed, channel, target, said)


def _plan(
    found: Foothold, session: Session, announcement: relay.Announcement | None, kernel: Any
) -> relay.CutPlan:
    landed = found.landed
    return relay.CutPlan(
        link=found.link,
        channel=found.channel,
        transport=found.target.transport.as_record(),
        attach=AttachRequest(landed.directory, landed.token, landed.python, landed.epoch + 1),
        host=found.target.host,
        lease=session.lease,
        in_flight=relay.in_flight_request(kernel),
        announcement=announcement,
        home=home_record(kernel, False),
        far_key=session.key,
    )
