"""The supervisor's lines to a kernel whose sockets are libzmq's."""

from __future__ import annotations

import json
import select
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zmq

from pyteleport_jupyter.remote.kernel_lines import DELIMITER, IDENTITY, OURS, Heard, KernelLines, own_reply
from pyteleport_jupyter.wire.lanes import Lane

PORTS = {"shell": 1, "iopub": 2, "stdin": 3, "control": 4}


class Kernel:
    """Sockets as ipykernel has them."""

    def __init__(self, directory: str) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.sockets = {name: self.bind(directory, name) for name in PORTS}

    def bind(self, directory: str, name: str) -> zmq.Socket[bytes]:
        socket = self.context.socket(zmq.XPUB if name == "iopub" else zmq.ROUTER)
        socket.sndhwm = 0
        socket.rcvtimeo = 30_000
        socket.bind(f"ipc://{directory}/k-{PORTS[name]}")
        return socket

    def end(self) -> None:
        self.context.destroy(linger=0)


@pytest.fixture
def directory() -> Iterator[str]:
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        yield directory


@pytest.fixture
def lines(directory: str) -> Iterator[KernelLines]:
    lines = KernelLines(directory, "key")
    yield lines
    lines.close()


@pytest.fixture
def kernel(directory: str) -> Iterator[Kernel]:
    kernel = Kernel(directory)
    yield kernel
    kernel.end()


def pump(lines: KernelLines, true: Callable[[Heard], object]) -> Heard:
    """Serve the lines until ``true`` of all that was heard."""
    heard: Heard = []
    deadline = time.monotonic() + 30
    while not true(heard):
        assert time.monotonic() < deadline, f"heard {len(heard)}"
        poll = select.poll()
        for fd, flags in lines.watched().items():
            poll.register(fd, flags)
        wait = min(1.0, max(0.0, lines.retry_at() - time.monotonic()))
        heard += lines.receive(dict(poll.poll(1000 * wait)))
        lines.look()
    return heard


def subscribed(lines: KernelLines, kernel: Kernel) -> None:
    pump(lines, lambda _: kernel.sockets["iopub"].poll(0))
    assert kernel.sockets["iopub"].recv() == b"\x01"


def test_what_is_said_before_the_kernel_is_there_arrives(lines: KernelLines, directory: str) -> None:
    lines.send(Lane.SHELL, [b"front", b"", b"early"])
    lines.look()
    kernel = Kernel(directory)
    pump(lines, lambda _: kernel.sockets["shell"].poll(0))
    assert kernel.sockets["shell"].recv_multipart() == [IDENTITY, b"front", b"", b"early"]
    kernel.end()


def test_all_three_have_one_identity_and_hear_what_is_said_to_it(lines: KernelLines, kernel: Kernel) -> None:
    lanes = {"shell": Lane.SHELL, "control": Lane.CONTROL, "stdin": Lane.STDIN}
    for lane in lanes.values():
        lines.send(lane, [b"x", bytes(300_000)])
    pump(lines, lambda _: all(kernel.sockets[name].poll(0) for name in lanes))
    for name in lanes:
        parts = kernel.sockets[name].recv_multipart()
        assert parts == [IDENTITY, b"x", bytes(300_000)]
        kernel.sockets[name].send_multipart([*parts[:2], name.encode()])
    heard = pump(lines, lambda heard: len(heard) == 3)
    assert sorted(heard) == sorted((lane, [b"x", name.encode()]) for name, lane in lanes.items())


def test_outputs_come_before_the_reply_that_followed_them(lines: KernelLines, kernel: Kernel) -> None:
    subscribed(lines, kernel)
    lines.send(Lane.SHELL, [b"go"])
    pump(lines, lambda _: kernel.sockets["shell"].poll(0))
    big = [b"stream", bytes(5 << 20)]
    for number in range(20):
        kernel.sockets["iopub"].send_multipart([*big, str(number).encode()])
    kernel.sockets["shell"].send_multipart([IDENTITY, b"done"])
    heard = pump(lines, lambda heard: any(lane is Lane.SHELL for lane, _ in heard))
    numbers = [parts[2] for lane, parts in heard if lane is Lane.IOPUB]
    assert numbers == [str(number).encode() for number in range(len(numbers))]


def test_a_kernel_that_changes_into_something_else_is_found_again(
    lines: KernelLines, kernel: Kernel, directory: str
) -> None:
    subscribed(lines, kernel)
    kernel.end()
    second = Kernel(directory)
    lines.send(Lane.SHELL, [b"are you there?"])
    subscribed(lines, second)
    pump(lines, lambda _: second.sockets["shell"].poll(0))
    assert second.sockets["shell"].recv_multipart()[1] == b"are you there?"
    second.end()


def test_a_message_that_was_cut_off_goes_over_the_next_connection_whole(
    lines: KernelLines, kernel: Kernel, directory: str
) -> None:
    subscribed(lines, kernel)
    # More than socket and queue of the first kernel take.
    kernel.sockets["shell"].rcvhwm = 1
    message = [b"long", bytes(50 << 20)]
    lines.send(Lane.SHELL, message)
    assert lines.congested
    kernel.end()
    second = Kernel(directory)
    pump(lines, lambda _: second.sockets["shell"].poll(0))
    assert second.sockets["shell"].recv_multipart() == [IDENTITY, *message]
    assert not lines.congested
    second.end()


def test_own_requests_are_signed_and_their_replies_recognised(lines: KernelLines, kernel: Kernel) -> None:
    lines.request("kernel_info_request", {"a": 1})
    pump(lines, lambda _: kernel.sockets["shell"].poll(0))
    identity, ours, delimiter, digest, header, *_, content = kernel.sockets["shell"].recv_multipart()
    assert (identity, ours, delimiter, len(digest)) == (IDENTITY, OURS, DELIMITER, 64)
    assert json.loads(header)["msg_type"] == "kernel_info_request"
    assert json.loads(content) == {"a": 1}
    reply = [OURS, DELIMITER, b"", b'{"msg_type": "kernel_info_reply"}', b"{}", b"{}", b'{"status": "ok"}']
    assert own_reply(reply) == ("kernel_info_reply", {"status": "ok"})
    assert own_reply([b"tab", *reply[1:]]) is None


def test_somebody_else_at_the_socket_is_left_alone(lines: KernelLines, directory: str) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(Path(directory) / "k-1"))
        listener.listen()
        lines.look()
        stranger, _ = listener.accept()
        with stranger:
            stranger.sendall(b"HTTP/1.1 400 Bad Request\r\n" * 4)
            pump(lines, lambda _: lines.retry_at() > 0 and len(lines.watched()) == 0)
