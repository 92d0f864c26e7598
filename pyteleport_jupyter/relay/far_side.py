"""The side of the target: the channel, the link that carries it now, and the attempts to make a new one.

An attempt blocks (it connects, authenticates, maybe asks the user), so it runs in a thread and brings its
result through a queue; the relay goes on serving clients, whose messages are numbered and wait in the
channel.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from pyteleport_jupyter.relay.configuration import FarSettings
from pyteleport_jupyter.relay.states import LINK, Event, Link, following
from pyteleport_jupyter.wire.channel import ChannelFull, Message, NumberedChannel
from pyteleport_jupyter.wire.commands import encode_command
from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.pipe import Pipe

FIRST_WAIT = 0.2
LONGEST_WAIT = 10.0
"""Seconds between two attempts: doubled from the first to the longest."""

HOPELESS_WAIT = 60.0
"""Seconds until the next attempt after one that failed at authentication: servers lock out those who hurry.
"""

LOOK_SECONDS = 0.05
"""How often an attempt that is under way is asked for its result."""

PATIENCE = 1.0
"""Seconds that a child gets to end by itself when its pipe is closed."""


@dataclass(frozen=True)
class Carrier:
    """The child process that carries the bytes now. A :class:`~..transports.link.Link` by its numbers."""

    pid: int
    read_fd: int
    write_fd: int
    others: tuple[int, ...] = ()

    def end(self, patience: float = 0.0) -> None:
        """Close the pipe; after ``patience`` seconds end the child too, which has a process session of its
        own.
        """
        _close(self.read_fd, self.write_fd)
        if self.pid and not self._ended_within(patience):
            with suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
            self._ended_within(PATIENCE)
        # Last: one of them may be the child's terminal, and to hang that up is to kill it.
        _close(*self.others)

    def _ended_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while True:
            try:
                if os.waitpid(self.pid, os.WNOHANG) != (0, 0):
                    return True
            except ChildProcessError:
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.005)


def _close(*descriptors: int) -> None:
    for descriptor in set(descriptors):
        with suppress(OSError):
            os.close(descriptor)


@dataclass(frozen=True)
class Attached:
    """What a successful attempt brings: the new child, bytes that came behind the handshake, and what the
    peer has.
    """

    carrier: Carrier
    leftover: bytes
    peer_received: int


class AttemptFailed(Exception):
    """An attempt failed; ``event`` says how the link's machine takes it, ``wait`` when the next may come
    (None: as usual).
    """

    def __init__(self, reason: str, event: Event = Event.FAILED, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.event = event
        self.wait = wait


Attach = Callable[[int, float], Attached]
"""Make a new link: (number of the last piece received, deadline on the monotonic clock). Raises
AttemptFailed."""


class FarSide:
    """What the relay says to the target, whatever becomes of the link meanwhile."""

    def __init__(
        self,
        channel: NumberedChannel,
        carrier: Carrier,
        attach: Attach,
        lease: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = Link.UP
        self.reason = ""
        """Why the link was lost, or the last attempt failed."""
        self._channel = channel
        self._carrier = carrier
        self._attach = attach
        self._lease = lease
        self._clock = clock
        self._pipe = Pipe(carrier.read_fd, carrier.write_fd, channel)
        self._lost_at = self._due_at = 0.0
        self._wait = FIRST_WAIT
        self._results: queue.SimpleQueue[Attached | AttemptFailed] = queue.SimpleQueue()
        self._leftover: list[Message] = []

    @property
    def has_room(self) -> bool:
        """Whether more should be sent now."""
        return self._channel.has_room

    def hold_back(self, holding: bool) -> None:
        """While held back, what arrives is not acknowledged, so that the far side stops sending."""
        self._channel.hold_acks = holding

    def reading(self) -> list[int]:
        """Descriptors to be watched for reading."""
        return [self._pipe.read_fd] if self.state is Link.UP else []

    def writing(self) -> list[int]:
        """Descriptors to be watched for writing."""
        return [self._pipe.write_fd] if self.state is Link.UP and self._pipe.wants_write else []

    def timeout(self) -> float:
        """Seconds after which :meth:`look` should be called again."""
        if self.state is Link.UP:
            return self._channel.timeout()
        return max(0.0, self._due_at - self._clock()) if self.state is Link.WAITING else LOOK_SECONDS

    def send(self, lane: Lane, frames: Sequence[bytes | memoryview]) -> None:
        """Queue one message."""
        self._channel.send(lane, frames)

    def command(self, op: str, **fields: object) -> None:
        """Queue a command for the supervisor. With more waiting than the channel may hold, it would not get
        there.
        """
        with suppress(ChannelFull):
            self.send(Lane.COMMAND, [encode_command(op, **fields)])

    def receive(self) -> list[Message]:
        """What has arrived; a broken link is noticed here and by :meth:`look`, never raised."""
        leftover, self._leftover = self._leftover, []
        return leftover + self._fill()

    def _fill(self) -> list[Message]:
        try:
            return self._pipe.fill() if self.state is Link.UP else []
        except WireError as error:
            self._lose(str(error))
            return []

    def flush(self) -> None:
        """Write as much as the link takes."""
        if self.state is Link.UP:
            self._pipe.flush()

    def look(self) -> list[Event]:
        """Notice what became of the link; returns the events since the last call that changed its state."""
        return [event for event in self._happened() if self._take(event)]

    def _happened(self) -> Iterator[Event]:
        if self.state is Link.UP and self._is_lost():
            self._lose(self.reason or "it was closed")
            yield Event.LOST
        if self.state in (Link.WAITING, Link.TRYING) and self._clock() > self._lost_at + self._lease:
            yield Event.LEASE_OVER
        if self.state is Link.WAITING and self._clock() >= self._due_at:
            yield Event.DUE
        if self.state is Link.TRYING and not self._results.empty():
            yield self._finish_attempt(self._results.get())

    def _is_lost(self) -> bool:
        # Held back, we do not listen: that nothing is heard is no sign then.
        silent = self._channel.lost and not self._channel.hold_acks
        return self._pipe.closed or silent or not self._channel.attached

    def _lose(self, reason: str) -> None:
        """Note the loss, and end the child; the state follows with the event, in :meth:`look`."""
        if not self._channel.attached:
            return
        self.reason = reason
        self._channel.detach()
        self._pipe.closed = True
        self._carrier.end()
        self._lost_at = self._due_at = self._clock()
        self._wait = FIRST_WAIT

    def children_ended(self, pids: set[int]) -> None:
        """These children have ended and been taken leave of: their numbers may soon belong to others."""
        if self._carrier.pid in pids:
            self._carrier = replace(self._carrier, pid=0)
            self._pipe.closed = True

    def _take(self, event: Event) -> bool:
        """Let the machine move; whether it did."""
        before, self.state = self.state, following(LINK, self.state, event)
        if event is Event.DUE and self.state is Link.TRYING:
            threading.Thread(target=self._attempt, name="reattach", daemon=True).start()
        return self.state is not before

    def _attempt(self) -> None:
        """In a thread of its own: one attempt, its result in the queue."""
        result: Attached | AttemptFailed
        try:
            result = self._attach(self._channel.received, self._lost_at + self._lease)
        except AttemptFailed as failure:
            result = failure
        except Exception as error:
            result = AttemptFailed(f"{type(error).__name__}: {error}")
        self._results.put(result)

    def _finish_attempt(self, result: Attached | AttemptFailed) -> Event:
        if isinstance(result, Attached):
            return self._continue_on(result)
        return self._fail(result)

    def _fail(self, failure: AttemptFailed) -> Event:
        self.reason = failure.reason
        self._due_at = self._clock() + (self._wait if failure.wait is None else failure.wait)
        self._wait = min(2 * self._wait, LONGEST_WAIT)
        return failure.event

    def _continue_on(self, attached: Attached) -> Event:
        """A new link is there: both sides know what the other has, the rest is sent again."""
        try:
            self._channel.attach(attached.peer_received)
            self._leftover = self._channel.receive(attached.leftover)
        except WireError as error:
            self._channel.detach()
            attached.carrier.end()
            return self._fail(AttemptFailed(str(error)))
        self._carrier = attached.carrier
        self._pipe = Pipe(attached.carrier.read_fd, attached.carrier.write_fd, self._channel)
        return Event.ATTACHED

    def settings(self, first: FarSettings) -> FarSettings:
        """What makes a relay of another process of ours go on with the link as it is now, after those that
        this one began with.
        """
        carrier = self._carrier
        others = (*carrier.others, None, None)
        epoch = getattr(self._attach, "epoch", first.attach.get("epoch"))
        return replace(
            first,
            attach={**first.attach, "epoch": epoch},
            pid=carrier.pid,
            read_fd=carrier.read_fd,
            write_fd=carrier.write_fd,
            events_fd=others[0],
            complaints_fd=others[1],
        )

    @property
    def flushed(self) -> bool:
        """Whether the link has been given all that there is to say, or there is no link."""
        return self.state is not Link.UP or not self._pipe.wants_write

    def end(self) -> None:
        """Close the link for good; the last words are on their way, so the child gets a moment to pass them
        on.
        """
        if self.state is Link.UP:
            self._carrier.end(PATIENCE)


def carrier_of(settings: FarSettings) -> Carrier:
    """The link that was inherited across exec."""
    others = tuple(fd for fd in (settings.events_fd, settings.complaints_fd) if fd is not None)
    return Carrier(settings.pid, settings.read_fd, settings.write_fd, others)
