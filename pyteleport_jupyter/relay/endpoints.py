"""The side of the front ends: the five sockets of the kernel, bound again on the descriptors that were
kept."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import zmq

from pyteleport_jupyter.relay.configuration import FrontSettings
from pyteleport_jupyter.relay.publisher import OwnPublisher, Publisher, ZmqPublisher
from pyteleport_jupyter.relay.sockets import Door, accepted, all_passed_on, end_sending, listening, until
from pyteleport_jupyter.wire.lanes import Lane

BATCH = 256
"""Most messages taken from one socket in one go, so that no client can starve the others."""

REPLY_QUEUE = 32
"""Replies in libzmq's hands for one client; beyond, they wait in ours, where their bytes count."""

REQUEST_QUEUE = 256
"""Requests in libzmq's hands from one client; beyond, they wait at the client."""

BATCH_BYTES = 4 << 20
"""A batch ends with the message that makes it longer than this."""

FLUSH_SECONDS = 2.0
HALF_CLOSE_SECONDS = 5.0
"""Before another program takes over: so long clients may take to read what they were sent, and to notice the
end of a connection.
"""

_NOBLOCK = int(zmq.NOBLOCK)
_NOBLOCK_MORE = int(zmq.NOBLOCK | zmq.SNDMORE)
_NOT_NOW = (int(zmq.EHOSTUNREACH), int(zmq.EAGAIN))

ROUTERS: dict[Lane, str] = {Lane.CONTROL: "control", Lane.SHELL: "shell", Lane.STDIN: "stdin"}
"""Lane: channel of the connection file, in the order in which they are looked at."""


@dataclass(frozen=True)
class Rest:
    """What the side of the front ends has become when another program takes this process over.

    ``listeners`` by channel, and the connections of iopub that go on, are descriptors for it;
    ``subscribers`` says how many others have to come back. ``requests`` came in last.
    """

    listeners: dict[str, int]
    subscriber_fds: tuple[int, ...]
    subscribers: int
    requests: list[tuple[Lane, list[bytes]]]
    door: Door = field(default_factory=Door)
    """Shut: who comes now is for the other program."""

    @contextmanager
    def given_up(self) -> Iterator[None]:
        """When the block is left, the other program does not come after all: these were duplicates."""
        try:
            yield
        finally:
            self.door.open()
            for number in (*self.listeners.values(), *self.subscriber_fds):
                os.close(number)


class Endpoints(Protocol):
    """What the relay needs of the side of the front ends."""

    def pollables(self, requests: bool, control: bool) -> dict[Any, int]:
        """Sockets and descriptors for a zmq.Poller, each with the events for which :meth:`receive` is to be
        called.

        ``requests`` and ``control`` say whether those of the control channel, and all others, are welcome
        now; subscriptions always are.
        """
        ...

    def receive(self, ready: Iterable[Any]) -> list[tuple[Lane, list[bytes]]]:
        """What clients sent, in the order of each channel; never waits. ``ready``: the pollables found
        readable.
        """
        ...

    def subscriptions(self) -> list[bytes]:
        """Topics of the subscriptions that came in since the last call ."""
        ...

    def send(self, lane: Lane, frames: Sequence[bytes | memoryview]) -> bool:
        """Send to a client, or publish. False when the client is not connected now, or takes no more now."""
        ...

    @property
    def congested(self) -> bool:
        """Whether output should wait for a subscriber that is behind."""
        ...

    def cut_off(self) -> int:
        """How many subscribers have been cut off since the last call because they did not read."""
        ...

    def come_to_rest(self) -> Rest:
        """All is sent, and all is read that clients have sent: another program can take over, or we go on.

        Raises OSError where that is impossible.
        """
        ...

    def close(self, seconds: float) -> None:
        """Send what is still queued, for at most ``seconds``, and end."""
        ...


