"""The pipe and the conversation on real descriptors: partial writes, ends, errors as sentences,
interrupts.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from pyteleport_jupyter import errors
from pyteleport_jupyter.remote import shipment
from pyteleport_jupyter.remote.shipment import Shipment
from pyteleport_jupyter.wire import (
    Conversation,
    Lane,
    Message,
    NumberedChannel,
    Pipe,
    doze,
    encode_command,
    parse_command,
)
from pyteleport_jupyter.wire.framing import WireError, encode_frame
from pyteleport_jupyter.wire.lanes import part_table
from pyteleport_jupyter.wire.records import Data, encode


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def pipe_on(end: socket.socket) -> Pipe:
    return Pipe(end.fileno(), end.fileno(), NumberedChannel())


def soon() -> float:
    return time.monotonic() + 20


def test_more_than_the_descriptor_takes_goes_out_in_pieces(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = map(pipe_on, ends)
    ours.channel.send(Lane.IOPUB, [bytes(5 << 20)])
    ours.flush()
    assert ours.wants_write
    messages: list[Message] = []
    while not messages:
        messages = theirs.fill()
        ours.flush()
    assert [len(part) for part in messages[0].parts] == [5 << 20]
    assert not ours.wants_write


def test_an_end_closes_the_pipe_and_keeps_what_was_not_acknowledged(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours = pipe_on(ends[0])
    ours.channel.send(Lane.SHELL, [b"question"])
    ours.flush()
    ends[1].close()
    assert ours.fill() == []
    assert ours.closed
    assert ours.channel.pending_bytes > 0


def test_a_reader_that_has_gone_closes_the_pipe() -> None:
    read_fd, write_fd = os.pipe()
    other_read, other_write = os.pipe()
    os.close(read_fd)
    pipe = Pipe(other_read, write_fd, NumberedChannel())
    pipe.channel.send(Lane.SHELL, [b"question"])
    pipe.flush()
    assert pipe.closed
    assert not pipe.wants_write
    for fd in (write_fd, other_read, other_write):
        os.close(fd)


def answer(end: socket.socket, *answers: bytes) -> None:
    pipe = pipe_on(end)
    for part in answers:
        pipe.channel.send(Lane.COMMAND, [part])
    pipe.flush()


def test_answers_are_waited_for_by_name(ends: tuple[socket.socket, socket.socket]) -> None:
    conversation = Conversation(pipe_on(ends[0]), "cartesius")
    answer(ends[1], encode_command("ready"), encode_command("prepared", pid=7))
    assert conversation.wait_for("prepared", soon()) == {"op": "prepared", "pid": 7}
    assert conversation.wait_for("ready", soon()) == {"op": "ready"}


def test_bytes_that_came_with_the_landing_count(ends: tuple[socket.socket, socket.socket]) -> None:
    command = encode_command("survey")
    leftover = encode_frame(encode(Data(1, Lane.COMMAND, 0, part_table([command]) + command)))
    conversation = Conversation(pipe_on(ends[0]), "cartesius", leftover=leftover)
    assert conversation.wait_for("survey", soon()) == {"op": "survey"}


def test_what_is_said_arrives(ends: tuple[socket.socket, socket.socket]) -> None:
    Conversation(pipe_on(ends[0]), "cartesius").command("start", key="k")
    (message,) = pipe_on(ends[1]).fill()
    assert parse_command(message.parts[0]) == {"op": "start", "key": "k"}


def test_a_failure_there_is_raised_here_with_our_name_for_the_host(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    conversation = Conversation(pipe_on(ends[0]), "cartesius")
    answer(
        ends[1],
        encode_command("failed", error="RestoreFailed", facts={"reason": "no memory", "host": "evil"}),
    )
    with pytest.raises(errors.RestoreFailed, match="restored on cartesius: no memory"):
        conversation.wait_for("prepared", soon())


def test_nobody_answers(ends: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(
        errors.LinkTimeout, match="cartesius did not answer within 0 s while we waited for its kernel"
    ):
        Conversation(pipe_on(ends[0]), "cartesius").wait_for("ready", time.monotonic() + 0.05, "its kernel")


def test_the_link_breaks(ends: tuple[socket.socket, socket.socket]) -> None:
    ends[1].close()
    conversation = Conversation(pipe_on(ends[0]), "cartesius", lambda: "Connection reset by peer")
    with pytest.raises(errors.LinkLost, match=r"cartesius broke .*: Connection reset by peer"):
        conversation.wait_for("ready", soon())


def test_an_answer_that_came_before_the_end_is_still_heard(ends: tuple[socket.socket, socket.socket]) -> None:
    answer(ends[1], encode_command("ready"))
    ends[1].close()
    conversation = Conversation(pipe_on(ends[0]), "cartesius")
    assert conversation.wait_for("ready", soon())
    with pytest.raises(errors.LinkLost):
        conversation.wait_for("prepared", soon())


@pytest.mark.parametrize(
    "junk", [b"Traceback (most recent call last):\n", b"\xff" * 100, encode_frame(b"\x63")]
)
def test_junk_is_a_broken_protocol(ends: tuple[socket.socket, socket.socket], junk: bytes) -> None:
    ends[1].sendall(junk)
    with pytest.raises(errors.ProtocolBroken, match="cartesius sent something that is not ours"):
        Conversation(pipe_on(ends[0]), "cartesius").wait_for("ready", soon())


@pytest.mark.parametrize(
    ("lane", "part"), [(Lane.IOPUB, b"{}"), (Lane.COMMAND, b"[]"), (Lane.COMMAND, b"\x80N.")]
)
def test_what_was_not_asked_for_is_a_broken_protocol(
    ends: tuple[socket.socket, socket.socket], lane: Lane, part: bytes
) -> None:
    pipe = pipe_on(ends[1])
    pipe.channel.send(lane, [part])
    pipe.flush()
    with pytest.raises(errors.ProtocolBroken):
        Conversation(pipe_on(ends[0]), "cartesius").wait_for("ready", soon())


def test_endless_talk_is_a_broken_protocol(ends: tuple[socket.socket, socket.socket]) -> None:
    answer(ends[1], *[encode_command("chatter")] * 100)
    with pytest.raises(errors.ProtocolBroken, match="without being asked"):
        Conversation(pipe_on(ends[0]), "cartesius").wait_for("ready", soon())


def receive_all(end: socket.socket, total: int, arrived: list[bytes]) -> None:
    pipe = pipe_on(end)
    end.setblocking(True)
    while sum(map(len, arrived)) < total and not pipe.closed:
        arrived += [message.parts[0] for message in pipe.fill()]
        pipe.flush()


def test_a_large_snapshot_is_shipped_with_back_pressure(ends: tuple[socket.socket, socket.socket]) -> None:
    data = os.urandom(1 << 20) * 40
    slices = [memoryview(data)[start : start + (256 << 10)] for start in range(0, len(data), 256 << 10)]
    arrived: list[bytes] = []
    receiver = threading.Thread(target=receive_all, args=(ends[1], len(data), arrived))
    receiver.start()
    told: list[int] = []
    conversation = Conversation(pipe_on(ends[0]), "cartesius")
    highest = 0

    def progress(total: int) -> None:
        nonlocal highest
        told.append(total)
        highest = max(highest, conversation.pipe.channel.pending_bytes)

    assert conversation.ship(slices, progress) == len(data)
    with pytest.raises(errors.LinkTimeout):
        conversation.wait_for("prepared", time.monotonic() + 0.5)
    receiver.join()
    assert b"".join(arrived) == data
    assert told == sorted(told)
    assert told[-1] == len(data)
    assert highest < 10 << 20


def test_a_failure_stops_the_shipping(ends: tuple[socket.socket, socket.socket]) -> None:
    answer(ends[1], encode_command("failed", error="DiskFull", facts={"directory": "/x", "reason": "full"}))
    with pytest.raises(errors.DiskFull):
        Conversation(pipe_on(ends[0]), "cartesius").ship([memoryview(bytes(1 << 18))] * 1000)


def test_ctrl_c_gets_through_while_nothing_happens(ends: tuple[socket.socket, socket.socket]) -> None:
    conversation = Conversation(pipe_on(ends[0]), "cartesius")
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        conversation.wait_for("prepared", soon())
    timer.join()


def test_abort_waits_until_the_other_side_has_hung_up(ends: tuple[socket.socket, socket.socket]) -> None:
    heard: list[bytes] = []

    def obey() -> None:
        receive_all(ends[1], 1, heard)
        ends[1].close()

    other = threading.Thread(target=obey)
    other.start()
    conversation = Conversation(pipe_on(ends[0]), "cartesius")
    conversation.abort(20.0)
    assert conversation.pipe.closed
    other.join()
    assert parse_command(heard[0]) == {"op": "abort"}


def test_abort_of_a_dead_link_is_silent(ends: tuple[socket.socket, socket.socket]) -> None:
    ends[1].close()
    Conversation(pipe_on(ends[0]), "cartesius").abort()


class Bucket:
    """A pipe that a snapshot is passed into, and what was read out of it."""

    def __init__(self) -> None:
        self.read_fd, write_fd = os.pipe()
        self.shipment = Shipment(write_fd)
        self.content = b""
        self.said: list[bytes] = []
        for fd in (self.read_fd, write_fd):
            os.set_blocking(fd, False)

    def take(self, messages: list[Message]) -> None:
        for message in messages:
            if message.lane is Lane.SHIP:
                self.shipment.add(message.parts[0])
            else:
                self.said.append(message.parts[0])

    def empty(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self.read_fd, 1 << 20):
                self.content += data
        self.shipment.write()


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    bucket = Bucket()
    yield bucket
    bucket.shipment.close()
    os.close(bucket.read_fd)


def say_behind(near: Pipe, far: Pipe, bucket: Bucket) -> None:
    """What is said behind raw bytes is heard behind them."""
    near.channel.send(Lane.COMMAND, [b"behind"])
    while len(bucket.said) < 2:
        near.flush()
        bucket.take(far.fill())
        bucket.empty()
    bucket.empty()
    assert bucket.said == [b"before", b"behind"]


@pytest.mark.parametrize("spliced", [True, False])
def test_a_snapshot_goes_through_a_supervisor_as_it_is(
    spliced: bool, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, ends: tuple[socket.socket, socket.socket]
) -> None:
    if not spliced:
        monkeypatch.setattr(shipment, "splice", None)
    near, far = pipe_on(ends[0]), pipe_on(ends[1])
    far.sink = bucket.shipment
    data = os.urandom(3_000_000)
    near.channel.send(Lane.COMMAND, [b"before"])
    stalls = 0
    for start in range(0, len(data), 1 << 18):
        near.send_raw(memoryview(data)[start : start + (1 << 18)])
        while near.raw_waits:
            near.flush()
            if far.wants_read:
                bucket.take(far.fill())
            else:
                stalls += 1
                bucket.empty()
            far.flush()
            near.fill()
    say_behind(near, far, bucket)
    assert bucket.content == data
    assert stalls
    assert near.channel.peer_took >= len(data) - (1 << 20)


@pytest.fixture
def piped() -> Iterator[tuple[Pipe, Pipe]]:
    """As between a transport's child and sshd: two pipes, and none of them a socket."""
    data, answers = os.pipe(), os.pipe()
    yield Pipe(answers[0], data[1], NumberedChannel()), Pipe(data[0], answers[1], NumberedChannel())
    for fd in (*data, *answers):
        os.close(fd)


