"""``fork``: a copy of the program goes on elsewhere, and this one here.

The road is that of a move up to the cut. There, instead of this process, a child of it becomes the relay,
whose three streams are pipes to the handle.
"""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from types import FrameType
from typing import IO, Any

from pyteleport_jupyter.approach import Arrival, hold, start_link
from pyteleport_jupyter.errors import NotInProgram
from pyteleport_jupyter.failing import told_in_one_sentence
from pyteleport_jupyter.frames import check_interpreter
from pyteleport_jupyter.objects import CannotMove
from pyteleport_jupyter.options import targets_of_copies
from pyteleport_jupyter.relay.configuration import open_file
from pyteleport_jupyter.relay.entry import relay_argv
from pyteleport_jupyter.relay.terminal_settings import TerminalBaggage
from pyteleport_jupyter.relay.terminal_signals import KILLING
from pyteleport_jupyter.remote import upstream
from pyteleport_jupyter.scripts.asking import ask_at_terminal
from pyteleport_jupyter.scripts.cut import settings_of
from pyteleport_jupyter.scripts.program import find_program
from pyteleport_jupyter.scripts.road import departing, prepare, rehearsed
from pyteleport_jupyter.scripts.setting_out import land_on
from pyteleport_jupyter.scripts.snapshot import take_snapshot
from pyteleport_jupyter.scripts.talking import ControlWay, Peer, SocketWay
from pyteleport_jupyter.scripts.trips import Trip, trip_to
from pyteleport_jupyter.session.place import place_at
from pyteleport_jupyter.settings import options_for
from pyteleport_jupyter.transports import Link, close_link

STREAMS = {"stdin": "pipe", "stdout": "pipe", "stderr": "pipe"}


class Copy:
    """A copy of this program that runs elsewhere. ``index``: which one of several, None of one.

    ``stdin``, ``stdout`` and ``stderr`` are text streams as those of ``subprocess.Popen``; a copy waits where
    nobody reads what it prints.
    """

    def __init__(
        self, process: subprocess.Popen[str], link: Link, talk: SocketWay, host: str, index: int | None
    ) -> None:
        self.host = host
        self.index = index
        self._process = process
        self._link: Link | None = link
        self._talk = talk
        self._peer = Peer(talk, f"the copy on {host}")

    def __repr__(self) -> str:
        return f"<copy {'' if self.index is None else f'{self.index} '}on {self.host}>"

    @property
    def stdin(self) -> IO[str] | None:
        """To write to the copy's stdin."""
        return self._process.stdin

    @property
    def stdout(self) -> IO[str] | None:
        """To read what the copy prints."""
        return self._process.stdout

    @property
    def stderr(self) -> IO[str] | None:
        """To read what the copy says on stderr."""
        return self._process.stderr

    def send(self, message: object) -> None:
        """Send an object, for the copy's ``parent().recv()``. Raises EOFError when the copy has ended."""
        self._peer.send(message)

    def recv(self, timeout: float | None = None) -> Any:
        """The next object that the copy has sent by ``parent().send()``: it is unpickled here, so what the
        copy says is run here.

        Raises TimeoutError, and EOFError when the copy has ended.
        """
        return self._peer.recv(timeout)

    def poll(self) -> int | None:
        """The copy's exit status (128 + n where signal n ended it), None while it runs."""
        status = self._process.poll()
        if status is not None:
            self._forget_link()
        return status

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the copy's end; its exit status. Raises ``subprocess.TimeoutExpired``."""
        status = self._process.wait(timeout)
        self._forget_link()
        return status

    def kill(self) -> None:
        """End the copy, as SIGKILL does."""
        self._process.send_signal(KILLING)

    def close(self) -> None:
        """Close the streams; nothing more is said to the copy, which goes on."""
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                stream.close()
        self._talk.close()

    def __enter__(self) -> Copy:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()
        self.wait()

    def __reduce__(self) -> tuple[Any, ...]:
        """In another process it is only known that there was one."""
        status = self.poll()
        if status is None and not _is_forking:
            raise CannotMove(f"a copy that still runs on {self.host} belongs to the process that made it")
        return CopyOfAnother, (self.host, self.index, status)

    def _forget_link(self) -> None:
        """The relay has gone, and the child that was its link with it: take leave of it."""
        if self._link is not None:
            close_link(self._link)
            self._link = None