class SocketEndpoints:
    """Own sockets. Replies go to nobody silently (ROUTER_MANDATORY)."""

    def __init__(self, settings: FrontSettings) -> None:
        self._settings = settings
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._new_topics: list[bytes] = []
        self._routers = {lane: self._router(channel) for lane, channel in ROUTERS.items()}
        self._lanes = {socket: lane for lane, socket in self._routers.items()}
        self._publisher = self._make_publisher()
        start_heart(settings)

    def _make_publisher(self) -> Publisher:
        if self._settings.curve:
            listen = partial(bind, settings=self._settings, channel="iopub")
            return ZmqPublisher(self._context, listen, self._settings.addresses["iopub"])
        return OwnPublisher(self._settings)

    def _router(self, channel: str) -> zmq.Socket[bytes]:
        socket = self._context.socket(zmq.ROUTER)
        socket.router_mandatory = True
        # A client that reconnects keeps its identity; the new connection must win (as in ipykernel's
        # kernelapp.py).
        socket.router_handover = True
        socket.sndhwm = REPLY_QUEUE
        socket.rcvhwm = REQUEST_QUEUE
        bind(socket, self._settings, channel)
        return socket

    def pollables(self, requests: bool, control: bool) -> dict[Any, int]:
        """See :class:`Endpoints`."""
        welcome = {Lane.CONTROL: control, Lane.SHELL: requests, Lane.STDIN: requests}
        found: dict[Any, int] = {s: zmq.POLLIN for s, lane in self._lanes.items() if welcome[lane]}
        return found | self._publisher.pollables()

    def receive(self, ready: Iterable[Any]) -> list[tuple[Lane, list[bytes]]]:
        """See :class:`Endpoints`."""
        arrived: list[tuple[Lane, list[bytes]]] = []
        for item in ready:
            if item in self._lanes:
                arrived += [(self._lanes[item], frames) for frames in _receive_batch(item)]
            else:
                self._new_topics += self._publisher.attend(item)
        return arrived

    def subscriptions(self) -> list[bytes]:
        """See :class:`Endpoints`."""
        topics, self._new_topics = self._new_topics, []
        return topics

    @property
    def congested(self) -> bool:
        """See :class:`Endpoints`."""
        return self._publisher.congested

    def cut_off(self) -> int:
        """See :class:`Endpoints`."""
        return self._publisher.cut_off()

    def send(self, lane: Lane, frames: Sequence[bytes | memoryview]) -> bool:
        """See :class:`Endpoints`."""
        if lane is not Lane.IOPUB:
            return _send(self._routers[lane], frames)
        self._publisher.publish(frames)
        return True

    def come_to_rest(self) -> Rest:
        """See :class:`Endpoints`. Half-closed, connections are read to their end, as in a cut-over."""
        addresses = self._settings.addresses
        subscriber_fds, subscribers = self._publisher.come_to_rest(FLUSH_SECONDS)
        ours = {addresses[channel] for channel in ROUTERS.values()}
        until(lambda: all_passed_on(ours), FLUSH_SECONDS)
        found = listening()
        listeners = {channel: os.dup(found[address]) for channel, address in addresses.items()}
        rest = Rest(listeners, subscriber_fds, subscribers, [])
        rest.door.shut((addresses[channel], listeners[channel]) for channel in ROUTERS.values())

        def all_gone() -> bool:
            connections = accepted(ours)
            for connection in connections:
                end_sending(connection)
            rest.requests.extend(self.receive(self._routers.values()))
            return not connections

        until(all_gone, HALF_CLOSE_SECONDS)
        while arrived := self.receive(self._routers.values()):
            rest.requests.extend(arrived)
        return rest

    def close(self, seconds: float) -> None:
        """See :class:`Endpoints`."""
        self._publisher.close(seconds)
        self._context.destroy(linger=int(seconds * 1000))


def _send(socket: zmq.Socket[bytes], frames: Sequence[bytes | memoryview]) -> bool:
    # Not send_multipart, which combines flags as enums for each part, at twice the price of the rest.
    last = len(frames) - 1
    try:
        for index, frame in enumerate(frames):
            socket.send(frame, _NOBLOCK if index == last else _NOBLOCK_MORE)
    except zmq.ZMQError as error:
        if error.errno in _NOT_NOW:
            return False
        raise
    return True


def _receive_batch(socket: zmq.Socket[bytes]) -> list[list[bytes]]:
    messages: list[list[bytes]] = []
    with suppress(zmq.Again):
        size = 0
        while len(messages) < BATCH and size < BATCH_BYTES:
            messages.append(socket.recv_multipart(zmq.NOBLOCK))
            size += sum(len(frame) for frame in messages[-1])
    return messages


def bind(socket: zmq.Socket[bytes], settings: FrontSettings, channel: str) -> None:
    """Make ``socket`` listen for ``channel``: on the descriptor that was kept, encrypted if the kernel's was.

    The listening socket exists already, so nothing can be in the way of this bind.
    """
    if settings.curve:
        socket.curve_publickey, socket.curve_secretkey = (key.encode() for key in settings.curve)
        socket.curve_server = True
    if channel in settings.listeners:
        socket.setsockopt(zmq.USE_FD, settings.listeners[channel])
    address = settings.addresses[channel]
    socket.bind(f"ipc://{address}" if settings.transport == "ipc" else f"tcp://{settings.ip}:{address}")


def start_heart(settings: FrontSettings) -> None:
    """Answer heartbeats from a thread and a context of their own, so that no amount of work delays them."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.ROUTER)
    bind(socket, settings, "hb")

    def beat() -> None:
        with suppress(zmq.ZMQError):
            zmq.proxy(socket, socket)

    threading.Thread(target=beat, name="heart", daemon=True).start()
