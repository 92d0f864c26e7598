"""Iopub in our own hands: real subscribers of libzmq that come after the cut, strangers, and those who do not
read.
"""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
from relay_lab import LabKernel, answer_to, eventually, lab_kernel, resident_bytes

from pyteleport_jupyter.relay.configuration import FrontSettings
from pyteleport_jupyter.relay.publisher import GREETING_SECONDS, MOST_GREETINGS, OwnPublisher
from pyteleport_jupyter.relay.subscribers import BACKLOG_LIMIT, PATIENCE


class Iopub:
    """A publisher on a listening socket, and the loop that serves it."""

    def __init__(self, path: str | None = None) -> None:
        listener = socket.create_server(("127.0.0.1", 0)) if path is None else _unix_server(path)
        port: int | str = listener.getsockname()[1] if path is None else path
        self.address = f"tcp://127.0.0.1:{port}" if path is None else f"ipc://{path}"
        settings = FrontSettings(
            transport="tcp" if path is None else "ipc",
            ip="127.0.0.1",
            addresses={"iopub": port},
            listeners={"iopub": listener.detach()},
            key="",
            scheme="hmac-sha256",
            session="",
        )
        self.now = 100.0
        self.publisher = OwnPublisher(settings, lambda: self.now)
        self.topics: list[bytes] = []
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._clients: list[zmq.Socket[bytes]] = []

    def serve(self, milliseconds: int = 10) -> None:
        poller = zmq.Poller()
        for item, flags in self.publisher.pollables().items():
            poller.register(item, flags)
        for item, _ in poller.poll(milliseconds):
            self.topics += self.publisher.attend(item)

    def subscriber(self, **options: int) -> zmq.Socket[bytes]:
        """A SUB of libzmq that has subscribed to everything."""
        client = self.silent_client()
        for name, value in options.items():
            setattr(client, name, value)
        client.subscribe(b"")
        client.connect(self.address)
        expected = len(self.topics) + 1
        assert eventually(lambda: bool(self.serve() or len(self.topics) == expected))
        return client

    def silent_client(self) -> zmq.Socket[bytes]:
        """A SUB that has not subscribed to anything, nor connected."""
        self._clients.append(self.context.socket(zmq.SUB))
        return self._clients[-1]

    def stranger(self) -> socket.socket:
        host, _, port = self.address.removeprefix("tcp://").partition(":")
        return socket.create_connection((host, int(port)), timeout=5)

    def close(self) -> None:
        self.publisher.close(0)
        for client in self._clients:
            client.close(linger=0)
        self.context.destroy(linger=0)


def _unix_server(path: str) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    return server


@pytest.fixture
def iopub() -> Iterator[Iopub]:
    iopub = Iopub()
    yield iopub
    iopub.close()


def receive(iopub: Iopub, client: zmq.Socket[bytes]) -> list[bytes]:
    assert eventually(lambda: bool(iopub.serve() or client.poll(0)))
    return client.recv_multipart()


def test_subscribers_that_come_later(iopub: Iopub) -> None:
    messages = [[b"topic", b"x" * size] for size in (0, 255, 256, 70_000, 3_000_000)]
    clients = [iopub.subscriber() for _ in range(3)]
    assert iopub.topics == [b""] * 3
    for frames in messages:
        iopub.publisher.publish(frames)
    for client in clients:
        assert [receive(iopub, client) for _ in messages] == messages


def test_over_a_unix_socket(tmp_path: Path) -> None:
    path = os.path.relpath(tmp_path / "iopub")
    iopub = Iopub(path)
    client = iopub.subscriber()
    iopub.publisher.publish([b"topic", b"text"])
    assert receive(iopub, client) == [b"topic", b"text"]
    iopub.close()
    assert not os.path.exists(path)


def test_heartbeats_of_the_protocol_are_answered(iopub: Iopub) -> None:
    client = iopub.subscriber(heartbeat_ivl=100)
    for _ in range(50):
        iopub.serve()
    iopub.publisher.publish([b"still here"])
    assert receive(iopub, client) == [b"still here"]
    assert iopub.topics == [b""], "it never had to come again"


def test_before_it_subscribes_nobody_gets_anything(iopub: Iopub) -> None:
    client = iopub.silent_client()
    client.connect(iopub.address)
    for _ in range(10):
        iopub.serve()
    iopub.publisher.publish([b"missed"])
    client.subscribe(b"")
    assert eventually(lambda: bool(iopub.serve() or iopub.topics))
    iopub.publisher.publish([b"heard"])
    assert receive(iopub, client) == [b"heard"]


def test_version_2_of_the_protocol(iopub: Iopub) -> None:
    """What libzmq 3 and NetMQ speak (rfc.zeromq.org/spec/15)."""
    signature = b"\xff" + bytes(7) + b"\x01\x7f"
    with iopub.stranger() as client:
        for words in (signature, b"\x01\x02", b"\x00\x00", b"\x00\x01\x01"):
            client.sendall(words)
            iopub.serve()
        assert eventually(lambda: bool(iopub.serve() or iopub.topics))
        assert client.recv(100) == signature + b"\x03\x09\x00\x00"
        iopub.publisher.publish([b"topic", b"text"])
        assert client.recv(100) == b"\x01\x05topic\x00\x04text"


