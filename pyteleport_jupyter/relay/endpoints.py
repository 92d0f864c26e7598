"""The side of the front ends: the five sockets of the kernel, bound again on the descriptors that were
kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Protocol

import zmq

from pyteleport_jupyter.relay.configuration import FrontSettings
from pyteleport_jupyter.relay.subscribers import Subscriber, encode
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.waiting import ready as poll_for

BATCH = 256
"""Most messages taken from one socket in one go, so that no client can starve the others."""

IOPUB_QUEUE = 100_000
"""Messages kept for one subscriber that does not read; beyond, libzmq leaves that subscriber out (as
ipykernel's does from
1000 on: here messages come in bursts, as the link brings them)."""

REPLY_QUEUE = 1_000
"""Replies in libzmq's hands for one client; beyond, they wait in ours, where they count."""

_NOBLOCK = int(zmq.NOBLOCK)
_NOBLOCK_MORE = int(zmq.NOBLOCK | zmq.SNDMORE)
_NOT_NOW = (int(zmq.EHOSTUNREACH), int(zmq.EAGAIN))

ROUTERS: dict[Lane, str] = {Lane.CONTROL: "control", Lane.SHELL: "shell", Lane.STDIN: "stdin"}
"""Lane: channel of the connection file, in the order in which they are looked at."""


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

    def close(self, seconds: float) -> None:
        """Send what is still queued, for at most ``seconds``, and end."""
        ...


class SocketEndpoints:
    """Own sockets. Replies go to nobody silently (ROUTER_MANDATORY), and every subscription is heard of
    (XPUB_VERBOSER).
    """

    def __init__(self, settings: FrontSettings) -> None:
        self._settings = settings
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._new_topics: list[bytes] = []
        self._listened_to = False
        self._routers = {lane: self._router(channel) for lane, channel in ROUTERS.items()}
        self._lanes = {socket: lane for lane, socket in self._routers.items()}
        self._iopub = self._publisher()
        self._subscribers = {fd: Subscriber(fd) for fd in settings.subscriber_fds}
        start_heart(settings)

    def _router(self, channel: str) -> zmq.Socket[bytes]:
        socket = self._context.socket(zmq.ROUTER)
        socket.router_mandatory = True
        # A client that reconnects keeps its identity; the new connection must win (as in ipykernel's
        # kernelapp.py).
        socket.router_handover = True
        socket.sndhwm = REPLY_QUEUE
        bind(socket, self._settings, channel)
        return socket

    def _publisher(self) -> zmq.Socket[bytes]:
        socket = self._context.socket(zmq.XPUB)
        socket.setsockopt(zmq.XPUB_VERBOSER, 1)
        socket.sndhwm = IOPUB_QUEUE
        bind(socket, self._settings, "iopub")
        return socket

    def pollables(self, requests: bool, control: bool) -> dict[Any, int]:
        """See :class:`Endpoints`."""
        welcome = (
            socket for socket, lane in self._lanes.items() if (control if lane is Lane.CONTROL else requests)
        )
        found: dict[Any, int] = dict.fromkeys(welcome, zmq.POLLIN)
        found[self._iopub] = zmq.POLLIN
        for descriptor, subscriber in self._subscribers.items():
            found[descriptor] = zmq.POLLIN | (zmq.POLLOUT if subscriber.wants_write else 0)
        return found

    def receive(self, ready: Iterable[Any]) -> list[tuple[Lane, list[bytes]]]:
        """See :class:`Endpoints`."""
        arrived: list[tuple[Lane, list[bytes]]] = []
        for item in ready:
            if item is self._iopub:
                self._note_topics(frames[0] for frames in _receive_batch(item))
            elif item in self._lanes:
                arrived += [(self._lanes[item], frames) for frames in _receive_batch(item)]
            elif item in self._subscribers:
                self._attend(self._subscribers[item])
        return arrived

    def _note_topics(self, messages: Iterable[bytes]) -> None:
        """XPUB: a byte, 1 for a subscription and 0 for its end, then the topic (``zmq_socket(3)``).

        Ends are not counted: anybody on this machine can send them, also of what was never subscribed.
        """
        topics = [message[1:] for message in messages if message[:1] == b"\x01"]
        self._new_topics += topics
        self._listened_to |= bool(topics)

    def _attend(self, subscriber: Subscriber) -> None:
        """A kept connection is readable or writable."""
        self._new_topics += subscriber.receive()
        if subscriber.wants_write:
            subscriber.flush()
        self._forget_ended()

    def _forget_ended(self) -> None:
        if any(subscriber.ended for subscriber in self._subscribers.values()):
            self._subscribers = {fd: s for fd, s in self._subscribers.items() if not s.ended}

    def subscriptions(self) -> list[bytes]:
        """See :class:`Endpoints`."""
        topics, self._new_topics = self._new_topics, []
        return topics

    def send(self, lane: Lane, frames: Sequence[bytes | memoryview]) -> bool:
        """See :class:`Endpoints`."""
        if lane is not Lane.IOPUB:
            return _send(self._routers[lane], frames)
        if self._subscribers:
            self._publish(frames)
        return _send(self._iopub, frames) if self._listened_to else True

    def _publish(self, frames: Sequence[bytes | memoryview]) -> None:
        """To those whose connections were kept; libzmq knows only of the others."""
        pieces = encode(frames)
        for subscriber in self._subscribers.values():
            subscriber.publish(pieces)
        self._forget_ended()

    def close(self, seconds: float) -> None:
        """See :class:`Endpoints`."""
        deadline = time.monotonic() + seconds
        while any(s.wants_write for s in self._subscribers.values()) and time.monotonic() < deadline:
            poll_for([], [fd for fd, s in self._subscribers.items() if s.wants_write], 0.05)
            for subscriber in self._subscribers.values():
                subscriber.flush()
            self._forget_ended()
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
        while len(messages) < BATCH:
            messages.append(socket.recv_multipart(zmq.NOBLOCK))
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
