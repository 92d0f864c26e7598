"""What is held back until subscribers are there, and what is tried again until clients are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyteleport_jupyter.relay.holding import CLIENT_LIMIT, HOLD_SECONDS, KEPT_LIMIT, REPLY_SECONDS, Delivery
from pyteleport_jupyter.relay.signing import Signer
from pyteleport_jupyter.wire.lanes import Lane


class Clients:
    """Endpoints with clients that come and go."""

    def __init__(self) -> None:
        self.absent: set[bytes] = set()
        self.got: list[tuple[Lane, Sequence[bytes | memoryview]]] = []
        self.topics: list[bytes] = []
        self.now = 100.0

    def pollables(self, requests: bool, control: bool) -> dict[Any, int]:
        return {}

    def receive(self, ready: object) -> list[tuple[Lane, list[bytes]]]:
        return []

    congested = False

    def cut_off(self) -> int:
        return 0

    def subscriptions(self) -> list[bytes]:
        topics, self.topics = self.topics, []
        return topics

    def send(self, lane: Lane, frames: Sequence[bytes | memoryview]) -> bool:
        if lane is not Lane.IOPUB and frames[0] in self.absent:
            return False
        self.got.append((lane, frames))
        return True

    def close(self, seconds: float) -> None: ...

    def texts(self) -> list[bytes]:
        return [bytes(frames[1]) for _, frames in self.got if len(frames) == 2]

    def delivery(self, expected: int) -> Delivery:
        return Delivery(self, Signer(b"", "hmac-sha256", ""), expected, lambda: self.now)


def test_output_and_replies_wait_for_subscribers_and_keep_their_order() -> None:
    clients = Clients()
    delivery = clients.delivery(expected=2)
    for lane, text in [(Lane.IOPUB, b"1"), (Lane.SHELL, b"2"), (Lane.IOPUB, b"3"), (Lane.STDIN, b"4")]:
        delivery.deliver(lane, [b"client", text])
    delivery.deliver(Lane.CONTROL, [b"client", b"0"])
    clients.topics = [b""]
    delivery.look()
    assert clients.texts() == [b"0"]
    clients.topics = [b""]
    delivery.look()
    assert clients.texts() == [b"0", b"1", b"2", b"3", b"4"]
    assert delivery.idle


def test_subscribers_are_welcomed_before_they_get_anything() -> None:
    clients = Clients()
    delivery = clients.delivery(expected=1)
    delivery.deliver(Lane.IOPUB, [b"topic", b"text"])
    clients.topics = [b""]
    delivery.look()
    assert [len(frames) for _, frames in clients.got] == [6, 2]


def test_waiting_for_subscribers_has_an_end() -> None:
    clients = Clients()
    delivery = clients.delivery(expected=1)
    delivery.deliver(Lane.IOPUB, [b"topic", b"text"])
    clients.now += HOLD_SECONDS / 2
    delivery.look()
    assert clients.texts() == []
    assert 0 < delivery.timeout() <= HOLD_SECONDS
    clients.now += HOLD_SECONDS
    delivery.look()
    assert clients.texts() == [b"text"]


def test_replies_wait_for_their_client_and_for_no_other() -> None:
    clients = Clients()
    delivery = clients.delivery(expected=0)
    clients.absent = {b"away"}
    for text in (b"1", b"2"):
        delivery.deliver(Lane.SHELL, [b"away", text])
        delivery.deliver(Lane.SHELL, [b"here", text])
    assert clients.texts() == [b"1", b"2"]
    clients.absent = set()
    delivery.deliver(Lane.SHELL, [b"away", b"3"])
    delivery.look()
    assert [bytes(f[1]) for _, f in clients.got if f[0] == b"away"] == [b"1", b"2", b"3"]
    assert delivery.idle


def test_replies_to_vanished_clients_are_given_up() -> None:
    clients = Clients()
    delivery = clients.delivery(expected=0)
    clients.absent = {b"away"}
    delivery.deliver(Lane.SHELL, [b"away", b"text"])
    clients.now += REPLY_SECONDS + 1
    delivery.look()
    assert delivery.dropped == 1
    assert delivery.idle
    assert not delivery.congested


def test_too_much_kept_is_congestion() -> None:
    clients = Clients()
    delivery = clients.delivery(expected=1)
    delivery.deliver(Lane.IOPUB, [b"topic", b"x" * KEPT_LIMIT])
    assert delivery.congested
    delivery.open()
    assert not delivery.congested


def test_who_does_not_read_replies_loses_the_oldest_and_holds_up_nobody() -> None:
    clients = Clients()
    delivery = clients.delivery(expected=0)
    clients.absent = {b"away"}
    count = 40
    for number in range(count):
        delivery.deliver(Lane.SHELL, [b"away", bytes([number]) * (CLIENT_LIMIT // 8)])
        assert not delivery.congested
    assert delivery.overflowed()
    assert not delivery.overflowed(), "said once"
    clients.absent = set()
    delivery.look()
    assert [text[0] for text in clients.texts()] == list(range(delivery.dropped, count))
    assert delivery.dropped == count - 7
    assert delivery.idle


def test_one_long_reply_is_kept() -> None:
    clients = Clients()
    delivery = clients.delivery(expected=0)
    clients.absent = {b"away"}
    delivery.deliver(Lane.SHELL, [b"away", bytes(2 * CLIENT_LIMIT)])
    assert not delivery.overflowed()
    clients.absent = set()
    delivery.look()
    assert len(clients.texts()) == 1
