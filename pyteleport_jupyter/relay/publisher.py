"""Iopub after the cut: everything for every subscriber, none of whom may hold up the others for long.

Plain connections are in our own hands (:mod:`.subscribers`, :mod:`.greeting`); encrypted ones are libzmq's.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

import zmq

from pyteleport_jupyter.relay.configuration import FrontSettings
from pyteleport_jupyter.relay.greeting import Greeting, Stranger
from pyteleport_jupyter.relay.sockets import Address, accepted, until
from pyteleport_jupyter.relay.subscribers import Subscriber, encode
from pyteleport_jupyter.wire.waiting import ready as poll_for

GREETING_SECONDS = 10.0
"""How long a connection may take to say that it is a subscriber's."""

GREETED_SECONDS = 0.5
"""How long those who have just connected are waited for before another program takes over."""

MOST_GREETINGS = 32
MOST_SUBSCRIBERS = 256
"""Connections beyond these are closed at once: anybody on this machine can open them."""

Frames = Sequence[bytes | memoryview]


class Publisher(Protocol):
    """What the endpoints need of iopub."""

    def pollables(self) -> dict[Any, int]:
        """Sockets and descriptors for a zmq.Poller, with the events that :meth:`attend` wants to hear of."""
        ...

    def attend(self, item: Any) -> list[bytes]:
        """Something is ready, maybe one of them; returns the topics of new subscriptions."""
        ...

    def publish(self, frames: Frames) -> None:
        """Send to all subscribers."""
        ...

    @property
    def congested(self) -> bool:
        """Whether more should be published only later."""
        ...

    def cut_off(self) -> int:
        """How many subscribers have been cut off since the last call because they did not read."""
        ...

    def come_to_rest(self, seconds: float) -> tuple[tuple[int, ...], int]:
        """Send what is queued, for at most ``seconds``. Returns duplicates of the connections that go on when
        another program takes over, and how many subscribers have to come back instead.
        """
        ...

    def close(self, seconds: float) -> None:
        """Send what is still queued, for at most ``seconds``, and end."""
        ...


