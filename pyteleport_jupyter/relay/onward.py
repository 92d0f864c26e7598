"""The way on: a session abroad goes to another host, and the relay at home makes the link to it.

So nobody has to stay between the two. The session speaks to the new host through us; when its copy there is
held, we take the link over and the session over here ends. Nothing of what passes is looked at.
"""

from __future__ import annotations

import base64
import os
import queue
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from pyteleport_jupyter.relay.announcement import Announcement
from pyteleport_jupyter.relay.configuration import FarSettings, open_file, plain_fields, read_messages
from pyteleport_jupyter.relay.entry import package_folder
from pyteleport_jupyter.relay.far_side import FarSide, carrier_of
from pyteleport_jupyter.relay.reattach import Reattachment
from pyteleport_jupyter.wire.channel import NumberedChannel
from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.lanes import Lane

if TYPE_CHECKING:
    from pyteleport_jupyter.transports.link import Link, Question
    from pyteleport_jupyter.transports.requests import Landed

ATTEMPT_SECONDS = 120.0
MOST_ATTEMPTS = 4
"""Under way at once: one that was called off goes on to its end."""

PIECE = 128 << 10
BACKLOG = 1 << 20
"""With more bytes than this waiting for the new link, the session is to wait."""

MOST_LATE = 1 << 30
"""Most bytes of requests that come from the host before."""

MOST_NAMES = 1000
_LINE = re.compile(r"(?:teleport|away)\b(.*)")
_WORD = re.compile(r"[^\s\"'(),]{1,256}")

ARRIVED = "teleported to {host} (pid {pid}, Python {python}) in {seconds:.1f} s"

Ask = Callable[[str, bool], str | None]
Say = Callable[..., None]


def named_in(code: object) -> set[str]:
    """The words in ``code`` that may be targets."""
    lines = _LINE.findall(code) if isinstance(code, str) else []
    return {word for line in lines for word in _WORD.findall(line)}


@dataclass(frozen=True)
class Successor:
    """The far side that comes after this one: held, and waiting for our word."""

    settings: FarSettings
    channel: NumberedChannel
    far: FarSide
    announcement: Announcement | None
    cell: str
    """The id of the request of the cell that goes on; empty where none does."""
    late: BinaryIO

    def keep(self, content: bytes) -> None:
        """A piece of what clients had sent; bounded, as the far side says it."""
        if self.late.tell() < MOST_LATE:
            self.late.write(content)

    def requests(self) -> list[tuple[Lane, list[bytes]]]:
        """What clients had sent to the one before, and it had not begun; first the cell that goes on."""
        self.late.seek(0)
        return list(read_messages(self.late))


@dataclass(frozen=True)
class _Reached:
    link: Link
    landed: Landed
    host: str
    transport: dict[str, Any]


