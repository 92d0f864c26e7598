"""A flood: several clients that ask without pause while the session moves, and a book of all they sent and
got.

One thread and one poller serve all of them, on plain zmq sockets: what arrives is noted as it is, duplicates
included.
"""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import zmq

from pyteleport_jupyter.relay.signing import Signer, content_of, header_of, parent_header_of

SHELL_REQUESTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("kernel_info_request", {}),
    ("complete_request", {"code": "%lo", "cursor_pos": 3}),
    ("is_complete_request", {"code": "for i in x:"}),
    ("inspect_request", {"code": "len", "cursor_pos": 3, "detail_level": 0}),
    ("history_request", {"hist_access_type": "tail", "n": 3, "raw": True, "output": False}),
)
CONTROL_REQUEST = "kernel_info_request"
TICK = 0.01
"""Seconds between two requests of one client."""

LAST_PING = b"last"
"""Of the others some may have no answer: what the heart holds at the moment of exec is gone. A client that asks
once a second, as jupyter_client's does, misses one in some hundred moves.
"""

UNANSWERED = 150
"""So many requests of one client may wait: the kernel is to be flooded, not drowned."""


@dataclass(frozen=True)
class Told:
    """One message of iopub: whose request it belongs to, its type, and its state or text."""

    parent: str
    kind: str
    text: str


@dataclass
class Book:
    """What one client sent and got, in order: ids of requests, and (id, type) of replies, for each channel."""

    sent: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: {"shell": [], "control": []})
    got: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: {"shell": [], "control": []})
    told: list[Told] = field(default_factory=list)
    pings: int = 0
    pongs: int = 0
    beats: bool = False
    """Whether the last ping has been answered."""

    @property
    def missing(self) -> int:
        return sum(len(self.sent[channel]) - len(self.got[channel]) for channel in self.sent)


class FloodClient:
    """A frontend with five sockets and a session id of its own."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], connection: Mapping[str, Any]) -> None:
        key = connection["key"]
        session = uuid.uuid4().hex
        self.signer = Signer(key if isinstance(key, bytes) else key.encode(), "hmac-sha256", session)
        self.book = Book()
        self._turn = itertools.cycle(SHELL_REQUESTS)
        self._ticks = 0
        kinds = {"shell": zmq.DEALER, "control": zmq.DEALER, "iopub": zmq.SUB, "hb": zmq.DEALER}
        self.sockets: dict[str, zmq.Socket[bytes]] = {}
        for channel, kind in kinds.items():
            socket = context.socket(kind)
            socket.sndhwm = socket.rcvhwm = 0
            socket.linger = 0
            if kind is zmq.DEALER and channel != "hb":
                socket.identity = session.encode()
            elif kind is zmq.SUB:
                socket.subscribe(b"")
            socket.connect(f"tcp://{connection['ip']}:{connection[f'{channel}_port']}")
            self.sockets[channel] = socket

    def request(self, channel: str, kind: str, content: Mapping[str, Any]) -> str:
        frames = self.signer.message(kind, content)
        identity = str(header_of(frames)["msg_id"])
        self.book.sent[channel].append((identity, kind))
        self.sockets[channel].send_multipart(frames)
        return identity

    def execute(self, code: str) -> str:
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        return self.request("shell", "execute_request", content)

    def tick(self) -> None:
        """The next request of the flood; every tenth goes to the control channel."""
        self._ticks += 1
        if self._ticks % 10:
            self.request("shell", *next(self._turn))
        else:
            self.request("control", CONTROL_REQUEST, {})
        self.ping(b"ping")

    def ping(self, text: bytes) -> None:
        """Ask the heart."""
        self.sockets["hb"].send(text)
        self.book.pings += 1

    def take(self, channel: str) -> None:
        """Note all that has arrived on one channel."""
        socket = self.sockets[channel]
        while True:
            try:
                frames = socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            if channel == "hb":
                self.book.pongs += 1
                self.book.beats |= frames == [LAST_PING]
                continue
            parent = str(parent_header_of(frames).get("msg_id", ""))
            kind = str(header_of(frames)["msg_type"])
            if channel == "iopub":
                self.book.told.append(Told(parent, kind, _text(content_of(frames))))
            else:
                self.book.got[channel].append((parent, kind))


def _text(content: Mapping[str, Any]) -> str:
    shown = content.get("execution_state") or content.get("text") or content.get("data", {}).get("text/plain")
    return shown if isinstance(shown, str) else json.dumps(content)


class Flood:
    """Some clients of one kernel, and the loop that lets them ask and listen."""

    def __init__(self, connection: Mapping[str, Any], clients: int = 3) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.clients = [FloodClient(self._context, connection) for _ in range(clients)]
        self._poller = zmq.Poller()
        self._channels: dict[Any, tuple[FloodClient, str]] = {}
        for client in self.clients:
            for channel, socket in client.sockets.items():
                self._channels[socket] = client, channel
                self._poller.register(socket, zmq.POLLIN)
        self._next = time.monotonic()

    def until(self, condition: Callable[[], bool], seconds: float, asking: bool = True) -> bool:
        """Ask (or only listen) until ``condition`` holds; whether it did in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            now = time.monotonic()
            if now > deadline:
                return False
            if asking and now >= self._next:
                self._next = now + TICK
                for client in self.clients:
                    if client.book.missing < UNANSWERED:
                        client.tick()
            for socket, _ in self._poller.poll(5):
                client, channel = self._channels[socket]
                client.take(channel)
        return True

    def connect(self) -> None:
        """Until every client hears every other on iopub; the books begin afterwards."""
        asked: set[str] = set()

        def heard() -> bool:
            return bool(asked) and all(self._idle(client) >= asked for client in self.clients)

        # What is published before a subscription has arrived is never heard of.
        while not self.until(heard, 1, asking=False):
            asked.clear()
            asked |= {client.request("shell", "kernel_info_request", {}) for client in self.clients}
        self.until(lambda: not any(client.book.missing for client in self.clients), 30, asking=False)
        for client in self.clients:
            client.book = Book()

    @staticmethod
    def _idle(client: FloodClient) -> set[str]:
        return {told.parent for told in client.book.told if told.text == "idle"}

    def finish(self) -> None:
        """Only listen, until there is nothing left to be heard."""
        asked = self.requests()
        for client in self.clients:
            client.ping(LAST_PING)

        def complete() -> bool:
            done = (c.book.beats and not c.book.missing and self._idle(c) >= asked for c in self.clients)
            return all(done)

        self.until(complete, 60, asking=False)
        # What came twice would come now.
        self.until(lambda: False, 0.2, asking=False)

    def requests(self) -> set[str]:
        """Ids of all requests of all clients."""
        return {
            identity for client in self.clients for sent in client.book.sent.values() for identity, _ in sent
        }

    def complaints(self, moved: set[str]) -> list[str]:
        """What is wrong with the books, in words; ``moved`` are the requests whose cells moved on."""
        found: list[str] = []
        asked = self.requests()
        for number, client in enumerate(self.clients):
            found += [f"client {number}: {text}" for text in _wrong(client.book, asked, moved)]
        return found

    def close(self) -> None:
        self._context.destroy(linger=0)


