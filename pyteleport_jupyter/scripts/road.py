"""The road of a program: plan, connect, boot, ship, prepared, cut over. That of a kernel is
:mod:`..departure`; the far side's half and the promises are the same.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from secrets import token_bytes
from types import FrameType
from typing import Any

from pyteleport_jupyter import user_hooks
from pyteleport_jupyter.errors import OptionWrong
from pyteleport_jupyter.failing import aborted_on_failure, told_in_one_sentence
from pyteleport_jupyter.frames import check_interpreter
from pyteleport_jupyter.inventory.versions import compare
from pyteleport_jupyter.ledger import remember
from pyteleport_jupyter.objects import chunks
from pyteleport_jupyter.objects.placed_files import contents_travelling
from pyteleport_jupyter.options import Options, make_options
from pyteleport_jupyter.readiness import check_packages, check_python
from pyteleport_jupyter.relay.entry import package_folder
from pyteleport_jupyter.relay.rehearsal import rehearse
from pyteleport_jupyter.remote import upstream
from pyteleport_jupyter.remote.package_finder import PROGRAM_BOOT
from pyteleport_jupyter.scripts import streams
from pyteleport_jupyter.scripts.asking import ask_at_terminal
from pyteleport_jupyter.scripts.cut import Departing, cut_over
from pyteleport_jupyter.scripts.homeward import come_home
from pyteleport_jupyter.scripts.program import find_program
from pyteleport_jupyter.scripts.snapshot import Luggage, check_threads, take_snapshot
from pyteleport_jupyter.session.place import HOME, current_place, place_at
from pyteleport_jupyter.settings import options_for
from pyteleport_jupyter.targets import Target, parse_target
from pyteleport_jupyter.transports import (
    AttachRequest,
    BootRequest,
    CommandTransport,
    Landed,
    Link,
    close_link,
    complaint,
    land,
)
from pyteleport_jupyter.wire import Conversation, NumberedChannel, Pipe

CONNECT_SECONDS = 120.0
START_SECONDS = 60.0
RESTORE_SECONDS = 600.0

DEFAULT_PYTHON = "python3"


@dataclass(frozen=True)
class Trip:
    """Where to go and how."""

    target: Target
    request: BootRequest
    options: Options


@dataclass(frozen=True)
class Arrival:
    """The prepared far side, and the conversation with it."""

    link: Link
    conversation: Conversation
    token: bytes
    landed: Landed
    pid: int = 0
    python: str = ""


def depart(target: str, **options: Any) -> None:
    """Go on on ``target``; returns there. Raises TeleportError here, with the program as it was."""
    chosen = options_for(target, **options)
    if target == HOME:
        with told_in_one_sentence(HOME):
            come_home(chosen, sys._getframe(1))
        return
    trip = trip_to(target, chosen)
    if current_place().target != trip.target.text:
        _go(trip, sys._getframe(1), noted=True)


def depart_at(frame: FrameType, target: str, **options: Any) -> None:
    """As :func:`depart`, for a program that did not ask: ``frame`` goes on with the instruction that it is
    about to run.

    To be called by a trace function or monitoring callback for ``frame``. Raises FrameRefused or NotInProgram
    where it cannot be left there; a later instruction may do.
    """
    if target == HOME:
        with told_in_one_sentence(HOME):
            come_home(options_for(target, **options), frame, at_instruction=True)
        return
    trip = trip_to(target, options_for(target, **options))
    if current_place().target != trip.target.text:
        _go(trip, frame, at_instruction=True, noted=True)


def trip_to(target: str, options: Options) -> Trip:
    """The way to ``target``. Raises TargetUnknown, OptionWrong."""
    if options.install:
        raise OptionWrong(option="install", given="said", reason="only notebooks can have packages installed")
    going_to = parse_target(target, options)
    python = options.python or going_to.python
    return Trip(going_to, BootRequest(python=python, setup=options.setup, role="program-supervisor"), options)


def depart_by(argv: Sequence[str], python: str, before: str) -> None:
    """Go on wherever ``argv`` ends in a shell; see ``pyteleport_jupyter.bash_teleport``."""
    if not argv or not all(isinstance(word, str) and "\0" not in word for word in argv):
        raise OptionWrong(option="argv", given=repr(argv), reason="say the command as strings")
    options = make_options(python=None if python == DEFAULT_PYTHON else python)
    transport = CommandTransport(tuple(argv), before.strip().rstrip(";").rstrip())
    request = BootRequest(python=options.python, role="program-supervisor", login=False)
    _go(Trip(Target(f"cmd:{' '.join(argv)}", transport), request, options), sys._getframe(1))


def _go(trip: Trip, caller: FrameType, at_instruction: bool = False, noted: bool = False) -> None:
    """``noted``: whether the target is one that the list of sessions can ask."""
    with told_in_one_sentence(trip.target.host), user_hooks.leaving():
        check_interpreter()
        program = replace(find_program(caller), at_instruction=at_instruction)
        check_threads(trip.options.abandon_threads)
        with contents_travelling(trip.options.with_files):
            luggage = take_snapshot(program, place_at(trip.target.text, trip.target.host), trip.options)
        if trip.options.home is None:
            trip = replace(trip, options=replace(trip.options, home=luggage.homeward))
        flags = (*python_flags(), *(("-i",) if program.flagged else ()))
        del program, caller
        with connect(trip) as link:
            arrival = prepare(link, luggage, flags, trip, streams.kinds())
            with aborted_on_failure(arrival.conversation):
                if noted:
                    remember(arrival.landed, trip.target, trip.options)
                cut_over(departing(arrival, flags, trip))


def python_flags() -> tuple[str, ...]:
    """The options that the interpreter was started with, for one that is to be like it."""
    found: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    flags = []
    words = iter(found)
    for word in words:
        flags.append(word + next(words) if word in ("-W", "-X") else word)
    flags += [f"-X{name}" if text is True else f"-X{name}={text}" for name, text in sys._xoptions.items()]
    if not sys.stdout or getattr(sys.__stdout__, "write_through", False):
        flags.append("-u")
    return tuple(dict.fromkeys(flags))


@contextmanager
def connect(trip: Trip) -> Iterator[Link]:
    """A transport child on its way to the target; closed and reaped on any failure."""
    link = trip.target.transport.spawn(trip.request.command)
    try:
        yield link
    finally:
        # Reached only when the move has failed: cutting over does not return.
        close_link(link)


def prepare(
    link: Link,
    luggage: Luggage,
    flags: tuple[str, ...],
    trip: Trip,
    kinds: dict[str, str],
    shipped: Callable[[int], None] = lambda total: None,
) -> Arrival:
    """Boot, compare, ship, and wait until the far side has restored everything; then it is held.

    ``kinds``: what its streams are to be (:func:`.streams.kinds`); ``shipped`` is told the bytes that have
    left.
    """
    host, deadline = trip.target.host, time.monotonic() + CONNECT_SECONDS
    landed = land(link, trip.target.transport, trip.request, ask_at_terminal, deadline)
    channel = NumberedChannel()
    channel.receive(landed.leftover)
    conversation = Conversation(Pipe(link.read_fd, link.write_fd, channel), host, lambda: complaint(link))
    token = token_bytes(32)
    with aborted_on_failure(conversation):
        _start(conversation, luggage, flags, trip, token, kinds)
        conversation.ship(chunks.slices(luggage.pickled), shipped)
        rehearsal = rehearse([package_folder()], "terminal")
        try:
            conversation.command("prepare", host=host)
            deadline = time.monotonic() + RESTORE_SECONDS
            prepared = conversation.wait_for("prepared", deadline, "the program to be restored")
        except BaseException:
            rehearsal.cancel()
            raise
        rehearsal.verdict()
        conversation.command("hold")
        conversation.wait_for("held", time.monotonic() + START_SECONDS, "the program to be held")
    pid, version = int(prepared.get("pid", 0)), str(prepared.get("python", ""))
    return Arrival(link, conversation, token, landed, pid, version)


def _start(
    conversation: Conversation,
    luggage: Luggage,
    flags: tuple[str, ...],
    trip: Trip,
    token: bytes,
    kinds: dict[str, str],
) -> None:
    """A process starts there, and what it finds is compared: nothing is shipped to an unfit target."""
    conversation.command(
        "start",
        kind=luggage.kind,
        host=trip.target.host,
        target=trip.target.text,
        origin=current_place().host,
        token=token.hex(),
        modules=list(luggage.modules),
        lease=trip.options.lease,
        flags=list(flags),
        streams=kinds,
        terminal=streams.terminal() if kinds["stdin"] == "terminal" else None,
        environment=streams.language(),
    )
    survey = conversation.wait_for("survey", time.monotonic() + START_SECONDS, "its Python to look around")
    check_python(survey, trip.target.host)
    check_packages(survey, luggage.modules, trip.target.host)
    compare(survey, luggage.pickled.used, trip.target.host, anyway=trip.options.anyway)


def departing(arrival: Arrival, flags: tuple[str, ...], trip: Trip) -> Departing:
    control = upstream.control()
    home = {"python": sys.executable, "flags": list(flags), "boot": PROGRAM_BOOT}
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
    )
