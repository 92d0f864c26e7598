"""The road of one teleport: plan, connect, boot, ship, prepared, cut over.

Until ``hold`` every failure is free: the far side ends by itself when the link closes, and here nothing was
changed. What happens after it is the business of :mod:`pyteleport_jupyter.relay`.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from functools import partial
from types import FrameType
from typing import Any, NoReturn

from pyteleport_jupyter import frontends, relay, user_hooks
from pyteleport_jupyter.approach import Arrival, approaching, hold
from pyteleport_jupyter.asking import ask_in
from pyteleport_jupyter.errors import NotInCell, TeleportError
from pyteleport_jupyter.failing import (
    ABORT_SECONDS,
    aborted_on_failure,
    called_off_on_failure,
    told_in_one_sentence,
)
from pyteleport_jupyter.frames import check_interpreter
from pyteleport_jupyter.homecoming import keeper
from pyteleport_jupyter.homecoming.departure_day import home_record
from pyteleport_jupyter.homecoming.depositing import depositing
from pyteleport_jupyter.homecoming.homeward import Farewell, come_home
from pyteleport_jupyter.homecoming.passage import move_on, through_home
from pyteleport_jupyter.inventory.packing import check_size, pack_session
from pyteleport_jupyter.leaving import leave
from pyteleport_jupyter.ledger import remember
from pyteleport_jupyter.objects import Outlet
from pyteleport_jupyter.objects.delays import telling_of_delays
from pyteleport_jupyter.objects.placed_files import contents_travelling
from pyteleport_jupyter.objects.reducers import temporary
from pyteleport_jupyter.options import DEFAULT_OPTIONS, Options
from pyteleport_jupyter.preparing import Journey, Luggage, connected, land_on, prepare
from pyteleport_jupyter.progress import Progress, SilentProgress
from pyteleport_jupyter.progress_line import KernelProgress, last_line
from pyteleport_jupyter.remote.errand_host import check_session_is_here
from pyteleport_jupyter.sending_ahead import SendingAhead, may_be_sent_ahead
from pyteleport_jupyter.session import (
    current_place,
    find_running_cell,
    modules_in_use,
    place_at,
    search_path,
)
from pyteleport_jupyter.session.event_loop_items import in_context_of_cell
from pyteleport_jupyter.session.place import HOME, LOCAL, Place, own_directory
from pyteleport_jupyter.session.running_cell import RunningCell
from pyteleport_jupyter.session.threads import check_threads
from pyteleport_jupyter.settings import options_for
from pyteleport_jupyter.targets import Target, parse_target
from pyteleport_jupyter.transports import (
    AttachRequest,
    Landed,
    Link,
    LocalTransport,
    Question,
    SshTransport,
)


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
    check_session_is_here()
    shell = _shell()
    if shell is not None and not hasattr(shell, "kernel"):
        # Here, because a kernel has no use for the prompt's machinery.
        from pyteleport_jupyter.terminals.road import depart as depart_from_terminal

        depart_from_terminal(shell, target, options, frame)
        return
    shell = _running_shell()
    chosen = options_for(target, **options)
    if isinstance(target, str) and target.strip() == HOME:
        _depart_home(frame, shell, chosen, started)
        return
    going_to = parse_target(target, chosen)
    place = current_place()
    if place.target == going_to.text:
        print(f"already there: {place.sentence()}")
        return
    progress = _progress(shell.kernel, going_to, chosen)
    with told_in_one_sentence(going_to.host, progress.failed), user_hooks.leaving():
        in_context_of_cell(_travel, shell, Journey(shell.kernel, going_to, chosen, progress, started), frame)


def _depart_home(frame: FrameType | None, shell: Any, options: Options, started: float) -> None:
    place = current_place()
    if place.target == HOME:
        print(f"already there: {place.sentence()}")
        return
    progress = SilentProgress() if options.quiet else KernelProgress(shell.kernel, HOME)
    with told_in_one_sentence(HOME, progress.failed), user_hooks.leaving():
        in_context_of_cell(_travel_home, shell, options, progress, started, frame)


def _travel_home(
    shell: Any, options: Options, progress: Progress, started: float, frame: FrameType | None
) -> None:
    home = current_place().home
    luggage = pack(shell, Place(host=home, target=HOME, pid=0, home=home), frame, options)
    for note in luggage.notes:
        progress.note(note)
    check_threads(options.abandon_threads)
    progress.stage("ship")
    display = progress.display()
    line = None if display is None else vars(display)
    leave()
    stays = depositing(luggage.pickled, own_directory(), options)
    come_home(shell.kernel, luggage.pickled, Farewell(line, started), progress.shipped, stays)


def journey_to(target: str, options: dict[str, Any]) -> tuple[Any, Journey]:
    """The running shell, and the way to ``target``. Raises TargetUnknown, OptionWrong, NotInCell,
    SessionElsewhere."""
    started = time.monotonic()
    check_session_is_here()
    shell = _running_shell()
    chosen = options_for(target, **options)
    going_to = parse_target(target, chosen)
    progress = _progress(shell.kernel, going_to, chosen)
    return shell, Journey(shell.kernel, going_to, chosen, progress, started)


def _shell() -> Any:
    # IPython is not imported for this: where it is not loaded, no cell can be running.
    core = sys.modules.get("IPython.core.getipython")
    return core.get_ipython() if core else None


def _running_shell() -> Any:
    shell = _shell()
    if shell is None or not hasattr(shell, "kernel"):
        raise NotInCell(reason="there is no Jupyter kernel in this process")
    return shell


def _progress(kernel: Any, target: Target, options: Options) -> Progress:
    return SilentProgress() if options.quiet else KernelProgress(kernel, target.host)


def _travel(shell: Any, journey: Journey, frame: FrameType | None) -> None:
    by_home = current_place().target not in (HOME, LOCAL) and isinstance(
        journey.target.transport, SshTransport
    )
    if by_home or frame is not None:
        # Who has not asked for the move may be refused a hundred times before it succeeds.
        _travel_when_packed(_pack(shell, journey, frame), journey, by_home)
    _find_cell(shell, frame)  # where there is none, nobody is bothered
    with connected(journey) as link:
        with approaching(partial(land_on, link, journey)) as approach:
            ahead = SendingAhead(link, journey, lambda: approach.there, search_path(shell))
            with called_off_on_failure(ahead.call_off):
                luggage = _pack(shell, journey, frame, ahead if may_be_sent_ahead(journey) else None)
                arrival = ahead.finish(luggage) if ahead.suits(luggage) else None
            if not ahead.under_way:
                journey.progress.stage("connect")
                landed = approach.landed(ask_in(journey.kernel))
                arrival = prepare(link, landed, luggage, journey)
            ahead.call_off(ABORT_SECONDS)
        if arrival is not None:
            _cut_over(arrival, luggage, journey)
    # What was sent ahead is of no use, and the link has gone with it.
    _travel_when_packed(luggage, journey, by_home=False)


def _travel_when_packed(luggage: Luggage, journey: Journey, by_home: bool) -> NoReturn:
    if by_home:
        _travel_by_home(luggage, journey)
    journey.progress.stage("connect")
    with connected(journey) as link:
        _arrive(link, land_on(link, journey), luggage, journey)


def _pack(shell: Any, journey: Journey, frame: FrameType | None, outlet: Outlet | None = None) -> Luggage:
    with telling_of_delays(journey.progress.stage):
        luggage = plan(shell, journey.target, frame, journey.options, outlet)
    check_threads(journey.options.abandon_threads)
    _check_size(luggage, journey)
    for note in luggage.notes:
        journey.progress.note(note)
    return luggage


def _arrive(link: Link, landed: Landed, luggage: Luggage, journey: Journey) -> NoReturn:
    _cut_over(prepare(link, landed, luggage, journey), luggage, journey)


def _travel_by_home(luggage: Luggage, journey: Journey) -> None:
    """Home makes the link where it can; returns where it cannot. Then this host has to stay in between."""
    journey.progress.stage("connect")
    with ExitStack() as way:
        try:
            passage = way.enter_context(through_home(journey.kernel, journey.target.text, journey.options))
        except TeleportError as error:
            reason = error.facts.get("reason", type(error).__name__)
            host, here = journey.target.host, current_place().host
            journey.progress.note(f"{host} is not reached from home ({reason}): {here} is the jump")
            return
        if passage.jump:
            journey.progress.note(
                f"{journey.target.host} is not reached from home ({passage.jump}): the jump stays one"
            )
        arrival = prepare(passage.link, passage.landed, luggage, journey)
        with aborted_on_failure(arrival.conversation):
            hold(arrival)
            display = journey.progress.display()
            farewell = Farewell(None if display is None else vars(display), journey.started)
            facts = {"pid": arrival.pid, "python": arrival.python, "lease": journey.options.lease}
            token = arrival.token.hex()
            stays = depositing(luggage.pickled, own_directory(), journey.options)
            move_on(journey.kernel, passage, arrival.conversation, farewell, stays, token=token, **facts)


def _check_size(luggage: Luggage, journey: Journey) -> None:
    target, answer_to = journey.target, ask_in(journey.kernel)

    def ask(text: str) -> str | None:
        return answer_to(Question("confirm", text, secret=False))

    check_size(luggage.pickled.total_bytes, target.text, target.host, journey.options, ask)


def plan(
    shell: Any,
    target: Target,
    frame: FrameType | None = None,
    options: Options = DEFAULT_OPTIONS,
    outlet: Outlet | None = None,
) -> Luggage:
    """Step 1: all that moves, as data. What cannot move is refused here.

    ``frame``: see :func:`depart_at`; ``outlet`` gets the pickle while it is being made.
    """
    return pack(shell, place_at(target.text, target.host), frame, options, outlet)


def pack(
    shell: Any,
    place: Place,
    frame: FrameType | None,
    options: Options = DEFAULT_OPTIONS,
    outlet: Outlet | None = None,
) -> Luggage:
    """As :func:`plan`, for a session that will be at ``place``."""
    cell = _find_cell(shell, frame)
    with contents_travelling(options.with_files):
        packed = pack_session(shell, cell, place, options, outlet=outlet)
    pickled = packed.pickled
    return Luggage(pickled, tuple(modules_in_use(shell, pickled)), tuple(search_path(shell)), packed.notes)


def _find_cell(shell: Any, frame: FrameType | None) -> RunningCell | None:
    check_interpreter()
    cell = find_running_cell(shell, frame, at_instruction=frame is not None)
    if cell is None and frame is not None:
        raise NotInCell(reason="this is not the code of a cell")
    if cell is not None and relay.in_flight_request(shell.kernel) is None:
        raise NotInCell(
            reason="no frontend asked for this cell (a start-up file?), so none would see it go on"
        )
    return cell


def _cut_over(arrival: Arrival, luggage: Luggage, journey: Journey) -> NoReturn:
    """Step 6. From ``held`` on the far side waits as long as the lease says: after exec nobody could ask."""
    hand_over = relay.cut_over if relay.check_kernel(journey.kernel) is None else relay.pump_in_process
    plan = _cut_plan(arrival, luggage, journey)
    with aborted_on_failure(arrival.conversation):
        hold(arrival)
        remember(arrival.landed, journey.target, journey.options)
        leave()
        hand_over(journey.kernel, plan)


def _cut_plan(arrival: Arrival, luggage: Luggage, journey: Journey) -> relay.CutPlan:
    home = home_record(journey.kernel, journey.options.home)
    return relay.CutPlan(
        link=arrival.link,
        channel=arrival.conversation.pipe.channel,
        transport=journey.target.transport.as_record(),
        attach=AttachRequest(arrival.landed.directory, arrival.token, arrival.landed.python),
        host=journey.target.host,
        lease=journey.options.lease,
        in_flight=relay.in_flight_request(journey.kernel),
        keep=keeper.starter(luggage.pickled, home),
        announcement=last_line(journey.progress, arrival.pid, arrival.python, journey.started),
        home=home,
        comms=frontends.comms(),
        files=_left_files(journey),
    )


def _left_files(journey: Journey) -> tuple[str, ...]:
    """Temporary ones, of which the session has its own elsewhere, unless that is on this machine."""
    return () if isinstance(journey.target.transport, LocalTransport) else temporary.paths_here()
