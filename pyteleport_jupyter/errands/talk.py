"""Talking to a kept kernel about one cell: objects there, outputs and questions, objects back."""

from __future__ import annotations

import queue
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter.errands.line import Heard, Line, LinkChanged, Lost, Request
from pyteleport_jupyter.errands.luggage import Luggage
from pyteleport_jupyter.errands.outputs import SHOWN, Outputs
from pyteleport_jupyter.errors import ErrandLost, from_record
from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.remote.errand_messages import BYTES, FETCH, OFFER, PIECE, RUN, SMALL, STOP_CELL
from pyteleport_jupyter.remote.inflow import memory_bytes
from pyteleport_jupyter.shipping import ChunkStore, Consignment, make_offer, receive
from pyteleport_jupyter.wire.lanes import Lane

COMMS = frozenset({"comm_open", "comm_msg", "comm_close"})

AHEAD = 4
"""So many pieces of what comes back are asked for before the first of them is there."""

TRAILING_SECONDS = 5.0
"""Output is awaited no longer than that when the reply is there."""

STOP = object()
"""Put into the queue of a request when the user pressed Stop."""

Ask = Callable[[str, bool], str]
"""(prompt, whether the answer is secret) -> the answer."""


@dataclass(frozen=True)
class Sent:
    """A cell on its way: ``size`` bytes of objects, of which ``held`` were there already."""

    request: Request
    size: int
    held: int


def send(line: Line, store: ChunkStore, luggage: Luggage, order: dict[str, Any]) -> Callable[[], Sent]:
    """Send what the cell of ``order`` needs; what is returned sends the cell itself."""
    if luggage.size <= SMALL:
        return lambda: Sent(
            line.request(RUN, order, [bytes(part) for part in luggage.parts]), luggage.size, 0
        )
    # A kernel that has nothing yet need not be asked what it has.
    offer = make_offer(luggage.parts) if store.held_bytes else None
    reply = wait_for_reply(line, line.request(OFFER, {}, [offer.encode() if offer else b""]))
    if reply["content"].get("status") == "failed":
        raise from_record(reply["content"], host=line.host)
    answer = bytes(reply["buffers"][0]) if reply.get("buffers") else b""
    written = _ship(line, Consignment(luggage.parts, offer, answer))
    store.remember(luggage.parts)
    held = max(0, luggage.size - written)
    return lambda: Sent(line.request(RUN, {**order, "shipped": True}), luggage.size, held)


def _ship(line: Line, consignment: Consignment) -> int:
    """All of it in messages of about a megabyte; returns how many bytes that were."""
    pieces: list[bytes] = []
    size = written = 0
    for piece in consignment:
        # A copy: the user's code may change the object before the link has taken it.
        pieces.append(bytes(piece))
        size += len(pieces[-1])
        if size >= PIECE:
            line.wait_for_room()
            fault("errand.ship")
            line.tell(Lane.SHELL, BYTES, {}, pieces)
            pieces, written, size = [], written + size, 0
    line.tell(Lane.SHELL, BYTES, {}, pieces)
    return written + size


