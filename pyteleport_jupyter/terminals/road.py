"""The road of a session in a terminal: plan, connect, boot, ship, prepared, cut over. What travels is what a
kernel's session is; how is how a script goes.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from functools import partial
from types import FrameType
from typing import Any

from IPython.terminal.embed import InteractiveShellEmbed

from pyteleport_jupyter import user_hooks
from pyteleport_jupyter.approach import Arrival, hold, open_link
from pyteleport_jupyter.failing import aborted_on_failure, told_in_one_sentence
from pyteleport_jupyter.frames import check_interpreter
from pyteleport_jupyter.leaving import leave
from pyteleport_jupyter.ledger import remember
from pyteleport_jupyter.options import Options
from pyteleport_jupyter.remote import upstream
from pyteleport_jupyter.scripts.asking import ask_at_terminal
from pyteleport_jupyter.scripts.cut import Departing, cut_over
from pyteleport_jupyter.scripts.homeward import go_home
from pyteleport_jupyter.scripts.road import departing, prepare, rehearsed
from pyteleport_jupyter.scripts.setting_out import land_on
from pyteleport_jupyter.scripts.trips import Trip, trip_to
from pyteleport_jupyter.session import Place, current_place, place_at
from pyteleport_jupyter.session.event_loop_items import in_context_of_cell
from pyteleport_jupyter.session.place import HOME
from pyteleport_jupyter.session.threads import check_threads
from pyteleport_jupyter.settings import options_for
from pyteleport_jupyter.terminals import past
from pyteleport_jupyter.terminals.ground import program_around
from pyteleport_jupyter.terminals.luggage import pack
from pyteleport_jupyter.terminals.telling import TerminalProgress

ANNOUNCEMENT = "teleported to {host} (pid {pid}, Python {python}) in {seconds:.1f} s"


def depart(shell: Any, target: str, options: dict[str, Any], frame: FrameType | None = None) -> None:
    """Go on with the running cell of ``shell``, and its prompt, on ``target``; returns there.

    ``frame``: see :func:`..departure.depart_at`. Raises TeleportError here, with the session as it was.
    """
    started = time.monotonic()
    chosen = options_for(target, **options)
    place = current_place()
    going_home = target.strip() == HOME
    trip = None if going_home else trip_to(target, chosen)
    if place.target == (HOME if trip is None else trip.target.text):
        print(f"already there: {place.sentence()}")
        return
    host = place.home if trip is None else trip.target.host
    progress = TerminalProgress(host, quiet=chosen.quiet)
    with told_in_one_sentence(HOME if trip is None else host, progress.failed), user_hooks.leaving():
        if trip is None:
            in_context_of_cell(_come_home, shell, chosen, progress, started, frame)
        else:
            in_context_of_cell(_go, shell, trip, progress, started, frame)


def _go(shell: Any, trip: Trip, progress: TerminalProgress, started: float, frame: FrameType | None) -> None:
    check_interpreter()
    packed = pack(shell, place_at(trip.target.text, trip.target.host), trip.options, frame)
    check_threads(trip.options.abandon_threads)
    trip = trip.with_home(True)
    for note in packed.notes:
        progress.note(note)
    if not isinstance(shell, InteractiveShellEmbed) and (program := program_around(shell)) is not None:
        progress.note(f"{program}, which has started this IPython, does not go on when it is left")
    progress.stage("connect")
    with open_link(trip.target, trip.request.command) as link:
        shipped = partial(progress.shipped, packed.luggage.pickled.total_bytes)
        with rehearsed():
            arrival = prepare(link, land_on(link, trip, ask_at_terminal), packed.luggage, trip, shipped)
        with aborted_on_failure(arrival.conversation):
            hold(arrival)
            progress.clear()
            past.write_out(shell)
            remember(arrival.landed, trip.target, trip.options)
            leave()
            plan = departing(arrival, trip)
            cut_over(_departing(plan, shell, trip, progress, _announcement(arrival, trip, started)))


def _departing(
    plan: Departing, shell: Any, trip: Trip, progress: TerminalProgress, announcement: str
) -> Departing:
    home = None if plan.home is None else {**plan.home, "shell": past.as_record(shell)}
    said = "" if trip.options.quiet else "\n".join([announcement, *progress.notes()])
    return replace(plan, home=home, history=past.database(shell), announcement=said)


def _announcement(arrival: Arrival, trip: Trip, started: float) -> str:
    return ANNOUNCEMENT.format(
        host=trip.target.host, pid=arrival.pid, python=arrival.python, seconds=time.monotonic() - started
    )


def _come_home(
    shell: Any, options: Options, progress: TerminalProgress, started: float, frame: FrameType | None
) -> None:
    control = upstream.control()
    home = current_place().home
    if control is None:
        return
    check_interpreter()
    packed = pack(shell, Place(host=home, target=HOME, pid=0, home=home), options, frame)
    check_threads(options.abandon_threads)
    for note in packed.notes:
        progress.note(note)
    progress.stage("ship")
    sys.stdout.flush()
    leave()
    go_home(control, packed.luggage)
