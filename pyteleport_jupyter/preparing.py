"""Steps 2 to 5 of the road: connect, boot, ship, prepared; then the far side is held.

Every failure in here is free: the far side ends by itself when the link closes, and here nothing was changed.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter import relay
from pyteleport_jupyter.approach import Arrival, open_link
from pyteleport_jupyter.asking import ask_in
from pyteleport_jupyter.failing import aborted_on_failure
from pyteleport_jupyter.homecoming.keeper import KEPT_FROM
from pyteleport_jupyter.inventory.installing import install_missing
from pyteleport_jupyter.inventory.packing import Meter
from pyteleport_jupyter.inventory.versions import compare
from pyteleport_jupyter.objects import Pickled, chunks
from pyteleport_jupyter.options import Options
from pyteleport_jupyter.progress import Progress
from pyteleport_jupyter.readiness import check_survey
from pyteleport_jupyter.session import current_place
from pyteleport_jupyter.session.deposits import deposit_secret
from pyteleport_jupyter.shipping import Chooser, Consignment
from pyteleport_jupyter.shipping.deposit import compare_with_deposit
from pyteleport_jupyter.targets import Target
from pyteleport_jupyter.transports import Ask, BootRequest, Landed, Link, land
from pyteleport_jupyter.transports.conversing import converse
from pyteleport_jupyter.wire import Conversation

CONNECT_SECONDS = 120.0
"""From the first byte to a first stage that answers; people type passwords in this time."""
START_SECONDS = 60.0
RESTORE_SECONDS = 600.0
"""Loading a large session is bound by the memory there, not by us; the Stop button ends it earlier."""


@dataclass(frozen=True)
class Luggage:
    """What moves: the snapshot, the packages that the target must have, and folders where they may lie."""

    pickled: Pickled
    modules: tuple[str, ...]
    paths: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """Sentences for the user."""


@dataclass(frozen=True)
class Journey:
    """One move under way: where to, how, and since when (CLOCK_MONOTONIC, seconds)."""

    kernel: Any
    target: Target
    options: Options
    progress: Progress
    started: float


@contextmanager
def connected(journey: Journey) -> Iterator[Link]:
    """Step 2: a transport child on its way to the target; closed and reaped on any failure."""
    with open_link(journey.target, BootRequest.command) as link:
        yield link


def land_on(link: Link, journey: Journey, ask: Ask | None = None, given_up: int | None = None) -> Landed:
    """Step 3: boot. ``given_up``: see :func:`..transports.land`."""
    request = BootRequest(python=journey.options.python or journey.target.python, setup=journey.options.setup)
    deadline = time.monotonic() + CONNECT_SECONDS
    transport = journey.target.transport
    return land(link, transport, request, ask or ask_in(journey.kernel), deadline, given_up)


def prepare(link: Link, landed: Landed, luggage: Luggage, journey: Journey) -> Arrival:
    """Steps 4 and 5: compare, ship, and wait until the far side has restored everything."""
    conversation = converse(link, landed, journey.target.host)
    with aborted_on_failure(conversation):
        left = _start(conversation, luggage, journey, token := secrets.token_bytes(32))
        _ship(conversation, luggage.pickled, journey, left)
        prepared = restore(conversation, journey.progress)
    return Arrival(link, conversation, token, landed, int(prepared["pid"]), str(prepared["python"]))


def _start(conversation: Conversation, luggage: Luggage, journey: Journey, token: bytes) -> Any:
    """The kernel starts there, and what it finds is compared: nothing is shipped to an unfit target.

    Returns what the session has left there before, as the other side says.
    """
    python = _install(conversation, luggage, journey) if journey.options.install else ""
    journey.progress.stage("start")
    secret = deposit_secret() if luggage.pickled.total_bytes >= KEPT_FROM else b""
    survey = order(conversation, journey, luggage.modules, luggage.paths, token, python, secret)
    check(survey, luggage, journey)
    return survey.get("deposit")


def order(
    conversation: Conversation,
    journey: Journey,
    modules: Iterable[str],
    paths: Iterable[str],
    token: bytes,
    python: str = "",
    secret: bytes = b"",
) -> dict[str, Any]:
    """Let the kernel start there; returns the survey. ``secret``: of what was left there before."""
    conversation.command(
        "start",
        key=journey.kernel.session.key.decode(),
        host=journey.target.host,
        target=journey.target.text,
        modules=list(modules),
        paths=list(paths),
        lease=journey.options.lease,
        token=token.hex(),
        python=python,
        origin=current_place().host,
        keep=journey.options.keep,
        deposit=secret.hex(),
    )
    survey = conversation.wait_for("survey", time.monotonic() + START_SECONDS, "its Python to look around")
    conversation.codecs = tuple(map(str, survey.get("codecs", ())))
    return survey


def check(survey: Mapping[str, Any], luggage: Luggage, journey: Journey) -> None:
    """Whether the target is fit for what travels. Raises as :func:`..readiness.check_survey`, and
    VersionsDiffer.
    """
    check_survey(survey, luggage.modules, journey.target.host)
    for note in compare(survey, luggage.pickled.used, journey.target.host, anyway=journey.options.anyway):
        journey.progress.note(note)


def _install(conversation: Conversation, luggage: Luggage, journey: Journey) -> str:
    fresh = journey.options.fresh_env
    return install_missing(conversation, luggage.modules, luggage.paths, fresh, journey.progress)


def _ship(conversation: Conversation, pickled: Pickled, journey: Journey, left: Any) -> None:
    journey.progress.stage("ship")
    chooser = Chooser(conversation.link_rate, conversation.codecs)
    offer, answer = compare_with_deposit(chunks.parts(pickled), left) if left else (None, b"")
    consignment = chunks.consign(pickled, chooser, offer, answer, sealed=journey.target.unchecked)
    conversation.command("expect")
    ship(conversation, consignment, journey)


def ship(conversation: Conversation, consignment: Consignment, journey: Journey) -> None:
    """Send it, with what is told of it. Raises TooLarge where the link turns out to be slow."""
    meter = Meter(journey.target.text, journey.target.host, journey.options, time.monotonic)

    def sent(nbytes: int) -> None:
        journey.progress.shipped(consignment.covered, consignment.total)
        meter.sent(nbytes, consignment.total)

    meter.done(conversation.ship_raw(consignment, sent))


def restore(conversation: Conversation, progress: Progress) -> dict[str, Any]:
    """Step 5: all has been sent; returns what is there when it is restored."""
    progress.stage("restore")
    with relay.rehearsed():
        conversation.command("prepare")
        deadline = time.monotonic() + RESTORE_SECONDS
        return conversation.wait_for("prepared", deadline, "the session to be restored")
