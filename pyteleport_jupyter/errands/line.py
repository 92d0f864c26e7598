"""The line to a kept kernel: one thread that keeps the link alive, also between cells, and sorts what comes.

What belongs to a request is put into the queue of that request; whoever made it takes it out, in whichever
thread. The link is lost, made anew and given up as the relay does it (:class:`~..relay.far_side.FarSide`).
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from jupyter_client.session import Session

from pyteleport_jupyter.relay.far_side import FarSide
from pyteleport_jupyter.relay.states import Event, Link
from pyteleport_jupyter.wire.channel import Message
from pyteleport_jupyter.wire.commands import parse_command
from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.waiting import ready

IDENTITY = b"errand"

UNREAD_LIMIT = 16 << 20
"""With more bytes than this unread in the queues, the far side is held back."""

END_SECONDS = 2.0
"""So long a line that is ended may take to say so."""

LONGEST_SLEEP = 60.0


@dataclass(frozen=True)
class Heard:
    """A message of the kernel: on which lane, and as jupyter_client has parsed it."""

    lane: Lane
    message: dict[str, Any]
    size: int


@dataclass(frozen=True)
class LinkChanged:
    """The link was lost (``up`` is False, ``reason`` says why), or is back."""

    up: bool
    reason: str = ""


@dataclass(frozen=True)
class Lost:
    """The kernel is gone: nothing more will be heard of the request."""

    reason: str


@dataclass
class Request:
    """A message that was sent, and what is heard of it: Heard, LinkChanged, at last maybe Lost."""

    message_id: str
    events: queue.SimpleQueue[Any] = field(default_factory=queue.SimpleQueue)


class Line:
    """``host`` is named in reasons; ``stray`` is told what belongs to no request (messages of widgets)."""

    def __init__(self, far: FarSide, key: bytes, host: str, stray: Callable[[Heard], None]) -> None:
        self.host = host
        self.over: str | None = None
        """Why the kernel is gone; None while it is there."""
        self._far = far
        self._stray = stray
        self._session = Session(key=key, username="errand")
        self._requests: dict[str, Request] = {}
        self._outgoing: deque[tuple[Lane, list[bytes | memoryview]]] = deque()
        self._room = threading.Condition()
        self._unread = 0
        self._ending = False
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._thread = threading.Thread(target=self._run, name=f"errands on {host}", daemon=True)
        self._thread.start()

    # --------------------------------------------------------- any other thread

    def request(self, kind: str, content: dict[str, Any], buffers: Sequence[Any] = ()) -> Request:
        """Send a shell request whose events are wanted until :meth:`done`."""
        return self._say(Lane.SHELL, kind, content, buffers, wanted=True)

    def tell(self, lane: Lane, kind: str, content: dict[str, Any], buffers: Sequence[Any] = ()) -> None:
        """Send a message whose answer nobody waits for."""
        self._say(lane, kind, content, buffers, wanted=False)

    def _say(
        self, lane: Lane, kind: str, content: dict[str, Any], buffers: Sequence[Any], wanted: bool
    ) -> Request:
        message = self._session.msg(kind, content)
        request = Request(message["header"]["msg_id"])
        frames = [*self._session.serialize(message, ident=IDENTITY), *buffers]
        with self._room:
            if self.over is not None:
                request.events.put(Lost(self.over))
                return request
            if wanted:
                self._requests[request.message_id] = request
            self._outgoing.append((lane, frames))
        self._wake()
        return request

    def pass_on(self, lane: Lane, message: dict[str, Any]) -> None:
        """Send a message of a front end, signed anew, with its own header."""
        frames = [*self._session.serialize(message, ident=IDENTITY), *message.get("buffers", ())]
        with self._room:
            self._outgoing.append((lane, frames))
        self._wake()

    def wait_for_room(self) -> None:
        """Until no more than one message waits to be sent. Can be interrupted."""
        with self._room:
            while len(self._outgoing) > 1 and self.over is None:
                self._room.wait(1.0)

    def read(self, heard: Heard) -> None:
        """The message was taken out of its queue."""
        with self._room:
            self._unread -= heard.size
            relieved = self._unread <= UNREAD_LIMIT < self._unread + heard.size
        if relieved:
            self._wake()

    def done(self, request: Request) -> None:
        """Nothing is wanted of the request any more."""
        with self._room:
            self._requests.pop(request.message_id, None)

    def end(self, patience: float = END_SECONDS) -> None:
        """End the kernel and the link; returns when they are gone, or after ``patience`` seconds."""
        self._ending = True
        self._wake()
        if threading.current_thread() is not self._thread:
            self._thread.join(patience)

    def _wake(self) -> None:
        with suppress(OSError):
            os.write(self._wake_write, b"\0")

    # -------------------------------------------------------------- its own thread

    def _run(self) -> None:
        reason = "it failed"
        try:
            while not self._ending and self.over is None:
                self._step()
            reason = self.over or "it was ended"
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        finally:
            self._finish(reason)

    def _step(self) -> None:
        self._send_what_fits()
        self._far.hold_back(self._unread > UNREAD_LIMIT)
        self._far.flush()
        seconds = min(LONGEST_SLEEP, self._far.timeout())
        ready([self._wake_read, *self._far.reading()], self._far.writing(), seconds)
        with suppress(BlockingIOError):
            os.read(self._wake_read, 4096)
        for message in self._far.receive():
            self._take(message)
        for event in self._far.look():
            self._note(event)

    def _send_what_fits(self) -> None:
        with self._room:
            while self._outgoing and self._far.has_room:
                self._far.send(*self._outgoing.popleft())
            self._room.notify_all()

    def _take(self, message: Message) -> None:
        if message.lane is Lane.COMMAND:
            self._obey(message)
            return
        try:
            _, frames = self._session.feed_identities(list(message.parts))
            parsed = self._session.deserialize(frames)
        except (ValueError, IndexError, TypeError):
            return  # Nothing that its kernel has signed.
        heard = Heard(message.lane, parsed, sum(map(len, message.parts)))
        with self._room:
            request = self._requests.get(parsed["parent_header"].get("msg_id", ""))
            if request is not None:
                self._unread += heard.size
        if request is not None:
            request.events.put(heard)
        else:
            self._stray(heard)

    def _obey(self, message: Message) -> None:
        try:
            command = parse_command(message.parts[0] if message.parts else b"")
        except WireError:
            return
        if command["op"] == "exited":
            self.over = f"the kernel there has ended (status {command.get('status')})"

    def _note(self, event: Event) -> None:
        if event is Event.LOST:
            self._tell_all(LinkChanged(False, self._far.reason))
        elif event is Event.ATTACHED:
            self._tell_all(LinkChanged(True))
        if self._far.state is Link.GONE:
            self.over = f"the link was lost and could not be made again ({self._far.reason})"

    def _tell_all(self, event: Any) -> None:
        with self._room:
            requests = list(self._requests.values())
        for request in requests:
            request.events.put(event)

    def _finish(self, reason: str) -> None:
        with suppress(Exception):
            self._say_farewell()
        with self._room:
            self.over = self.over or reason
            self._outgoing.clear()
            self._room.notify_all()
        self._tell_all(Lost(self.over))
        os.close(self._wake_read)
        self._wake_read, write = -1, self._wake_write
        self._wake_write = -1
        os.close(write)

    def _say_farewell(self) -> None:
        """The far side removes everything and hangs up."""
        self._far.command("end")
        deadline = time.monotonic() + END_SECONDS / 2
        while self._far.state is Link.UP and time.monotonic() < deadline:
            self._far.flush()
            ready(self._far.reading(), self._far.writing(), 0.1)
            self._far.receive()
            if any(event is Event.LOST for event in self._far.look()):
                break
        self._far.end()
