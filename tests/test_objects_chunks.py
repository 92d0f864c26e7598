"""A session as bytes: exact, sliced, and never more memory than allowed."""

from __future__ import annotations

import io
import struct
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyteleport_jupyter.errors import ProtocolBroken, RestoreFailed
from pyteleport_jupyter.objects import Pickled, chunks


def reader(data: bytes) -> Callable[[memoryview], None]:
    stream = io.BytesIO(data)

    def read_into(view: memoryview) -> None:
        if stream.readinto(view) != len(view):
            raise EOFError

    return read_into


def pickled(stream: bytes, *buffers: bytes) -> Pickled:
    return Pickled(stream, tuple(map(memoryview, buffers)), frozenset())


@settings(deadline=None)
@given(st.binary(), st.lists(st.binary(max_size=100), max_size=5))
def test_there_and_back(stream: bytes, buffers: list[bytes]) -> None:
    data = b"".join(chunks.slices(pickled(stream, *buffers)))
    assert chunks.receive(reader(data), 10_000) == (stream, buffers)


def test_slices_are_small_views_of_the_live_buffer() -> None:
    buffer = bytearray(chunks.SLICE * 2 + 5)
    session = Pickled(b"stream", (memoryview(buffer),), frozenset())
    slices = list(chunks.slices(session))
    assert [len(piece) for piece in slices[1:]] == [9, 6, 9, chunks.SLICE, chunks.SLICE, 5]
    assert slices[-1].obj is buffer


def test_buffers_are_writable_and_apart() -> None:
    data = b"".join(chunks.slices(pickled(b"s", b"abc", b"")))
    _, (first, empty) = chunks.receive(reader(data), 1000)
    first[0] = 0
    assert (bytes(first), bytes(empty)) == (b"\0bc", b"")


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("!4sIQ", b"PTJ2", 1, 1 << 62),
        struct.pack("!4sIQQ", b"PTJ2", 2, 1 << 20, 1 << 20),
        struct.pack("!4sI", b"PTJ2", 0xFFFFFFFF),
        struct.pack("!4sI", b"PTJ2", 0),
        struct.pack("!4sIQ", b"XXXX", 1, 1),
    ],
)
def test_hostile_lengths_allocate_nothing(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises((ProtocolBroken, RestoreFailed)):
            chunks.receive(reader(data), (1 << 20) + 100)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_a_part_that_ends_early_is_the_readers_error() -> None:
    data = b"".join(chunks.slices(pickled(b"stream", b"buffer")))
    with pytest.raises(EOFError):
        chunks.receive(reader(data[:-1]), 1000)
