"""A program sets out: the link is made first, and while the child that carries it is on its way the rest of
us is loaded and the program is packed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from functools import partial
from types import FrameType
from typing import Any

from pyteleport_jupyter import user_hooks
from pyteleport_jupyter.approach import approaching, open_link
from pyteleport_jupyter.failing import told_in_one_sentence
from pyteleport_jupyter.options import Options
from pyteleport_jupyter.scripts.asking import ask_at_terminal
from pyteleport_jupyter.scripts.program import find_program
from pyteleport_jupyter.scripts.trips import Trip, trip_by, trip_to
from pyteleport_jupyter.session.place import HOME, current_place
from pyteleport_jupyter.settings import options_for
from pyteleport_jupyter.transports import Ask, Landed, Link, land

CONNECT_SECONDS = 120.0
"""From the first byte to a first stage that answers; people type passwords in this time."""


def depart(target: str, **options: Any) -> None:
    """Go on on ``target``; returns there. Raises TeleportError here, with the program as it was."""
    chosen, caller = options_for(target, **options), sys._getframe(1)
    if target == HOME:
        _come_home(chosen, caller)
        return
    trip = trip_to(target, chosen)
    if current_place().target != trip.target.text:
        _set_out(trip, caller, noted=True)


def depart_at(frame: FrameType, target: str, **options: Any) -> None:
    """As :func:`depart`, for a program that did not ask: ``frame`` goes on with the instruction that it is
    about to run.

    To be called by a trace function or monitoring callback for ``frame``. Raises FrameRefused or NotInProgram
    where it cannot be left there; a later instruction may do.
    """
    from pyteleport_jupyter.scripts import road

    chosen = options_for(target, **options)
    if target == HOME:
        _come_home(chosen, frame, at_instruction=True)
        return
    trip = trip_to(target, chosen)
    if current_place().target == trip.target.text:
        return
    with told_in_one_sentence(trip.target.host), user_hooks.leaving():
        # Packed first: who has not asked for the move may be refused a hundred times before it succeeds.
        luggage = road.pack(trip, frame, at_instruction=True)
        with open_link(trip.target, trip.request.command) as link:
            with road.rehearsed():
                arrival = road.prepare(link, land_on(link, trip, ask_at_terminal), luggage, trip)
            road.leave(arrival, luggage, trip, noted=True)


def depart_by(argv: Sequence[str], python: str, before: str) -> None:
    """Go on wherever ``argv`` ends in a shell; see ``pyteleport_jupyter.bash_teleport``."""
    # The list of sessions could not ask such a target.
    _set_out(trip_by(argv, python, before), sys._getframe(1), noted=False)


def land_on(link: Link, trip: Trip, ask: Ask | None = None, given_up: int | None = None) -> Landed:
    """Boot over ``link``. ``given_up``: see :func:`..transports.land`."""
    deadline = time.monotonic() + CONNECT_SECONDS
    return land(link, trip.target.transport, trip.request, ask, deadline, given_up)


def _set_out(trip: Trip, caller: FrameType, noted: bool) -> None:
    """``noted``: whether the target is one that the list of sessions can ask."""
    with told_in_one_sentence(trip.target.host):
        find_program(caller)  # where there is none, nobody is bothered
    with (
        told_in_one_sentence(trip.target.host),
        user_hooks.leaving(),
        open_link(trip.target, trip.request.command) as link,
    ):
        with approaching(partial(land_on, link, trip)) as approach:
            from pyteleport_jupyter.scripts import road

            luggage = road.pack(trip, caller)
            with road.rehearsed():
                arrival = road.prepare(link, approach.landed(ask_at_terminal), luggage, trip)
        road.leave(arrival, luggage, trip, noted)


def _come_home(options: Options, caller: FrameType, at_instruction: bool = False) -> None:
    from pyteleport_jupyter.scripts.homeward import come_home

    with told_in_one_sentence(HOME):
        come_home(options, caller, at_instruction)
