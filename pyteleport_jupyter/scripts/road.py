"""The road of a program: pack, ship, prepared, cut over. That of a kernel is :mod:`..departure`; the far
side's half and the promises are the same.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from secrets import token_bytes
from types import FrameType

from pyteleport_jupyter.approach import Arrival, hold
from pyteleport_jupyter.failing import aborted_on_failure
from pyteleport_jupyter.frames import check_interpreter
from pyteleport_jupyter.inventory.versions import compare
from pyteleport_jupyter.ledger import remember
from pyteleport_jupyter.objects import chunks
from pyteleport_jupyter.objects.placed_files import contents_travelling
from pyteleport_jupyter.objects.reducers import temporary
from pyteleport_jupyter.readiness import check_packages, check_python
from pyteleport_jupyter.relay import rehearsal
from pyteleport_jupyter.relay.entry import package_folder
from pyteleport_jupyter.remote import upstream
from pyteleport_jupyter.scripts import streams
from pyteleport_jupyter.scripts.cut import Departing, cut_over
from pyteleport_jupyter.scripts.program import find_program
from pyteleport_jupyter.scripts.snapshot import Luggage, check_threads, take_snapshot
from pyteleport_jupyter.scripts.trips import Trip
from pyteleport_jupyter.session.place import current_place, place_at
from pyteleport_jupyter.transports import AttachRequest, Landed, Link, LocalTransport
from pyteleport_jupyter.transports.conversing import converse
from pyteleport_jupyter.wire import Conversation

START_SECONDS = 60.0
RESTORE_SECONDS = 600.0


def pack(trip: Trip, caller: FrameType, at_instruction: bool = False) -> Luggage:
    """The program that ``caller`` belongs to as it goes on this trip.

    Raises NotInProgram, ThreadsRunning, FrameRefused, ObjectsRefused or OptionWrong, with nothing changed.
    """
    check_interpreter()
    program = replace(find_program(caller), at_instruction=at_instruction)
    check_threads(trip.options.abandon_threads)
    with contents_travelling(trip.options.with_files):
        return take_snapshot(program, place_at(trip.target.text, trip.target.host), trip.options)


def rehearsed() -> AbstractContextManager[None]:
    """Within the block a relay starts for trial. Raises QuiesceFailed behind it if none would start here."""
    return rehearsal.rehearsed([package_folder()], "terminal")


def leave(arrival: Arrival, luggage: Luggage, trip: Trip, noted: bool) -> None:
    """Go on over there. ``noted``: whether the list of sessions is to know of it."""
    trip = trip.with_home(luggage.homeward)
    with aborted_on_failure(arrival.conversation):
        hold(arrival)
        if noted:
            remember(arrival.landed, trip.target, trip.options)
        cut_over(departing(arrival, trip))


def prepare(
    link: Link,
    landed: Landed,
    luggage: Luggage,
    trip: Trip,
    shipped: Callable[[int], None] = lambda total: None,
) -> Arrival:
    """Compare, ship, and wait until the far side has restored everything.

    ``shipped`` is told the bytes that have left.
    """
    host = trip.target.host
    conversation = converse(link, landed, host)
    token = token_bytes(32)
    with aborted_on_failure(conversation):
        _start(conversation, luggage, trip, token)
        conversation.ship(chunks.slices(luggage.pickled), shipped)
        conversation.command("prepare", host=host)
        deadline = time.monotonic() + RESTORE_SECONDS
        prepared = conversation.wait_for("prepared", deadline, "the program to be restored")
    pid, version = int(prepared.get("pid", 0)), str(prepared.get("python", ""))
    return Arrival(link, conversation, token, landed, pid, version)


def _start(conversation: Conversation, luggage: Luggage, trip: Trip, token: bytes) -> None:
    """What is found there is compared: nothing is shipped to an unfit target."""
    host = trip.target.host
    conversation.command(
        "start",
        kind=luggage.kind,
        host=host,
        target=trip.target.text,
        origin=current_place().host,
        token=token.hex(),
        modules=list(luggage.modules),
        lease=trip.options.lease,
    )
    survey = conversation.wait_for("survey", time.monotonic() + START_SECONDS, "its Python to look around")
    check_python(survey, host)
    check_packages(survey, luggage.modules, host)
    compare(survey, luggage.pickled.used, host, anyway=trip.options.anyway)


def departing(arrival: Arrival, trip: Trip) -> Departing:
    """What the relay is to know."""
    control = upstream.control()
    home = {"python": sys.executable, "flags": list(trip.start.flags), "boot": trip.start.boot}
    return Departing(
        link=arrival.link,
        channel=arrival.conversation.pipe.channel,
        transport=trip.target.transport.as_record(),
        attach=AttachRequest(arrival.landed.directory, arrival.token, arrival.landed.python),
        host=trip.target.host,
        lease=trip.options.lease,
        streams=streams.kinds(),
        upstream_fd=None if control is None else control.fd,
        home=home if trip.options.home else None,
        files=() if isinstance(trip.target.transport, LocalTransport) else temporary.paths_here(),
    )