@contextmanager
def flooded(connection: Mapping[str, Any]) -> Iterator[Flood]:
    """A flood of requests to the kernel with that connection file, within the block."""
    flood = Flood(connection)
    try:
        flood.connect()
        yield flood
    finally:
        flood.close()


def texts(told: list[Told], requests: list[str]) -> list[str]:
    """What each of the cells printed."""
    return ["".join(t.text for t in told if t.parent == r and t.kind == "stream") for r in requests]


def _wrong(book: Book, asked: set[str], moved: set[str]) -> list[str]:
    found = []
    for channel, sent in book.sent.items():
        expected = [(identity, kind.replace("_request", "_reply")) for identity, kind in sent]
        if book.got[channel] != expected:
            found.append(_difference(channel, expected, book.got[channel]))
    states: dict[str, list[str]] = {identity: [] for identity in asked}
    for told in book.told:
        if told.kind == "status" and told.parent in states:
            states[told.parent].append(told.text)
    for identity, seen in states.items():
        # The kernel there says busy once more for the cell that it takes over.
        if seen != ["busy", "idle"] and not (identity in moved and seen == ["busy", "busy", "idle"]):
            found.append(f"states of {identity}: {seen}")
    if not book.beats or book.pongs > book.pings:
        found.append(f"{book.pings} pings, {book.pongs} pongs")
    return found


def _difference(channel: str, expected: list[tuple[str, str]], got: list[tuple[str, str]]) -> str:
    counts = Counter(got)
    lost = [(index, pair[1]) for index, pair in enumerate(expected) if not counts[pair]]
    twice = [pair for pair, count in counts.items() if count > 1]
    strange = [pair for pair in counts if pair not in set(expected)]
    order = "" if lost or twice or strange else _disorder(expected, got)
    return f"{channel}: {len(expected)} sent, lost {lost}, twice {twice}, strange {strange} {order}"


def _disorder(expected: list[tuple[str, str]], got: list[tuple[str, str]]) -> str:
    """The first replies that do not stand where they should, each by its place and kind."""
    places = {pair: index for index, pair in enumerate(expected)}
    first = next(index for index, pair in enumerate(got) if pair != expected[index])
    around = got[max(0, first - 3) : first + 12]
    return f"order differs at {first}: {[(places[pair], pair[1]) for pair in around]}"