@dataclass(frozen=True)
class CopyOfAnother:
    """The handle of a copy, in a process that did not make it. ``status`` as far as it was known."""

    host: str
    index: int | None
    status: int | None

    def poll(self) -> int | None:
        """See :class:`Copy`."""
        return self.status

    def __getattr__(self, name: str) -> Any:
        if name in vars(Copy) and not name.startswith("_"):
            raise NotInProgram(reason=f"the copy on {self.host} belongs to the process that made it")
        raise AttributeError(name)


_is_forking = False
"""Set while a snapshot is for a copy: handles of earlier ones stay with us, who go on here."""


@dataclass(frozen=True)
class Prepared:
    """A copy that is held on its target."""

    trip: Trip
    arrival: Arrival


def fork(targets: str | Sequence[str], n: int | None, options: dict[str, Any], caller: FrameType) -> Any:
    """See ``pyteleport_jupyter.fork``."""
    wanted = targets_of_copies(targets, n)
    with told_in_one_sentence(", ".join(dict.fromkeys(map(str, wanted)))), ExitStack() as undo:
        check_interpreter()
        prepared = [_prepared(target, options, caller, undo) for target in wanted]
        several = n is not None or not isinstance(targets, str)
        copies = [_set_free(each, number if several else None) for number, each in enumerate(prepared)]
        undo.pop_all()
    return copies if several else copies[0]


def _prepared(target: str, options: dict[str, Any], caller: FrameType, undo: ExitStack) -> Prepared:
    """Everything up to the point where the copy could go on. Threads stay here, as with ``os.fork``."""
    trip = trip_to(target, options_for(target, **options), STREAMS)
    program = find_program(caller)
    if program.prompts:
        raise NotInProgram(reason="at the prompt there is nothing that a copy could go on with")
    with _forking():
        luggage = take_snapshot(program, place_at(trip.target.text, trip.target.host), trip.options)
    link = start_link(trip.target, trip.request.command, undo)
    with rehearsed():
        arrival = prepare(link, land_on(link, trip, ask_at_terminal), luggage, trip)
    undo.callback(arrival.conversation.abort)
    hold(arrival)
    return Prepared(trip, arrival)


@contextmanager
def _forking() -> Iterator[None]:
    global _is_forking
    _is_forking = True
    try:
        yield
    finally:
        _is_forking = False


def _set_free(prepared: Prepared, index: int | None) -> Copy:
    """A child of ours becomes the relay, which says that the copy may go on."""
    arrival = prepared.arrival
    plan = replace(departing(arrival, prepared.trip), home=None, upstream_fd=None, streams=STREAMS, files=())
    ours, theirs = socket.socketpair()
    with theirs:
        settings = replace(settings_of(plan), value=index, talk_fd=theirs.fileno())
        with open_file() as file:
            descriptor = TerminalBaggage(settings, plan.channel.freeze()).pack(file)
            process = subprocess.Popen(
                relay_argv(descriptor),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
                pass_fds=(descriptor, *settings.inherited()),
            )
    for fd in settings.far.descriptors():
        os.close(fd)
    link = replace(arrival.link, read_fd=-1, write_fd=-1, events_fd=None, complaints_fd=None)
    return Copy(process, link, SocketWay(ours.detach()), prepared.trip.target.host, index)


_parent: Peer | None = None


def parent() -> Peer:
    """See ``pyteleport_jupyter.parent``."""
    global _parent
    control = upstream.control()
    if control is None:
        raise NotInProgram(reason="this program is no copy, so it has no parent")
    if _parent is None:
        _parent = Peer(ControlWay(control), "the program that this is a copy of")
    return _parent
