"""The local half of the boot: from a child that has just been spawned to a link that both ends agree on.

One loop looks after the byte pipe and after what the child wants to ask the user. Nothing that the far side
says is trusted to be short, ours, or there at all.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import astuple, replace
from threading import Thread
from typing import Any

from pyteleport_jupyter import errors
from pyteleport_jupyter.remote import first_stage
from pyteleport_jupyter.remote.first_stage import PYTHON_MARKER, SHELL_MARKER
from pyteleport_jupyter.transports import complaints
from pyteleport_jupyter.transports.events import ParentEvents
from pyteleport_jupyter.transports.link import Ask, Link, Transport, complaint, exit_status
from pyteleport_jupyter.transports.requests import (
    AttachRequest,
    BootRequest,
    Entry,
    Inquiry,
    Landed,
    Request,
)
from pyteleport_jupyter.transports.terminal_events import TerminalEvents
from pyteleport_jupyter.wire.framing import Framer, WireError, encode_frame
from pyteleport_jupyter.wire.proof import attach_digest, successor, takeover_digest
from pyteleport_jupyter.wire.records import (
    Challenge,
    Proof,
    Record,
    Refused,
    Takeover,
    Welcome,
    encode,
    parse,
)
from pyteleport_jupyter.wire.waiting import ready

NOISE_LIMIT = 1 << 20
"""Most bytes that start-up files may print before a marker of ours must have come."""

ANSWER_LIMIT = 64 << 10
"""Longest line of JSON behind a marker."""

READ_SIZE = 64 << 10

LINK_BROKE = 255
"""Exit status of an ssh whose connection broke; any other is that of the shell there."""

LAST_WORDS_SECONDS = 2.0
"""So long a shell whose --setup has failed may take to end, before we tell without all that it said."""


def land(
    link: Link,
    transport: Transport,
    request: BootRequest | AttachRequest,
    ask: Ask | None,
    deadline: float,
    given_up: int | None = None,
) -> Landed:
    """Do what ``request`` says over ``link``, whose child runs :data:`REMOTE_COMMAND`.

    ``deadline`` (``time.monotonic``) does not count the time in which the user thinks. Raises a
    TeleportError that names ``transport.host``; SessionGone if there is nothing to attach to any more;
    MoveCancelled as soon as the descriptor ``given_up`` can be read. The link stays open: closing it is for
    the caller, also after KeyboardInterrupt.
    """
    landing, hello = say_hello(link, transport, request, ask, deadline, given_up)
    verdict = landing.read_answer("the first stage")
    welcome = landing.attach(request) if isinstance(request, AttachRequest) else Entry()
    python, directory = (
        path_in(hello, "executable", transport.host),
        path_in(verdict, "landed", transport.host),
    )
    return Landed(bytes(landing.unread), python, str(hello["python"]), directory, *astuple(welcome))


def say_hello(
    link: Link,
    transport: Transport,
    request: Request,
    ask: Ask | None,
    deadline: float,
    given_up: int | None = None,
) -> tuple[Landing, dict[str, Any]]:
    """The first half of :func:`land`, for any request: returns what the interpreter there says of itself."""
    opening = _prepare(request)
    landing = Landing(link, transport.host, request, ask, deadline, given_up)
    landing.read_until(SHELL_MARKER + b"\n", "its shell")
    landing.write(opening())
    hello = landing.read_answer("its --setup" if _has_setup(request) else "Python")
    _check_hello(hello, transport.host)
    return landing, hello


def _prepare(request: Request) -> Callable[[], bytes]:
    """Make what the far side needs while the connection is being made; call the result to get it.

    It goes out in one piece: that costs no round trip, and what turns out not to be wanted is simply not
    read.
    """
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if isinstance(request, Inquiry):
        question = first_stage.start_line(version, request.python, request.setup)
        question += first_stage.header(
            "inquiry", answers=request.answers, op=request.op, session=request.session
        )
        return lambda: question
    if isinstance(request, AttachRequest):
        line = first_stage.start_line(version, request.python)
        opening = line + first_stage.header("attach", directory=request.directory)
        return lambda: opening
    packing = _Packing(version, request)
    packing.start()
    return packing.opening.result


class _Packing(Thread):
    """Of a class of ours: after a move that has failed at once, nobody takes it for a thread of the user."""

    def __init__(self, version: str, request: BootRequest) -> None:
        super().__init__(name="package", daemon=True)
        self.opening: Future[bytes] = Future()
        self._asked = version, request

    def run(self) -> None:
        """Called by the thread."""
        try:
            self.opening.set_result(_boot_opening(*self._asked))
        except BaseException as error:
            self.opening.set_exception(error)


def _boot_opening(version: str, request: BootRequest) -> bytes:
    # Only here: the relay, which only attaches, need not be able to build a zip.
    from pyteleport_jupyter.remote.kept_package import packed_package
    from pyteleport_jupyter.remote.package_finder import BOOT

    line = first_stage.start_line(version, request.python, request.setup, request.login)
    program = {} if request.program is None else {"program": vars(request.program)}
    return line + first_stage.header("boot", packed_package(), boot=BOOT, **program)


def _check_hello(hello: dict[str, Any], host: str) -> None:
    here = sys.version.split()[0]
    there = str(hello.get("python", "?"))
    if there.split(".")[:2] != here.split(".")[:2]:
        raise errors.WrongPython(host=host, there=_minor(there), here=_minor(here))
    if hello.get("magic") != importlib.util.MAGIC_NUMBER.hex():
        raise errors.WrongPython(host=host, there=f"{there} with other byte code", here=here)


def path_in(answer: dict[str, Any], name: str, host: str) -> str:
    """A path there, which comes as the hexadecimal digits of its bytes. Raises ProtocolBroken."""
    try:
        return os.fsdecode(bytes.fromhex(answer[name]))
    except (KeyError, TypeError, ValueError):
        raise errors.ProtocolBroken(host=host, reason=f"an answer without {name}") from None


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


class Landing:
    """The bytes of one landing: what came and was not understood yet, what is still to be written, until
    when.
    """

    def __init__(
        self,
        link: Link,
        host: str,
        request: Request,
        ask: Ask | None,
        deadline: float,
        given_up: int | None = None,
    ) -> None:
        self._given_up = () if given_up is None else (given_up,)
        self.unread = bytearray()
        self._link = link
        self._host = host
        self._request = request
        self._events = _events_of(link, host, ask)
        self._began = time.monotonic()
        self._deadline = deadline
        self._stage = "the connection"
        self._ended = False
        self._outgoing = memoryview(b"")
        os.set_blocking(link.read_fd, False)
        os.set_blocking(link.write_fd, False)

    def read_until(self, marker: bytes, stage: str) -> None:
        """Skip noise until ``marker`` has been read."""
        self._stage = stage
        searched = 0
        while (found := self.unread.find(marker, max(0, searched - len(marker)))) < 0:
            if len(self.unread) > NOISE_LIMIT:
                raise self._too_much()
            if marker[:-1] + b"\r" in self.unread:
                raise errors.ShellFailed(host=self._host, reason="there is a terminal in between")
            searched = len(self.unread)
            self._wait()
        del self.unread[: found + len(marker)]

    def _too_much(self) -> errors.TeleportError:
        if self._outgoing:
            return errors.ProtocolBroken(host=self._host, reason="it talks and does not listen")
        return errors.ShellFailed(host=self._host, reason="it prints too much before we get to speak")

    def read_answer(self, stage: str) -> dict[str, Any]:
        """The JSON object behind the next PYTHON_MARKER; raises the error that it may be."""
        self.read_until(PYTHON_MARKER, stage)
        while (end := self.unread.find(b"\n", 0, ANSWER_LIMIT)) < 0:
            if len(self.unread) > ANSWER_LIMIT:
                raise errors.ProtocolBroken(host=self._host, reason="an answer without an end")
            self._wait()
        answer = _parse_answer(bytes(self.unread[:end]), self._host)
        del self.unread[: end + 1]
        if "error" in answer:
            raise self._reported(answer)
        return answer

    def _reported(self, answer: dict[str, Any]) -> errors.TeleportError:
        """The error in ``answer``. What the far shell reports are bare facts: the reasons are added here."""
        error = errors.from_record(answer, host=self._host)
        if isinstance(error, errors.NoPython):
            return errors.NoPython(host=self._host, reason=_searched(self._request))
        if isinstance(error, errors.SetupFailed):
            self._await_end()
            silent = "it ended the shell" if error.facts.get("status") == "0" else "it did not say why"
            reason = complaints.of_setup(complaint(self._link)) or silent
            return errors.SetupFailed(**{**error.facts, "reason": reason})
        return error

    def _await_end(self) -> None:
        """Until the child has hung up: by then all that there is on stderr has come; or for a moment."""
        end = time.monotonic() + LAST_WORDS_SECONDS
        os.set_blocking(self._link.read_fd, False)
        while (left := end - time.monotonic()) > 0:
            ready([self._link.read_fd], [], left)
            with contextlib.suppress(BlockingIOError):
                if not os.read(self._link.read_fd, READ_SIZE):
                    return

    def write(self, data: bytes) -> None:
        """Let ``data`` go out while the answer is waited for: it may come before all of it was heard."""
        self._outgoing = memoryview(bytes(self._outgoing) + data)

    def attach(self, request: AttachRequest) -> Entry:
        """Prove that the session is ours."""
        self._stage = "the session"
        try:
            records = self._records()
            challenge = next(records)
            if not isinstance(challenge, Challenge):
                raise _unwelcome(challenge, self._host)
            proof, entry = _proof(request, challenge)
            self.write(encode_frame(encode(proof)))
            welcome = next(records)
        except WireError as error:
            raise errors.ProtocolBroken(host=self._host, reason=error) from None
        if not isinstance(welcome, Welcome):
            raise _unwelcome(welcome, self._host)
        return replace(entry, received=welcome.received)

    def _records(self) -> Iterator[Record]:
        """Records one by one; what comes behind the last one asked for stays in ``unread``."""
        framer = Framer()
        while True:
            while not self.unread:
                self._wait()
            byte = bytes(self.unread[:1])
            del self.unread[:1]
            for body in framer.feed(byte):
                yield parse(body)

    def _wait(self) -> None:
        """Wait for something to happen and see to it."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            seconds = f"{self._deadline - self._began:.0f}"
            raise errors.LinkTimeout(host=self._host, seconds=seconds, stage=self._stage)
        reads = [self._link.read_fd, *self._events.fds, *self._given_up]
        readable, writable = ready(reads, [self._link.write_fd] if self._outgoing else [], left)
        if not readable.isdisjoint(self._given_up):
            raise errors.MoveCancelled(host=self._host)
        if self._events.fds and self._events.fds[0] in readable:
            self._deadline += self._events.handle()
        if self._link.read_fd in readable:
            self._read()
        if writable:
            self._write_some()

    def _read(self) -> None:
        try:
            data = os.read(self._link.read_fd, READ_SIZE)
        except BlockingIOError:
            return
        if not data:
            if self._ended or not self.unread:
                raise self._hung_up()
            self._ended = True
        self.unread += data

    def _write_some(self) -> None:
        try:
            self._outgoing = self._outgoing[os.write(self._link.write_fd, self._outgoing) :]
        except BlockingIOError:
            return
        except OSError:
            # Whoever hung up may have said why: the reading side will find that, or the end.
            self._outgoing = memoryview(b"")

    def _hung_up(self) -> errors.TeleportError:
        """The child has closed the pipe: say why, as far as anybody knows."""
        self._events.drain()
        reason = complaints.last_line(complaint(self._link)) or "it hung up"
        kinds = {
            "Python": errors.NoPython,
            "its --setup": errors.NoPython,
            "its shell": errors.ShellFailed,
        }
        kind = kinds.get(self._stage, errors.LinkLost)
        if kind in (errors.NoPython, errors.ShellFailed) and exit_status(self._link) == LINK_BROKE:
            kind = errors.LinkLost
        return kind(host=self._host, reason=reason)


