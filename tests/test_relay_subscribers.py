"""Connections taken over from libzmq: real SUB sockets of libzmq at the other end."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest
import zmq
from relay_lab import eventually

from pyteleport_jupyter.relay.sockets import accepted, end_unfinished, kept_connections
from pyteleport_jupyter.relay.subscribers import BACKLOG_LIMIT, PATIENCE, Subscriber, encode


@pytest.fixture
def context() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    with zmq.Context() as context:
        yield context
        context.destroy(linger=0)


class TakenOver:
    """A SUB whose XPUB has been closed, with a descriptor of the connection that stayed."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], heartbeat: int = 0) -> None:
        publisher = context.socket(zmq.XPUB)
        port = publisher.bind_to_random_port("tcp://127.0.0.1")
        self.client = context.socket(zmq.SUB)
        self.client.heartbeat_ivl = heartbeat
        self.client.subscribe(b"")
        self.client.connect(f"tcp://127.0.0.1:{port}")
        assert publisher.recv() == b"\x01"
        publisher.send_multipart([b"topic", b"by libzmq"])
        with kept_connections(port) as kept:
            publisher.close(linger=1000)
            assert eventually(lambda: [s.number for s in accepted({port})] == kept)
            self.subscriber = Subscriber(os.dup(kept[0]))

    def __enter__(self) -> TakenOver:
        return self

    def __exit__(self, *reason: object) -> None:
        self.client.close(linger=0)
        self.subscriber.end()

    def receive(self) -> list[bytes]:
        assert self.client.poll(5000)
        return self.client.recv_multipart()


def test_conversation_goes_on(context: zmq.Context[zmq.Socket[bytes]]) -> None:
    messages = [[b"topic", b"x" * size] for size in (0, 1, 255, 256, 65_535, 65_536, 3_000_000)]
    messages.append([b"a", b"", b"b" * 300, b""])
    with TakenOver(context) as taken:
        for frames in messages:
            taken.subscriber.publish(encode(frames))
        assert taken.receive() == [b"topic", b"by libzmq"]
        for frames in messages:
            while taken.subscriber.wants_write:
                taken.subscriber.flush()
                taken.client.poll(1)
            assert taken.receive() == frames


def test_pings_are_answered(context: zmq.Context[zmq.Socket[bytes]]) -> None:
    """A client with heartbeats (milliseconds) hangs up on a publisher that does not answer them."""
    with TakenOver(context, heartbeat=200) as taken:
        taken.receive()
        for _ in range(100):
            taken.subscriber.receive()
            taken.client.poll(10)
            assert not taken.subscriber.ended
        taken.subscriber.publish(encode([b"still", b"here"]))
        assert taken.receive() == [b"still", b"here"]


def test_new_topics_are_noticed(context: zmq.Context[zmq.Socket[bytes]]) -> None:
    with TakenOver(context) as taken:
        taken.receive()
        taken.client.subscribe(b"more")
        taken.client.poll(10)
        topics: list[bytes] = []
        assert eventually(lambda: bool(topics.extend(taken.subscriber.receive()) or topics))
        assert topics == [b"more"]


def test_client_that_goes_is_noticed(context: zmq.Context[zmq.Socket[bytes]]) -> None:
    with TakenOver(context) as taken:
        taken.client.close(linger=0)
        assert eventually(lambda: bool(taken.subscriber.receive()) or taken.subscriber.ended)


@pytest.mark.parametrize("junk", [b"\xff\x00", b"\x02" + b"\xff" * 8, b"GET / HTTP/1.1\r\n\r\n" * 9])
def test_junk_ends_the_connection(junk: bytes) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        subscriber = Subscriber(ours.detach())
        theirs.sendall(junk)
        subscriber.receive()
        assert subscriber.ended
        assert theirs.recv(1) == b""


def test_an_empty_command_means_nothing() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        subscriber = Subscriber(ours.detach())
        theirs.sendall(b"\x04\x00")
        assert subscriber.receive() == []
        assert not subscriber.ended
        subscriber.end()


def test_commands_in_any_split() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        subscriber = Subscriber(ours.detach())
        topics: list[bytes] = []
        for byte in b"\x00\x04\x01abc" + b"\x04\x0d\x09SUBSCRIBExyz" + b"\x04\x09\x04PING\x00\x10ab":
            theirs.sendall(bytes([byte]))
            topics += subscriber.receive()
        assert topics == [b"abc", b"xyz"]
        assert theirs.recv(100) == b"\x04\x07\x04PONGab"
        subscriber.end()


def test_backlog_is_bounded() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        subscriber = Subscriber(ours.detach())
        piece = b"x" * (1 << 20)
        for _ in range(BACKLOG_LIMIT // len(piece) + 2):
            subscriber.publish([piece])
        assert subscriber.holds_up(100.0)
        assert not subscriber.ended
        assert not subscriber.holds_up(100.0 + PATIENCE)
        subscriber.publish([piece])
        assert subscriber.ended
        assert subscriber.overflowed


def test_unfinished_connections_are_ended() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        full, idle = (socket.create_connection(server.getsockname()) for _ in range(2))
        full_end, idle_end = server.accept()[0], server.accept()[0]
        full_end.setblocking(False)
        while True:
            try:
                full_end.send(b"x" * 65536)
            except BlockingIOError:
                break
        end_unfinished([full_end.fileno(), idle_end.fileno()])
        with pytest.raises(BrokenPipeError):
            full_end.send(b"x")
        assert idle_end.send(b"x") == 1
        for opened in (full, idle, full_end, idle_end):
            opened.close()