@dataclass
class Conversation:
    """What happens while a cell runs there. ``notice`` is told when the link is lost or back,
    ``widget`` what widgets say."""

    line: Line
    outputs: Outputs
    ask: Ask
    notice: Callable[[LinkChanged], None]
    widget: Callable[[str, dict[str, Any]], None]
    stops: int = 0
    idle: bool = False
    """Whether the kernel there has said that it is done: its last output came before that."""

    def listen(self, request: Request) -> dict[str, Any]:
        """Show what comes until the reply does, and all output. Raises ErrandLost; KeyboardInterrupt at the
        second Stop."""
        try:
            while True:
                reply = self._take(request, request.events.get())
                if reply is not None:
                    self._hear_the_rest(request)
                    return reply
        finally:
            self.line.done(request)

    def _hear_the_rest(self, request: Request) -> None:
        """Output has a socket of its own in the kernel there, and may trail the reply."""
        with suppress(queue.Empty):
            while not self.idle:
                event = request.events.get(timeout=TRAILING_SECONDS)
                if isinstance(event, Lost):
                    return
                if event is not STOP:
                    self._take(request, event)

    def _take(self, request: Request, event: Any) -> dict[str, Any] | None:
        if event is STOP:
            self._stop(request)
        elif isinstance(event, Lost):
            raise ErrandLost(host=self.line.host, reason=event.reason)
        elif isinstance(event, LinkChanged):
            self.notice(event)
        elif isinstance(event, Heard):
            self.line.read(event)
            return self._hear(request, event)
        return None

    def _hear(self, request: Request, heard: Heard) -> dict[str, Any] | None:
        kind = heard.message["header"]["msg_type"]
        if heard.lane is Lane.IOPUB:
            if kind == "status":
                self.idle = heard.message["content"].get("execution_state") == "idle"
            if kind in COMMS:
                self.widget(kind, heard.message)
            if kind in SHOWN or kind in COMMS:
                self.outputs.show(kind, heard.message)
        elif heard.lane is Lane.STDIN and kind == "input_request":
            self._answer(request, heard.message["content"])
        elif heard.lane is Lane.SHELL:
            return heard.message
        return None

    def _answer(self, request: Request, content: dict[str, Any]) -> None:
        try:
            value = self.ask(str(content.get("prompt", "")), bool(content.get("password")))
        except KeyboardInterrupt:
            request.events.put(STOP)
            return
        self.line.tell(Lane.STDIN, "input_reply", {"value": value})

    def _stop(self, request: Request) -> None:
        self.stops += 1
        if self.stops > 1:
            raise KeyboardInterrupt
        # By name: it may not have begun there yet.
        self.line.tell(Lane.CONTROL, STOP_CELL, {"request": request.message_id})


def wait_for_reply(line: Line, request: Request) -> dict[str, Any]:
    """The reply to a request of ours. Raises ErrandLost; KeyboardInterrupt when the user stops it."""
    try:
        while True:
            event = request.events.get()
            if event is STOP:
                raise KeyboardInterrupt
            if isinstance(event, Lost):
                raise ErrandLost(host=line.host, reason=event.reason)
            if isinstance(event, Heard):
                line.read(event)
                if event.lane is Lane.SHELL:
                    return event.message
    finally:
        line.done(request)


def bring_back(line: Line, store: ChunkStore, reply: dict[str, Any]) -> tuple[list[Any], int]:
    """The parts that a reply brings, or announces; and how many bytes came for them."""
    buffers = reply.get("buffers") or []
    if not reply["content"].get("offered"):
        return [bytearray(buffer) for buffer in buffers], sum(map(len, buffers))
    pieces = _Pieces(line, store.answer(bytes(buffers[0])))
    parts: list[Any] = list(receive(pieces.read_into, memory_bytes(), store))
    return parts, pieces.received


class _Pieces:
    """What comes back, asked for piece by piece, some of them ahead."""

    def __init__(self, line: Line, answer: bytes) -> None:
        self.received = 0
        self._line = line
        self._asked = deque([line.request(FETCH, {}, [answer])])
        self._rest = memoryview(b"")
        self._waiting: deque[memoryview] = deque()
        self._over = False

    def read_into(self, view: memoryview) -> None:
        """Fill ``view`` with what comes next."""
        while view:
            if not self._rest:
                self._rest = self._next()
            count = min(len(view), len(self._rest))
            view[:count] = self._rest[:count]
            view, self._rest = view[count:], self._rest[count:]

    def _next(self) -> memoryview:
        while not self._waiting:
            fault("errand.fetch")
            if not self._asked:
                raise ErrandLost(host=self._line.host, reason="what came back ended too early")
            reply = wait_for_reply(self._line, self._asked.popleft())
            if reply["content"].get("status") == "failed":
                raise from_record(reply["content"], host=self._line.host)
            self._waiting.extend(memoryview(piece) for piece in reply.get("buffers") or ())
            self.received += sum(map(len, self._waiting))
            self._over = self._over or bool(reply["content"].get("over"))
            while not self._over and len(self._asked) < AHEAD:
                self._asked.append(self._line.request(FETCH, {}))
        return self._waiting.popleft()


@contextmanager
def stops_go_to(request: Request) -> Iterator[None]:
    """Within the block, Stop is an event of the request, and does not tear anything here."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: request.events.put(STOP))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def stops_raise() -> Iterator[None]:
    """Within the block, which waits for the user, Stop is KeyboardInterrupt again."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
