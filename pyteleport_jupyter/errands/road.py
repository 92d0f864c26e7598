"""The road to a kernel that runs cells for this session: as a session's own (:mod:`~..departure`) up to
*committed*, with a session in which nothing is, over a key and a token of its own.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Protocol

from pyteleport_jupyter.approach import start_link
from pyteleport_jupyter.asking import ask_of
from pyteleport_jupyter.errands.line import Heard, Line
from pyteleport_jupyter.failing import aborted_on_failure
from pyteleport_jupyter.objects import Pickled, chunks
from pyteleport_jupyter.options import DEFAULT_LEASE, Options
from pyteleport_jupyter.preparing import CONNECT_SECONDS, RESTORE_SECONDS, START_SECONDS
from pyteleport_jupyter.readiness import check_survey
from pyteleport_jupyter.relay.far_end import settings_over
from pyteleport_jupyter.relay.far_side import FarSide, carrier_of
from pyteleport_jupyter.relay.reattach import Reattachment
from pyteleport_jupyter.remote.errand_surroundings import TOLD_BY_CELLS
from pyteleport_jupyter.remote.orders import CELLS
from pyteleport_jupyter.session import current_place, place_at, take_snapshot
from pyteleport_jupyter.session.snapshot import Root
from pyteleport_jupyter.targets import Target
from pyteleport_jupyter.transports import (
    AttachRequest,
    BootRequest,
    Landed,
    Link,
    land,
)
from pyteleport_jupyter.transports.conversing import converse
from pyteleport_jupyter.wire import Conversation, NumberedChannel

OF_MODULE = ("__name__", "__doc__")
"""Variables of the notebook's module that every module has, and that do not go along with a cell."""

IDLE_LEASE = 60.0
"""Seconds without a link after which a kernel goes in which no cell runs, unless the user has said a lease:
it is not known there whether the session has lost its link or its life."""


def idle_lease(lease: float) -> float:
    """For the user's ``lease``."""
    return IDLE_LEASE if lease == DEFAULT_LEASE else lease


class Stages(Protocol):
    """Who is told how far it is."""

    def stage(self, name: str) -> None:
        """A stage (connect, start) begins."""


@dataclass(frozen=True)
class Outset:
    """What a kernel is started with: the packages that the first cell refers to, and where they may lie."""

    target: Target
    options: Options
    modules: Sequence[str]
    paths: Sequence[str]


def open_line(shell: Any, outset: Outset, progress: Stages, stray: Callable[[Heard], None]) -> Line:
    """Start a kernel on the target. Raises TeleportError; then, and after KeyboardInterrupt, nothing stays
    there."""
    key = secrets.token_hex(32).encode()
    progress.stage("connect")
    with ExitStack() as undo:
        link = start_link(outset.target, BootRequest.command, undo)
        far = _prepare(shell, link, outset, key, progress)
        undo.pop_all()
    return Line(far, key, outset.target.host, stray)


def _prepare(shell: Any, link: Link, outset: Outset, key: bytes, progress: Stages) -> FarSide:
    target, options = outset.target, outset.options
    request = BootRequest(python=options.python or target.python, setup=options.setup)
    landed = land(link, target.transport, request, ask_of(shell), time.monotonic() + CONNECT_SECONDS)
    conversation = converse(link, landed, target.host)
    token = secrets.token_bytes(32)
    with aborted_on_failure(conversation):
        _start(conversation, outset, key, token, progress)
        _commit(conversation, _nothing_yet(shell, target))
    return _far_side(link, landed, conversation.pipe.channel, token, outset)


def _start(conversation: Conversation, outset: Outset, key: bytes, token: bytes, progress: Stages) -> None:
    progress.stage("start")
    target = outset.target
    conversation.command(
        "start",
        kind=CELLS,
        key=key.decode(),
        host=target.host,
        target=target.text,
        modules=list(outset.modules),
        paths=list(outset.paths),
        lease=outset.options.lease,
        idle_lease=idle_lease(outset.options.lease),
        token=token.hex(),
        origin=current_place().host,
    )
    survey = conversation.wait_for("survey", time.monotonic() + START_SECONDS, "its Python to look around")
    check_survey(survey, outset.modules, target.host)


def _commit(conversation: Conversation, nothing: Pickled) -> None:
    conversation.ship(chunks.consign(nothing))
    conversation.command("prepare")
    conversation.wait_for("prepared", time.monotonic() + RESTORE_SECONDS, "its kernel to be ready")
    conversation.command("hold")
    conversation.wait_for("held", time.monotonic() + START_SECONDS, "its kernel to be held")
    # What comes next may be what the kernel says, which is for the line.
    conversation.command("commit")


def _nothing_yet(shell: Any, target: Target) -> Pickled:
    """A session in which nothing is but the place that it is at, what surrounds it, and what its module is
    called."""

    def choose(root: Root) -> None:
        root["items"] = {name: root["items"][name] for name in ("place", "cell")} | {"modules": {}}
        root["namespace"] = {name: root["namespace"][name] for name in OF_MODULE if name in root["namespace"]}

    return take_snapshot(shell, None, place_at(target.text, target.host), choose, without=TOLD_BY_CELLS)


def _far_side(link: Link, landed: Landed, channel: NumberedChannel, token: bytes, outset: Outset) -> FarSide:
    attach = AttachRequest(landed.directory, token, landed.python)
    transport = outset.target.transport.as_record()
    settings = settings_over(link, transport, attach, outset.target.host, outset.options.lease)
    for descriptor in settings.descriptors():
        os.set_inheritable(descriptor, False)
    # Nobody can be asked from a thread: a link that needs a password again is given up.
    return FarSide(channel, carrier_of(settings), Reattachment(settings, lambda *_: None), settings.lease)
