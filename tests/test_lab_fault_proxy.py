"""The fault proxy: exact where it can be exact."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from lab import Direction, FaultProxy

BLOCK = bytes(range(256)) * 4096


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    """A proxy in front of a server that sends everything back."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=echo_for_all, args=(listener,), daemon=True)
        thread.start()
        with FaultProxy(listener.getsockname()) as made:
            yield made
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def echo_for_all(listener: socket.socket) -> None:
    """Serve one client after the other until the listener is shut down."""
    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        with peer:
            try:
                while piece := peer.recv(65536):
                    peer.sendall(piece)
            except OSError:
                continue


def connect(proxy: FaultProxy) -> socket.socket:
    """A client; nothing may take longer than 20 seconds."""
    return socket.create_connection(proxy.address, timeout=20)


def receive(client: socket.socket, size: int) -> bytes:
    """Exactly ``size`` bytes, less if the other side ends before."""
    received = b""
    while len(received) < size and (piece := client.recv(65536)):
        received += piece
    return received


def exchange(client: socket.socket, data: bytes) -> bytes:
    """Send and get back."""
    sender = threading.Thread(target=client.sendall, args=(data,))
    sender.start()
    received = receive(client, len(data))
    sender.join()
    return received


def test_everything_passes_unchanged(proxy: FaultProxy) -> None:
    with connect(proxy) as client:
        assert exchange(client, BLOCK) == BLOCK
    assert proxy.carried == dict.fromkeys(Direction, len(BLOCK))


def test_the_end_of_one_direction_passes_too(proxy: FaultProxy) -> None:
    with connect(proxy) as client:
        client.sendall(b"last words")
        client.shutdown(socket.SHUT_WR)
        assert receive(client, 1000) == b"last words"


def test_delay_counts_each_way(proxy: FaultProxy) -> None:
    proxy.delay = 0.2
    with connect(proxy) as client:
        began = time.monotonic()
        exchange(client, b"x")
        assert time.monotonic() - began >= 0.4


def test_rate_is_an_upper_limit(proxy: FaultProxy) -> None:
    proxy.rate = len(BLOCK) / 0.5
    with connect(proxy) as client:
        began = time.monotonic()
        assert exchange(client, BLOCK) == BLOCK
        assert time.monotonic() - began >= 0.5


def test_nothing_passes_a_cut_and_all_of_it_after_healing(proxy: FaultProxy) -> None:
    with connect(proxy) as client:
        exchange(client, b"open")
        proxy.cut()
        client.sendall(BLOCK)
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(20)
        proxy.heal()
        assert receive(client, len(BLOCK)) == BLOCK


def test_reset_reaches_the_client(proxy: FaultProxy) -> None:
    with connect(proxy) as client:
        exchange(client, b"open")
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            client.recv(1)


@pytest.mark.parametrize("count", [1, 1000, 65536, 70001])
def test_reset_after_exactly_so_many_bytes(proxy: FaultProxy, count: int) -> None:
    with connect(proxy) as client:
        exchange(client, b"open")
        proxy.reset_after(Direction.TO_CLIENT, count)
        threading.Thread(target=send_and_ignore, args=(client, BLOCK), daemon=True).start()
        assert receive_until_reset(client) == BLOCK[:count]
    with connect(proxy) as client:
        assert exchange(client, b"next") == b"next"


def send_and_ignore(client: socket.socket, data: bytes) -> None:
    """Send what can be sent."""
    try:
        client.sendall(data)
    except OSError:
        return


def receive_until_reset(client: socket.socket) -> bytes:
    """All that comes before the reset."""
    received = b""
    while True:
        try:
            piece = client.recv(65536)
        except ConnectionResetError:
            return received
        assert piece, "the connection was closed, not reset"
        received += piece
