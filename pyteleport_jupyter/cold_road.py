"""The road of a kernel that starts on a host: boot, start, hold, and be its relay."""

from __future__ import annotations

import os
import secrets
import signal
import time
from typing import NoReturn

from pyteleport_jupyter.failing import aborted_on_failure
from pyteleport_jupyter.ledger import remember
from pyteleport_jupyter.options import Options
from pyteleport_jupyter.readiness import check_survey
from pyteleport_jupyter.relay.configuration import FrontSettings, Settings, open_baggage
from pyteleport_jupyter.relay.cutover import python_path
from pyteleport_jupyter.relay.entry import become_relay
from pyteleport_jupyter.relay.far_end import far_settings
from pyteleport_jupyter.relay.plan import CutPlan
from pyteleport_jupyter.session import current_place
from pyteleport_jupyter.targets import Target
from pyteleport_jupyter.transports import AttachRequest, BootRequest, Landed, Link, land
from pyteleport_jupyter.transports.conversing import converse
from pyteleport_jupyter.wire import Conversation, NumberedChannel

CONNECT_SECONDS = 60.0
"""Nobody can answer a question here: Jupyter has no way to ask before a kernel is there."""

START_SECONDS = 60.0


def lead(link: Link, target: Target, options: Options, front: FrontSettings) -> NoReturn:
    """Start a session at the other end of ``link`` and become its relay. Raises a TeleportError."""
    request = BootRequest(python=options.python or target.python, setup=options.setup)
    landed = land(link, target.transport, request, None, time.monotonic() + CONNECT_SECONDS)
    conversation = converse(link, landed, target.host)
    token = secrets.token_bytes(32)
    with aborted_on_failure(conversation):
        _begin(conversation, front.key, target, options, token)
        remember(landed, target, options)
        _relay(_plan(link, conversation.pipe.channel, target, landed, token, options), front)


def _begin(conversation: Conversation, key: str, target: Target, options: Options, token: bytes) -> None:
    conversation.command(
        "start",
        key=key,
        host=target.host,
        target=target.text,
        modules=[],
        empty=True,
        lease=options.lease,
        token=token.hex(),
        origin=current_place().host,
    )
    deadline = time.monotonic() + START_SECONDS
    check_survey(conversation.wait_for("survey", deadline, "its Python to look around"), (), target.host)
    conversation.wait_for("ready", deadline, "its kernel to start")
    for op, answer in (("begin", "prepared"), ("hold", "held")):
        conversation.command(op)
        conversation.wait_for(answer, deadline, "its session to begin")


def _plan(
    link: Link, channel: NumberedChannel, target: Target, landed: Landed, token: bytes, options: Options
) -> CutPlan:
    return CutPlan(
        link=link,
        channel=channel,
        transport=target.transport.as_record(),
        attach=AttachRequest(landed.directory, token, landed.python),
        host=target.host,
        lease=options.lease,
        in_flight=None,
        announcement=None,
    )


def _relay(plan: CutPlan, front: FrontSettings) -> NoReturn:
    settings = Settings(
        front=front,
        far=far_settings(plan),
        parent=_parent(),
        python_path=python_path(),
    )
    with open_baggage() as baggage:
        baggage.write(settings, plan.channel.freeze())
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        become_relay(baggage.descriptor(), settings.inherited())


def _parent() -> int:
    said = os.environ.get("JPY_PARENT_PID", "0")
    parent = int(said) if said.isdigit() else 0
    return parent if parent > 1 and parent == os.getppid() else 0