class Sleeps:
    """Stands for the clock that dozing goes by."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells how wide a pipe is")
@pytest.mark.parametrize("wide", [True, False])
def test_a_wide_pipe_gathers_while_both_sides_sleep(
    wide: bool, bucket: Bucket, piped: tuple[Pipe, Pipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeps = Sleeps()
    monkeypatch.setattr(doze, "time", sleeps)
    if not wide:
        monkeypatch.setattr(doze, "widen", lambda fd: 64 << 10)
    near, far = piped
    far.sink = bucket.shipment
    data = os.urandom(5 << 20)
    near.channel.send(Lane.COMMAND, [b"before"])
    for start in range(0, len(data), 1 << 20):
        near.send_raw(
            *(memoryview(data)[at : at + (1 << 18)] for at in range(start, start + (1 << 20), 1 << 18))
        )
        while near.raw_waits:
            near.flush()
            near.wait(0.0)
            if far.wants_read:
                bucket.take(far.fill())
            bucket.empty()
    say_behind(near, far, bucket)
    assert bucket.content == data
    assert bool(sleeps.seconds) is wide
    assert all(doze.SHORTEST <= seconds <= doze.LONGEST for seconds in sleeps.seconds)


def test_slices_go_in_runs_whole_and_in_order(piped: tuple[Pipe, Pipe]) -> None:
    near, far = piped
    slices = [memoryview(bytes([number % 251]) * (1 + number * 37 % 9000)) for number in range(3000)]
    heard: list[bytes] = []

    def receive() -> None:
        while sum(map(len, heard)) < sum(map(len, slices)):
            far.wait(20.0)
            heard.extend(message.parts[0] for message in far.fill())
            far.flush()

    other = threading.Thread(target=receive)
    other.start()
    total = Conversation(near, "cartesius").ship_raw(slices)
    other.join()
    assert b"".join(heard) == b"".join(slices)
    assert total == sum(map(len, slices))


def test_raw_bytes_that_nobody_takes_are_thrown_away(
    bucket: Bucket, ends: tuple[socket.socket, socket.socket]
) -> None:
    near, far = pipe_on(ends[0]), pipe_on(ends[1])
    far.sink = bucket.shipment
    bucket.shipment.close()
    for _ in range(20):
        near.send_raw(memoryview(bytes(1 << 18)))
        while near.raw_waits:
            near.flush()
            bucket.take(far.fill())
            far.flush()
            near.fill()
    near.channel.send(Lane.COMMAND, [b"behind"])
    while not bucket.said:
        near.flush()
        bucket.take(far.fill())


def test_hostile_lengths_of_raw_bytes(ends: tuple[socket.socket, socket.socket]) -> None:
    for head in (0x80000000, 0xFFFFFFFF, 0x80100001):
        with pytest.raises(WireError):
            NumberedChannel().receive(head.to_bytes(4, "big"))


def test_an_interrupt_in_the_midst_of_a_slice_is_followed_by_an_abort(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    conversation = Conversation(pipe_on(ends[0]), "cartesius")
    heard: list[bytes] = []

    def obey() -> None:
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)
        far = pipe_on(ends[1])
        while not heard:
            heard.extend(m.parts[0] for m in far.fill() if m.lane is Lane.COMMAND)
        ends[1].shutdown(socket.SHUT_RDWR)

    other = threading.Thread(target=obey)
    other.start()
    with pytest.raises(KeyboardInterrupt):
        conversation.ship_raw([memoryview(bytes(1 << 18))] * 100)
    conversation.abort()
    other.join()
    assert parse_command(heard[0])["op"] == "abort"