@pytest.mark.parametrize(
    "words",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x01\x00",
        b"\xff" + bytes(64),
        b"\xff" + bytes(7) + b"\x01\x7f\x03\x01CURVE" + bytes(47),
        b"",
    ],
)
def test_strangers_are_hung_up_on(iopub: Iopub, words: bytes) -> None:
    with iopub.stranger() as stranger:
        stranger.sendall(words)
        stranger.shutdown(socket.SHUT_WR)
        stranger.setblocking(False)

        def hung_up() -> bool:
            iopub.serve()
            try:
                return stranger.recv(4096) == b""
            except BlockingIOError:
                return False
            except ConnectionResetError:
                return True

        assert eventually(hung_up)
    assert len(iopub.publisher.pollables()) == 1


def test_who_says_nothing_does_not_keep_others_away(iopub: Iopub) -> None:
    silent = [iopub.stranger() for _ in range(MOST_GREETINGS + 5)]
    assert eventually(lambda: bool(iopub.serve() or len(iopub.publisher.pollables()) == MOST_GREETINGS + 1))
    for _ in range(10):
        iopub.serve()
    assert len(iopub.publisher.pollables()) == MOST_GREETINGS + 1
    iopub.now += GREETING_SECONDS
    client = iopub.subscriber()
    iopub.publisher.publish([b"heard"])
    assert receive(iopub, client) == [b"heard"]
    for stranger in silent:
        stranger.close()


MEGABYTE = b"x" * (1 << 20)


def fill(iopub: Iopub, limit: int) -> int:
    """Publish until the publisher asks to wait, and the system's buffers are full; how many megabytes."""
    for count in range(limit):
        if iopub.publisher.congested:
            for _ in range(20):
                iopub.serve()
            if iopub.publisher.congested:
                return count
        iopub.publisher.publish([MEGABYTE])
        iopub.serve(0)
    return limit


def test_who_is_behind_is_waited_for_as_long_as_he_moves(iopub: Iopub) -> None:
    client = iopub.subscriber(rcvhwm=1)
    published = fill(iopub, 64)
    assert published < 64
    got = 0
    while got < published:
        iopub.now += PATIENCE * 0.9
        assert receive(iopub, client) == [MEGABYTE]
        got += 1
    assert eventually(lambda: bool(iopub.serve() or not iopub.publisher.congested))
    assert iopub.publisher.cut_off() == 0


def test_who_does_not_read_is_waited_for_a_while_and_cut_off_in_the_end(iopub: Iopub) -> None:
    stuck, other = iopub.subscriber(rcvhwm=1), iopub.subscriber()
    published = fill(iopub, 64)
    assert iopub.publisher.congested
    iopub.now += PATIENCE
    assert not iopub.publisher.congested, "the others are not held up for ever"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    # The system's own buffers grow, too.
    limit = BACKLOG_LIMIT // len(MEGABYTE) + 32
    for _ in range(limit):
        # Each of its own, as they come from the link.
        iopub.publisher.publish([bytes(bytearray(MEGABYTE))])
        published += 1
        assert receive(iopub, other)
    assert iopub.publisher.cut_off() == 1
    assert iopub.publisher.cut_off() == 0, "said once"
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    assert grown < BACKLOG_LIMIT + 24 * len(MEGABYTE)
    for _ in range(published - limit):
        assert receive(iopub, other)
    del stuck


def test_messages_that_come_together_are_no_reason_to_be_cut_off(iopub: Iopub) -> None:
    """What is in our hands already is published, however much it is."""
    client = iopub.subscriber(rcvhwm=1)
    figures = [bytes([number]) * (2 * BACKLOG_LIMIT) for number in range(3)]
    for figure in figures:
        iopub.publisher.publish([figure])
    for figure in figures:
        (got,) = receive(iopub, client)
        assert len(got) == len(figure)
        assert got[:1] == figure[:1]
    assert iopub.publisher.cut_off() == 0


def test_one_long_message_is_no_reason_to_be_cut_off(iopub: Iopub) -> None:
    client = iopub.subscriber()
    figure = bytes(3 * BACKLOG_LIMIT)
    iopub.publisher.publish([figure])
    assert receive(iopub, client) == [figure]
    assert iopub.publisher.cut_off() == 0


@pytest.fixture
def moved() -> Iterator[LabKernel]:
    with lab_kernel() as kernel:
        kernel.run("%cut")
        yield kernel


def test_a_client_that_never_reads_costs_little_and_the_user_is_told(moved: LabKernel) -> None:
    """60 MB are printed; who reads gets them all, in the memory of an ordinary relay and one backlog."""
    with zmq.Context() as context, context.socket(zmq.SUB) as stuck:
        stuck.rcvhwm = 1
        stuck.linger = 0
        stuck.subscribe(b"")
        stuck.connect(f"tcp://127.0.0.1:{moved.manager.iopub_port}")
        assert stuck.poll(5000)
        printing = moved.client.execute("for i in range(960): print('x' * 65535, flush=True)")
        answer = answer_to(moved.client, printing, 90)
        assert answer.text() == ("x" * 65535 + "\n") * 960
        told = [text for text in answer.displays() if "was cut off" in text]
        assert len(told) == 1
        assert resident_bytes(moved.pid) < 40e6 + BACKLOG_LIMIT