class Onward:
    """One link to one new host, from the session's wish to its end or to a :class:`Successor`."""

    def __init__(self, say: Say, ask: Ask, named: set[str], options: Mapping[str, Any]) -> None:
        self.leaving = False
        self.successor: Successor | None = None
        self._say = say
        self._ask = ask
        self._named = named
        self._options = options
        self._attempt = self._under_way = 0
        self._results: queue.SimpleQueue[tuple[int, _Reached | dict[str, Any]]] = queue.SimpleQueue()
        self._reached: _Reached | None = None
        self._backlog = bytearray()
        self._taken = False

    def requested(self, code: object) -> None:
        """A client sent this code: where the user wants to go, we may go."""
        if len(self._named) < MOST_NAMES:
            self._named |= named_in(code)

    def told(self, command: Mapping[str, Any]) -> None:
        """The session says this."""
        what = command.get("what")
        if what == "onward":
            self._begin(command)
        elif what == "over" and self._reached is not None:
            self.leaving = True
        elif what == "moved" and self.leaving:
            self._take_over(command)
        elif what == "moved":
            self._refuse("the link to the new host was lost at the last moment")
        elif what in ("cancelled", "gone") and self.successor is None:
            self._forget()

    def _begin(self, command: Mapping[str, Any]) -> None:
        self._forget()
        target = command.get("target")
        if target not in self._named:
            self._refuse("no cell of yours that passed here names it")
            return
        if self._under_way >= MOST_ATTEMPTS:
            self._refuse("too many attempts to reach hosts are under way")
            return
        self._attempt += 1
        self._under_way += 1
        arguments = (self._attempt, dict(command))
        threading.Thread(target=self._connect, args=arguments, name="onward", daemon=True).start()

    def _refuse(self, reason: object) -> None:
        self._say("refused", error="TeleportError", facts={"reason": str(reason)})

    def _connect(self, attempt: int, command: dict[str, Any]) -> None:
        """In a thread."""
        try:
            reached: _Reached | dict[str, Any] = self._reach(command)
        except Exception as error:
            facts: Any = getattr(error, "facts", {"reason": f"{type(error).__name__}: {error}"})
            reached = {"error": type(error).__name__, "facts": facts}
        self._results.put((attempt, reached))

    def _reach(self, command: dict[str, Any]) -> _Reached:
        # Only here: the relay starts without what it takes to make a link.
        from pyteleport_jupyter.errors import TargetUnknown
        from pyteleport_jupyter.remote.package_finder import install
        from pyteleport_jupyter.settings import configured, options_for
        from pyteleport_jupyter.targets import parse_target
        from pyteleport_jupyter.transports import BootRequest, SshTransport, close_link, land

        if os.path.isfile(package_folder()):
            # The relay of a session that has moved on from here: what it came from goes on as it is.
            install(package_folder())
        given = {name: command[name] for name in ("python", "setup", "via") if command.get(name)}
        # The user's file and configuration are here, where the session began: what they say counts where
        # nothing was said there.
        configured.update(self._options)
        options = options_for(command["target"], **given)
        target = parse_target(command["target"], options)
        transport = target.transport
        if not isinstance(transport, SshTransport):
            raise TargetUnknown(target=target.text, reason="it is no ssh host")
        link = transport.spawn(BootRequest.command)
        try:
            request = BootRequest(python=options.python, setup=options.setup)
            landed = land(link, transport, request, self._answer, time.monotonic() + ATTEMPT_SECONDS)
        except BaseException:
            close_link(link)
            raise
        for descriptor in (link.read_fd, link.write_fd):
            os.set_blocking(descriptor, False)
        return _Reached(link, landed, transport.host, transport.as_record())

    def _answer(self, question: Question) -> str | None:
        return self._ask(question.text, question.secret)

    # ---------------------------------------------------------------------- between

    @property
    def congested(self) -> bool:
        """Whether the new link takes less than the session says."""
        return len(self._backlog) > BACKLOG

    def watched(self) -> dict[int, bool]:
        """Descriptors to be watched, and whether for writing too."""
        if self._reached is None or self.successor is not None:
            return {}
        link = self._reached.link
        reading = {} if self.leaving else {link.read_fd: False}
        return {**reading, link.write_fd: True} if self._backlog else reading

    def talk(self, content: bytes) -> None:
        """The session says this to the new host."""
        if self._reached is not None:
            self._backlog += content

    def look(self, has_room: bool, send: Callable[[bytes], None]) -> None:
        """Pass on what there is; ``send`` is for what the new host says."""
        while not self._results.empty():
            self._under_way -= 1
            self._heard_of(*self._results.get(), send)
        if self._reached is None:
            return
        if self.successor is not None:
            # Nobody listens to it yet: that nothing is heard is no sign.
            self.successor.far.hold_back(True)
            self.successor.far.flush()
            self.successor.far.look()
            return
        self._write(self._reached.link)
        if self.leaving:
            if not self._backlog and not self._taken:
                self._taken = True
                self._say("taken")
        elif has_room:
            self._read(self._reached.link, send)

    def _heard_of(
        self, attempt: int, result: _Reached | dict[str, Any], send: Callable[[bytes], None]
    ) -> None:
        if isinstance(result, dict):
            if attempt == self._attempt:
                self._say("refused", **result)
        elif attempt != self._attempt:
            _close(result)
        else:
            self._reached = result
            landed = result.landed
            facts = {"python": landed.python, "version": landed.version, "directory": landed.directory}
            self._say("landed", host=result.host, **facts)
            if landed.leftover:
                send(landed.leftover)

    def _write(self, link: Link) -> None:
        with suppress(BlockingIOError, OSError):
            while self._backlog:
                del self._backlog[: os.write(link.write_fd, memoryview(self._backlog)[:PIECE].tobytes())]

    def _read(self, link: Link, send: Callable[[bytes], None]) -> None:
        try:
            data = os.read(link.read_fd, PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            send(data)
            return
        self._say("refused", error="LinkLost", facts={"reason": "it was closed"})
        self._forget()

    # ---------------------------------------------------------------------- the end

    def _take_over(self, command: Mapping[str, Any]) -> None:
        reached = self._reached
        if reached is None:
            self._refuse("the link to the new host was lost at the last moment")
            return
        try:
            self.successor = _successor(reached, command, self._ask)
        except (WireError, KeyError, TypeError, ValueError) as error:
            self._refuse(error)
            self._forget()
            return
        self._say("arrived")

    def _forget(self) -> None:
        self._attempt += 1
        self.leaving = self._taken = False
        self._backlog.clear()
        reached, self._reached = self._reached, None
        if reached is not None:
            _close(reached)

    def take_successor(self) -> Successor | None:
        """The far side from now on, once."""
        found, self.successor, self._reached = self.successor, None, None
        self.leaving = self._taken = False
        return found


def _close(reached: _Reached) -> None:
    from pyteleport_jupyter.transports import close_link

    close_link(reached.link, 0.0)


def _successor(reached: _Reached, command: Mapping[str, Any], ask: Ask) -> Successor:
    from pyteleport_jupyter.transports import AttachRequest

    link, landed = reached.link, reached.landed
    attach = AttachRequest(landed.directory, bytes.fromhex(command["token"]), landed.python)
    others = (*link.beside(), None, None)
    settings = FarSettings(
        host=reached.host,
        lease=float(command["lease"]),
        transport=reached.transport,
        attach=plain_fields(attach),
        pid=link.pid,
        read_fd=link.read_fd,
        write_fd=link.write_fd,
        events_fd=others[0],
        complaints_fd=others[1],
    )
    channel = NumberedChannel.thaw(base64.b64decode(command["channel"]))
    far, cell = _far_side(settings, channel, ask), str(command.get("cell", ""))
    return Successor(settings, channel, far, _announcement(command), cell, open_file())


def _far_side(settings: FarSettings, channel: NumberedChannel, ask: Ask) -> FarSide:
    return FarSide(channel, carrier_of(settings), Reattachment(settings, ask), settings.lease)


def _announcement(command: Mapping[str, Any]) -> Announcement | None:
    line = command.get("line")
    if not isinstance(line, dict):
        return None
    return Announcement(
        display_id=str(line["display_id"]),
        metadata=dict(line["metadata"]),
        template=ARRIVED,
        facts={"pid": int(command["pid"]), "python": str(command["python"])},
        started=time.monotonic() - float(command["seconds"]),
        parent=dict(line["parent"]),
    )
