"""The road of one teleport: plan, connect, boot, ship, prepared, cut over.

Until ``hold`` every failure is free: the far side ends by itself when the link closes, and here nothing was
changed. What happens after it is the business of :mod:`pyteleport_jupyter.relay`.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

from pyteleport_jupyter import relay, user_hooks
from pyteleport_jupyter.asking import ask_in
from pyteleport_jupyter.errors import NotInCell
from pyteleport_jupyter.failing import STOP_SECONDS, aborted_on_failure, told_in_one_sentence
from pyteleport_jupyter.frames import check_interpreter
from pyteleport_jupyter.objects import Pickled, chunks
from pyteleport_jupyter.options import Options, make_options
from pyteleport_jupyter.progress import KernelProgress, Progress, SilentProgress
from pyteleport_jupyter.readiness import check_survey
from pyteleport_jupyter.relay.interrupts import signals_noted
from pyteleport_jupyter.session import (
    current_place,
    find_running_cell,
    modules_in_use,
    place_at,
    search_path,
    take_snapshot,
)
from pyteleport_jupyter.session.event_loop_items import in_context_of_cell
from pyteleport_jupyter.session.threads import check_threads
from pyteleport_jupyter.shipping import Chooser
from pyteleport_jupyter.targets import Target, parse_target
from pyteleport_jupyter.transports import (
    AttachRequest,
    BootRequest,
    Landed,
    Link,
    close_link,
    complaint,
    land,
)
from pyteleport_jupyter.wire import Conversation, NumberedChannel, Pipe

CONNECT_SECONDS = 120.0
"""From the first byte to a first stage that answers; people type passwords in this time."""
START_SECONDS = 60.0
RESTORE_SECONDS = 600.0
"""Loading a large session is bound by the memory there, not by us; the Stop button ends it earlier."""

CLOSE_SECONDS = 1.0

ANNOUNCEMENT = "teleported to {host} (pid {pid}, Python {python}) in {seconds:.1f} s"


@dataclass(frozen=True)
class Luggage:
    """What moves: the snapshot, the packages that the target must have, and folders where they may lie."""

    pickled: Pickled
    modules: tuple[str, ...]
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Journey:
    """One move under way: where to, how, and since when (CLOCK_MONOTONIC, seconds)."""

    kernel: Any
    target: Target
    options: Options
    progress: Progress
    started: float


@dataclass(frozen=True)
class Arrival:
    """The prepared far side: the conversation with it, and the directory and process it lives in."""

    link: Link
    conversation: Conversation
    token: bytes
    landed: Landed
    pid: int
    python: str


def depart(target: str, **options: Any) -> None:
    """Go on with the running cell, and the whole session, on ``target``.

    Returns on the far side. Here it returns only where nothing had to be done (the session is there already)
    and raises TeleportError, with the session as it was, when the move fails.
    """
    _depart(None, target, options)


def depart_at(frame: FrameType, target: str, **options: Any) -> None:
    """As :func:`depart`, for a cell that did not ask: ``frame`` goes on with the instruction it is about to
    run.

    To be called by a trace function or monitoring callback for ``frame``. Raises FrameRefused or NotInCell
    where it cannot be left there; a later instruction may do.
    """
    _depart(frame, target, options)


def _depart(frame: FrameType | None, target: str, options: dict[str, Any]) -> None:
    started = time.monotonic()
    shell = _running_shell()
    chosen = make_options(**options)
    going_to = parse_target(target, chosen)
    place = current_place()
    if place.target == going_to.text:
        print(f"already there: {place.sentence()}")
        return
    progress = _progress(shell.kernel, going_to, chosen)
    with told_in_one_sentence(going_to.host, progress.failed), user_hooks.leaving():
        in_context_of_cell(_travel, shell, Journey(shell.kernel, going_to, chosen, progress, started), frame)


def _running_shell() -> Any:
    # IPython is not imported for this: where it is not loaded, no cell can be running.
    core = sys.modules.get("IPython.core.getipython")
    shell = core.get_ipython() if core else None
    if shell is None or not hasattr(shell, "kernel"):
        raise NotInCell(reason="there is no Jupyter kernel in this process")
    return shell


def _progress(kernel: Any, target: Target, options: Options) -> Progress:
    return SilentProgress() if options.quiet else KernelProgress(kernel, target.host)


def _travel(shell: Any, journey: Journey, frame: FrameType | None) -> None:
    luggage = plan(shell, journey.target, frame)
    check_threads(journey.options.abandon_threads)
    with _connected(journey) as link:
        arrival = _prepare(link, luggage, journey)
        _cut_over(arrival, journey)


def plan(shell: Any, target: Target, frame: FrameType | None = None) -> Luggage:
    """Step 1: all that moves, as data. What cannot move is refused here, before a byte is sent.

    ``frame``: see :func:`depart_at`.
    """
    check_interpreter()
    cell = find_running_cell(shell, frame, at_instruction=frame is not None)
    if cell is None and frame is not None:
        raise NotInCell(reason="this is not the code of a cell")
    if cell is not None and relay.in_flight_request(shell.kernel) is None:
        raise NotInCell(
            reason="no frontend asked for this cell (a start-up file?), so none would see it go on"
        )
    pickled = take_snapshot(shell, cell, place_at(target.text, target.host))
    return Luggage(pickled, tuple(modules_in_use(shell, pickled)), tuple(search_path(shell)))


@contextmanager
def _connected(journey: Journey) -> Iterator[Link]:
    """Step 2: a transport child on its way to the target; closed and reaped on any failure."""
    journey.progress.stage("connect")
    link, patience = None, CLOSE_SECONDS
    try:
        # Stopped in the middle of it, we would have a child that we do not know.
        with signals_noted():
            link = journey.target.transport.spawn(BootRequest.command)
        yield link
    except KeyboardInterrupt:
        patience = STOP_SECONDS
        raise
    finally:
        # Reached only when the move has failed: cutting over does not return.
        if link is not None:
            close_link(link, patience)


def _prepare(link: Link, luggage: Luggage, journey: Journey) -> Arrival:
    """Steps 3 to 5: boot, compare, ship, and wait until the far side has restored everything."""
    request = BootRequest(python=journey.options.python or journey.target.python, setup=journey.options.setup)
    deadline = time.monotonic() + CONNECT_SECONDS
    landed = land(link, journey.target.transport, request, ask_in(journey.kernel), deadline)
    conversation = _converse(link, landed, journey.target.host)
    token = secrets.token_bytes(32)
    with aborted_on_failure(conversation):
        _start(conversation, luggage, journey, token)
        _ship(conversation, luggage.pickled, journey.progress)
        with relay.rehearsed():
            prepared = _restore(conversation, journey.progress)
    return Arrival(link, conversation, token, landed, int(prepared["pid"]), str(prepared["python"]))


def _converse(link: Link, landed: Landed, host: str) -> Conversation:
    channel = NumberedChannel()
    channel.receive(landed.leftover)
    return Conversation(Pipe(link.read_fd, link.write_fd, channel), host, lambda: complaint(link))


def _start(conversation: Conversation, luggage: Luggage, journey: Journey, token: bytes) -> None:
    """The kernel starts there, and what it finds is compared: nothing is shipped to an unfit target."""
    journey.progress.stage("start")
    conversation.command(
        "start",
        key=journey.kernel.session.key.decode(),
        host=journey.target.host,
        target=journey.target.text,
        modules=list(luggage.modules),
        paths=list(luggage.paths),
        lease=journey.options.lease,
        token=token.hex(),
    )
    survey = conversation.wait_for("survey", time.monotonic() + START_SECONDS, "its Python to look around")
    check_survey(survey, luggage.modules, journey.target.host)
    conversation.codecs = tuple(map(str, survey.get("codecs", ())))


def _ship(conversation: Conversation, pickled: Pickled, progress: Progress) -> None:
    progress.stage("ship")
    consignment = chunks.consign(pickled, Chooser(conversation.link_rate, conversation.codecs))
    conversation.ship_raw(consignment, lambda _: progress.shipped(consignment.covered, consignment.total))


def _restore(conversation: Conversation, progress: Progress) -> dict[str, Any]:
    progress.stage("restore")
    conversation.command("prepare")
    return conversation.wait_for("prepared", time.monotonic() + RESTORE_SECONDS, "the session to be restored")


def _cut_over(arrival: Arrival, journey: Journey) -> NoReturn:
    """Step 6. From ``held`` on the far side waits as long as the lease says: after exec nobody could ask."""
    hand_over = relay.cut_over if relay.check_kernel(journey.kernel) is None else relay.pump_in_process
    plan = _cut_plan(arrival, journey)
    with aborted_on_failure(arrival.conversation):
        arrival.conversation.command("hold")
        arrival.conversation.wait_for("held", time.monotonic() + START_SECONDS, "the session to be held")
        hand_over(journey.kernel, plan)


def _cut_plan(arrival: Arrival, journey: Journey) -> relay.CutPlan:
    return relay.CutPlan(
        link=arrival.link,
        channel=arrival.conversation.pipe.channel,
        transport=journey.target.transport.as_record(),
        attach=AttachRequest(arrival.landed.directory, arrival.token, arrival.landed.python),
        host=journey.target.host,
        lease=journey.options.lease,
        in_flight=relay.in_flight_request(journey.kernel),
        announcement=_announcement(arrival, journey),
    )


def _announcement(arrival: Arrival, journey: Journey) -> relay.Announcement | None:
    """How the line of progress ends; the relay says it, because only then it is true."""
    display = journey.progress.display()
    if display is None:
        return None
    return relay.Announcement(
        display_id=display.display_id,
        metadata=display.metadata,
        template=ANNOUNCEMENT,
        facts={"pid": arrival.pid, "python": arrival.python},
        started=journey.started,
        parent=display.parent,
    )
