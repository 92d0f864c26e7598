"""The link's comings and goings, with real pipes and attempts that the test answers."""

from __future__ import annotations

import queue
import socket
import subprocess
from collections.abc import Iterator

import pytest
from relay_lab import eventually

from pyteleport_jupyter.relay.far_side import FIRST_WAIT, Attached, AttemptFailed, Carrier, FarSide
from pyteleport_jupyter.relay.states import Event, Link
from pyteleport_jupyter.wire.channel import NumberedChannel
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.pipe import Pipe

LEASE = 30.0


class World:
    """Time, a peer at the other end, and what the next attempts bring."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.peer = NumberedChannel(lambda: self.now)
        self.outcomes: queue.Queue[AttemptFailed | None] = queue.Queue()
        self.attempts: list[tuple[int, float]] = []
        self.carrier = self.connect()
        channel = NumberedChannel(lambda: self.now)
        self.far = FarSide(channel, self.carrier, self.attach, LEASE, lambda: self.now)

    def connect(self) -> Carrier:
        ours, self.theirs = socket.socketpair()
        self.pipe = Pipe(self.theirs.fileno(), self.theirs.fileno(), self.peer)
        child = subprocess.Popen(["sleep", "60"], start_new_session=True)
        child.returncode = 0  # The relay knows its children by number only, and takes leave of them so.
        number = ours.detach()
        return Carrier(child.pid, number, number)

    def attach(self, received: int, deadline: float) -> Attached:
        self.attempts.append((received, deadline))
        outcome = self.outcomes.get()
        if outcome is not None:
            raise outcome
        self.peer.detach()
        carrier = self.connect()
        self.peer.attach(received)
        return Attached(carrier, b"", self.peer.received)

    def lose(self) -> None:
        self.theirs.close()
        assert list(self.far.receive()) == []

    def until(self, event: Event) -> None:
        seen: list[Event] = []
        assert eventually(lambda: event in (seen.extend(self.far.look()) or seen)), seen


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.outcomes.put(AttemptFailed("the test is over"))
    world.theirs.close()
    world.far.end()


def test_messages_pass(world: World) -> None:
    world.far.send(Lane.SHELL, [b"a", b"b"])
    world.far.flush()
    assert [m.parts for m in world.pipe.fill()] == [(b"a", b"b")]
    world.peer.send(Lane.IOPUB, [b"c"])
    world.pipe.flush()
    assert [m.parts for m in world.far.receive()] == [(b"c",)]
    assert world.far.look() == []


def test_what_was_said_while_the_link_was_lost_comes_once(world: World) -> None:
    world.far.send(Lane.SHELL, [b"before"])
    world.lose()
    assert world.far.look()[:2] == [Event.LOST, Event.DUE]
    world.far.send(Lane.SHELL, [b"meanwhile"])
    assert world.far.writing() == []
    world.outcomes.put(None)
    world.until(Event.ATTACHED)
    world.far.flush()
    assert [m.parts for m in world.pipe.fill()] == [(b"before",), (b"meanwhile",)]
    assert world.far.state is Link.UP


def test_failed_attempts_wait_longer_each_time(world: World) -> None:
    world.lose()
    waits = []
    for _ in range(3):
        world.outcomes.put(AttemptFailed("no route"))
        world.until(Event.FAILED)
        waits.append(world.far.timeout())
        world.now += waits[-1]
    assert waits == [pytest.approx(FIRST_WAIT * factor) for factor in (1, 2, 4)]
    assert world.far.reason == "no route"


def test_lease_ends_it(world: World) -> None:
    world.lose()
    world.outcomes.put(AttemptFailed("no route", wait=3600.0))
    world.until(Event.FAILED)
    world.now += LEASE + 1
    assert world.far.look() == [Event.LEASE_OVER]
    assert world.far.state is Link.GONE


def test_session_that_is_gone_is_not_tried_again(world: World) -> None:
    world.lose()
    world.outcomes.put(AttemptFailed("no such session", Event.REFUSED))
    world.until(Event.REFUSED)
    world.now += 3600
    assert world.far.look() == []
    assert world.far.state is Link.GONE


def test_junk_is_a_lost_link(world: World) -> None:
    world.theirs.sendall(b"\xff" * 100)
    assert list(world.far.receive()) == []
    assert world.far.look()[0] is Event.LOST


def test_silence_is_a_lost_link(world: World) -> None:
    for _ in range(6):
        world.now += 5
        world.far.flush()
    assert world.far.look()[0] is Event.LOST


def test_ended_child_is_a_lost_link_and_not_killed_twice(world: World) -> None:
    world.far.children_ended({world.carrier.pid})
    assert world.far.look()[0] is Event.LOST
    world.carrier.end()
