"""Iopub of a kernel that has come home: the connections that the relay kept, and a stand-in for the zmq
socket of ipykernel's iopub thread.

libzmq cannot take over a connection, and a subscriber that has to reconnect may miss output (see
:mod:`..relay.subscribers`). So a kernel at home goes on publishing as the relay did.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import zmq

from pyteleport_jupyter.relay.configuration import FrontSettings
from pyteleport_jupyter.relay.publisher import OwnPublisher
from pyteleport_jupyter.relay.sockets import until

PATIENT_SECONDS = 30.0
"""A subscriber that is slow may hold up the output for so long in one go."""


class PublishingSocket:
    """What ipykernel's ``IOPubThread`` uses of a zmq.Socket, for one thread.

    It is no XPUB to ipykernel (there is no ``getsockopt``), so subscriptions are heard of here.
    """

    linger = 1000
    closed = False

    def __init__(self, context: zmq.Context[Any], settings: FrontSettings) -> None:
        self.context = context
        self._publisher = OwnPublisher(settings)
        self._welcome: Callable[[str], None] = lambda topic: None
        self._loop: Any = None
        self._watched: dict[int, int] = {}

    def attend(self, loop: Any, welcome: Callable[[str], None]) -> None:
        """In the thread, whose loop it is: look after the connections from now on. ``welcome`` is told the
        topics of new subscriptions.
        """
        self._loop, self._welcome = loop, welcome
        self._watch()

    def _watch(self) -> None:
        wanted = {} if self.closed else self._publisher.pollables()
        for descriptor in self._watched.keys() - wanted.keys():
            self._loop.remove_handler(descriptor)
        for descriptor, flags in wanted.items():
            if descriptor not in self._watched:
                self._loop.add_handler(descriptor, partial(self._look, descriptor), _events(flags))
            elif self._watched[descriptor] != flags:
                self._loop.update_handler(descriptor, _events(flags))
        self._watched = wanted

    def _look(self, descriptor: int, *_: Any) -> None:
        for topic in self._publisher.attend(descriptor):
            self._welcome(topic.decode(errors="replace"))
        self._watch()

    def send_multipart(self, frames: Sequence[Any], *_: Any, **__: Any) -> None:
        """Publish; a subscriber that is slow, and reads, is waited for."""
        if self.closed:
            raise zmq.ZMQError(zmq.ENOTSOCK)
        self._publisher.publish([getattr(frame, "buffer", frame) for frame in frames])
        deadline = time.monotonic() + PATIENT_SECONDS
        while self._publisher.congested and time.monotonic() < deadline:
            self._publisher.flush(0.05)
        if self._loop is not None:
            self._watch()

    def close(self, linger: int | None = None) -> None:
        """Send what is queued, for at most ``linger`` milliseconds, and end all connections."""
        if self.closed:
            return
        self.closed = True
        if self._loop is not None:
            self._watch()
        self._publisher.flush((self.linger if linger is None else linger) / 1000)
        self._publisher.end()


def _events(flags: int) -> int:
    """zmq's flags as those of tornado (``IOLoop.READ`` and ``WRITE``)."""
    return (1 if flags & zmq.POLLIN else 0) | (4 if flags & zmq.POLLOUT else 0)


class PatientRouter(zmq.Socket):  # type: ignore[type-arg]
    """A ROUTER that waits for clients which are on their way back, and for no other."""

    patient_until = 0.0
    """On the monotonic clock; clients reconnect within some 200 ms."""

    def send_multipart(self, frames: Sequence[Any], *arguments: Any, **options: Any) -> Any:  # type: ignore[override]
        """As zmq.Socket's. What nobody is there for is dropped, as a ROUTER does.

        A client that has no identity of its own is given one that begins with a zero (zmq_socket(3)); when
        it reconnects another one.
        """
        nameless = bytes(getattr(frames[0], "bytes", frames[0])).startswith(b"\0")
        deadline = max(time.monotonic(), 0.0 if nameless else self.patient_until)

        def sent() -> bool:
            try:
                super(PatientRouter, self).send_multipart(frames, *arguments, **options)
            except zmq.ZMQError as error:
                if error.errno != zmq.EHOSTUNREACH:
                    raise
                return False
            return True

        until(sent, deadline - time.monotonic())
