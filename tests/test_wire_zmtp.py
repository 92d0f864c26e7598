"""ZMTP: any split, and bytes that no socket sends. See test_remote_kernel_lines.py for libzmq's own."""

from __future__ import annotations

import os

import pytest

from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.zmtp import COMMAND, MORE, Decoder, encode, frame_head, opening

PEER = opening("ROUTER")
"""What the other side says first."""

MESSAGES = [
    [b"one part"],
    [b""],
    [b"", b"a", b"", b"b" * 255, b"c" * 256, b"d" * 70_000],
    [os.urandom(1 << 20), b"behind"],
]


def stream() -> bytes:
    return PEER + b"".join(piece for message in MESSAGES for piece in encode(message))


@pytest.mark.parametrize("step", [1 << 30, 1 << 16, 1000, 7])
def test_any_split_gives_the_same_messages(step: int) -> None:
    decoder = Decoder()
    data = stream() if step > 100 else stream()[:80_000]
    heard = [message for at in range(0, len(data), step) for message in decoder.feed(data[at : at + step])]
    assert heard == MESSAGES[: len(heard)]
    assert len(heard) == (len(MESSAGES) if step > 100 else 3)


def test_it_knows_when_a_message_is_half_there() -> None:
    decoder = Decoder()
    whole = b"".join(bytes(piece) for piece in encode([b"a", b"b"]))
    assert not decoder.half
    decoder.feed(PEER[:70])
    assert (decoder.ready, decoder.half) == (False, False)
    decoder.feed(PEER[70:])
    assert (decoder.ready, decoder.half) == (True, False)
    for at in range(1, len(whole)):
        decoder.feed(whole[at - 1 : at])
        assert decoder.half
    assert decoder.feed(whole[-1:]) == [[b"a", b"b"]]
    assert not decoder.half


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n" * 8,
        PEER[:10] + b"\x01" + PEER[11:],
        PEER[:12] + b"CURVE" + PEER[17:],
        PEER + bytes((8, 0)),
        PEER + frame_head((1 << 32) + 1, MORE),
    ],
    ids=["http", "zmtp 1", "curve", "flags", "length"],
)
def test_what_no_socket_of_ours_says(data: bytes) -> None:
    with pytest.raises(WireError):
        Decoder().feed(data)


def test_commands_are_not_messages() -> None:
    ping = b"\x04PING\x00\x00"
    assert Decoder().feed(PEER + frame_head(len(ping), COMMAND) + ping) == []
