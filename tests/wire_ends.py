"""Helpers of the channel's tests: a clock that obeys, and bytes carried by hand."""

from __future__ import annotations

from pyteleport_jupyter.wire.channel import Message, NumberedChannel
from pyteleport_jupyter.wire.framing import Framer, encode_frame
from pyteleport_jupyter.wire.lanes import Lane, part_table
from pyteleport_jupyter.wire.records import Data, Record, encode, parse


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


def take(channel: NumberedChannel, count: int | None = None) -> bytes:
    """All that ``channel`` wants to write, or its next ``count`` bytes."""
    taken = b""
    while (data := bytes(channel.outgoing())) and (count is None or len(taken) < count):
        data = data if count is None else data[: count - len(taken)]
        channel.written(len(data))
        taken += data
    return taken


def deliver(sender: NumberedChannel, receiver: NumberedChannel) -> list[Message]:
    return receiver.receive(take(sender))


def records(data: bytes) -> list[Record]:
    return [parse(body) for body in Framer().feed(data)]


def piece(number: int, lane: Lane = Lane.SHELL, remaining: int = 0, chunk: bytes | None = None) -> bytes:
    body = part_table([b"x"]) + b"x" if chunk is None else chunk
    return encode_frame(encode(Data(number, lane, remaining, body)))


def reconnect(one: NumberedChannel, other: NumberedChannel) -> None:
    one.detach()
    other.detach()
    one.attach(other.received)
    other.attach(one.received)