def _events_of(link: Link, host: str, ask: Ask | None) -> ParentEvents | TerminalEvents:
    """What the child has to ask: in our words, or at its terminal in its own."""
    if link.terminal_fd is None or link.events_fd is None:
        return ParentEvents(link.events_fd, host, ask)
    return TerminalEvents(link.events_fd, host, ask)


def _proof(request: AttachRequest, challenge: Challenge) -> tuple[Record, Entry]:
    token, nonce, epoch = request.token, challenge.nonce, request.epoch
    if not request.takeover:
        return Proof(epoch, request.received, attach_digest(token, nonce, epoch, request.received)), Entry()
    epoch = challenge.epoch + 1
    entry = Entry(token=successor(token, nonce, epoch), epoch=epoch)
    return Takeover(epoch, takeover_digest(token, nonce, epoch)), entry


def _has_setup(request: Request) -> bool:
    return not isinstance(request, AttachRequest) and bool(request.setup)


def _searched(request: Request) -> str:
    """What was looked for and not found, in words."""
    python = request.python
    if python and python.startswith(("/", "~")):
        return f"{python} is not there, or is no program that you may run"
    names = python or f"python3, python{sys.version_info[0]}.{sys.version_info[1]} or python"
    return f"its login shell finds no {names}{', not after --setup either' if _has_setup(request) else ''}"


def _parse_answer(line: bytes, host: str) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise errors.ProtocolBroken(host=host, reason="an answer that is not JSON")
    return answer


def _unwelcome(record: Record, host: str) -> errors.TeleportError:
    if isinstance(record, Refused):
        return errors.SessionGone(host=host, reason=record.reason.decode(errors="replace"))
    return errors.ProtocolBroken(host=host, reason=f"{type(record).__name__} at the door")
