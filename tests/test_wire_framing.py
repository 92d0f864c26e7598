"""Frames come out whole however the bytes are split, and impossible lengths are refused before they are
buffered.
"""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyteleport_jupyter.wire.framing import FRAME_LIMIT, Framer, WireError, encode_frame, split_frames

BODIES = [b"a", b"", b"hello", b"\x00" * 300, b"z" * 17]
CONVERSATION = b"".join(encode_frame(body) for body in BODIES if body)


def test_every_way_of_cutting_a_conversation_in_two_gives_the_same_frames() -> None:
    for cut in range(len(CONVERSATION) + 1):
        framer = Framer()
        frames = framer.feed(CONVERSATION[:cut]) + framer.feed(CONVERSATION[cut:])
        assert frames == [body for body in BODIES if body]
        assert framer.half == b""


def test_byte_by_byte() -> None:
    framer = Framer()
    frames = [frame for byte in CONVERSATION for frame in framer.feed(bytes([byte]))]
    assert frames == [body for body in BODIES if body]


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=8), st.lists(st.integers(1, 50), max_size=30))
def test_any_splits(bodies: list[bytes], sizes: list[int]) -> None:
    joined = b"".join(encode_frame(body) for body in bodies)
    framer, frames, position = Framer(), [], 0
    for size in [*sizes, len(joined)]:
        frames += framer.feed(joined[position : position + size])
        position += size
    assert frames == bodies
    assert split_frames(joined) == [encode_frame(body) for body in bodies]


@pytest.mark.parametrize("size", [0, FRAME_LIMIT + 1, 1 << 31, (1 << 32) - 1])
def test_an_impossible_length_is_refused_as_soon_as_it_is_known(size: int) -> None:
    with pytest.raises(WireError):
        Framer().feed(struct.pack(">I", size))


def test_the_longest_frame_is_not_refused() -> None:
    body = bytes(FRAME_LIMIT)
    assert Framer().feed(encode_frame(body)) == [body]


@pytest.mark.parametrize("body", [b"", bytes(FRAME_LIMIT + 1)])
def test_what_could_not_be_received_is_not_sent(body: bytes) -> None:
    with pytest.raises(WireError):
        encode_frame(body)


def test_a_banner_is_no_frame() -> None:
    with pytest.raises(WireError):
        Framer().feed(b"Welcome to cartesius!\n")


def test_a_half_frame_goes_on_in_another_framer() -> None:
    first = Framer()
    assert first.feed(CONVERSATION[:7]) == [b"a"]
    assert Framer(first.half).feed(CONVERSATION[7:]) == [b"hello", b"\x00" * 300, b"z" * 17]


def test_frames_that_end_in_the_middle_cannot_be_split() -> None:
    for cut in range(1, len(encode_frame(b"hello"))):
        with pytest.raises(WireError):
            split_frames(encode_frame(b"hello")[:cut])