class OwnPublisher:
    """Connections without libzmq: the kept ones, and those that the kept listener accepts."""

    def __init__(self, settings: FrontSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = settings.addresses["iopub"] if settings.transport == "ipc" else None
        self._listener = socket.socket(fileno=settings.listeners["iopub"])
        self._listener.setblocking(False)
        self._clock = clock
        self._greetings: dict[int, Greeting] = {}
        self._subscribers = {fd: Subscriber(fd) for fd in settings.subscriber_fds}
        self._cut_off = 0

    def pollables(self) -> dict[Any, int]:
        """See :class:`Publisher`."""
        found: dict[Any, int] = dict.fromkeys((self._listener.fileno(), *self._greetings), zmq.POLLIN)
        for descriptor, subscriber in self._subscribers.items():
            found[descriptor] = zmq.POLLIN | (zmq.POLLOUT if subscriber.wants_write else 0)
        return found

    def attend(self, item: Any) -> list[bytes]:
        """See :class:`Publisher`."""
        topics: list[bytes] = []
        if item in self._subscribers:
            subscriber = self._subscribers[item]
            topics = subscriber.receive()
            if subscriber.wants_write:
                subscriber.flush()
        elif item in self._greetings:
            topics = self._listen(self._greetings[item])
        elif item == self._listener.fileno():
            self._accept()
        self._forget_ended()
        return topics

    def _accept(self) -> None:
        self._expire()
        with suppress(BlockingIOError, ConnectionError):
            connection, _ = self._listener.accept()
            if len(self._greetings) >= MOST_GREETINGS or len(self._subscribers) >= MOST_SUBSCRIBERS:
                connection.close()
                return
            if self._path is None:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._greet(connection.detach())

    def _greet(self, descriptor: int) -> None:
        try:
            self._greetings[descriptor] = Greeting(descriptor, self._clock() + GREETING_SECONDS)
        except (Stranger, OSError):
            os.close(descriptor)

    def _expire(self) -> None:
        for greeting in list(self._greetings.values()):
            if self._clock() >= greeting.deadline:
                self._hang_up(greeting)

    def _hang_up(self, greeting: Greeting) -> None:
        del self._greetings[greeting.descriptor]
        os.close(greeting.descriptor)

    def _listen(self, greeting: Greeting) -> list[bytes]:
        """It becomes a subscriber, or goes."""
        descriptor = greeting.descriptor
        try:
            unread = greeting.listen()
        except (Stranger, OSError):
            self._hang_up(greeting)
            return []
        if unread is None:
            return []
        del self._greetings[descriptor]
        self._subscribers[descriptor] = Subscriber(descriptor, subscribed=False, unread=unread)
        return self._subscribers[descriptor].receive()

    def _forget_ended(self) -> None:
        ended = [subscriber for subscriber in self._subscribers.values() if subscriber.ended]
        for subscriber in ended:
            self._cut_off += subscriber.overflowed
            del self._subscribers[subscriber.descriptor]

    def publish(self, frames: Frames) -> None:
        """See :class:`Publisher`."""
        pieces = encode(frames)
        for subscriber in self._subscribers.values():
            subscriber.publish(pieces)
        self._forget_ended()

    @property
    def congested(self) -> bool:
        """See :class:`Publisher`."""
        now = self._clock()
        # Each has a look at the clock, hence no generator.
        behind = [subscriber.holds_up(now) for subscriber in self._subscribers.values()]
        return any(behind)

    def cut_off(self) -> int:
        """See :class:`Publisher`."""
        count, self._cut_off = self._cut_off, 0
        return count

    def come_to_rest(self, seconds: float) -> tuple[tuple[int, ...], int]:
        """See :class:`Publisher`. Who has not read till then comes back, as does who broke off."""
        deadline = time.monotonic() + GREETED_SECONDS
        while self._greetings and time.monotonic() < deadline:
            for item in poll_for(list(self._greetings), [], 0.02)[0]:
                self.attend(item)
        self.flush(seconds)
        for subscriber in self._subscribers.values():
            if not subscriber.between_frames:
                subscriber.end()
        self._forget_ended()
        return tuple(os.dup(fd) for fd in self._subscribers), 0

    def flush(self, seconds: float) -> None:
        """Send what is queued, for at most so many seconds."""
        deadline = time.monotonic() + seconds
        while any(s.wants_write for s in self._subscribers.values()) and time.monotonic() < deadline:
            poll_for([], [fd for fd, s in self._subscribers.items() if s.wants_write], 0.05)
            for subscriber in self._subscribers.values():
                subscriber.flush()
            self._forget_ended()

    def end(self) -> None:
        """Close our descriptors of the connections; their duplicates, if there are any, go on."""
        self._listener.close()
        for descriptor in (*self._greetings, *(s.descriptor for s in self._subscribers.values())):
            with suppress(OSError):
                os.close(descriptor)
        self._greetings, self._subscribers = {}, {}

    def close(self, seconds: float) -> None:
        """See :class:`Publisher`."""
        self.flush(seconds)
        self.end()
        if self._path is not None:
            with suppress(OSError):
                os.unlink(str(self._path))


IOPUB_QUEUE = 1_000
"""Messages that libzmq keeps for one subscriber that does not read; beyond, it leaves that subscriber out.
As many as ipykernel's (``ZMQ_SNDHWM``)."""


class ZmqPublisher:
    """Encrypted connections. Every subscription is heard of (XPUB_VERBOSER)."""

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        listen: Callable[[zmq.Socket[bytes]], None],
        address: Address,
    ) -> None:
        self._address = address
        self._socket = context.socket(zmq.XPUB)
        self._socket.setsockopt(zmq.XPUB_VERBOSER, 1)
        self._socket.sndhwm = IOPUB_QUEUE
        listen(self._socket)

    congested = False

    def pollables(self) -> dict[Any, int]:
        """See :class:`Publisher`."""
        return {self._socket: zmq.POLLIN}

    def attend(self, item: Any) -> list[bytes]:
        """See :class:`Publisher`. XPUB brings a byte, 1 for a subscription and 0 for its end, then the topic
        (``zmq_socket(3)``).

        Ends are not counted: anybody on this machine can send them, also of what was never subscribed.
        """
        topics: list[bytes] = []
        with suppress(zmq.Again):
            while item is self._socket:
                message = self._socket.recv_multipart(zmq.NOBLOCK)[0]
                topics += [message[1:]] if message[:1] == b"\x01" else []
        return topics

    def publish(self, frames: Frames) -> None:
        """See :class:`Publisher`."""
        with suppress(zmq.Again):
            self._socket.send_multipart(frames, zmq.NOBLOCK)

    def cut_off(self) -> int:
        """See :class:`Publisher`; libzmq does not tell."""
        return 0

    def come_to_rest(self, seconds: float) -> tuple[tuple[int, ...], int]:
        """See :class:`Publisher`. libzmq's keys stay with it, so all have to come back."""
        count = len(accepted({self._address}))
        self._socket.close(linger=int(1000 * seconds))
        until(lambda: not accepted({self._address}), seconds)
        return (), count

    def close(self, seconds: float) -> None:
        """See :class:`Publisher`; the context sees to it."""
