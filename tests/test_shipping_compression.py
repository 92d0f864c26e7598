"""Compressed where it pays, and only there."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Callable

import numpy
import pytest

from pyteleport_jupyter.errors import ProtocolBroken
from pyteleport_jupyter.shipping import Chooser, Consignment, receive
from pyteleport_jupyter.shipping.blocks import BLOCK, LENGTH, MAGIC, PACKED, START, ZLIB, ZSTD
from pyteleport_jupyter.shipping.compression import Codec, codecs, try_out

TEXT = b"".join(b"%d words that come again, " % (number % 1000) for number in range(200_000))
SLOW, FAST = 1e6, 1e12


def reader(data: bytes) -> Callable[[memoryview], None]:
    stream = io.BytesIO(data)

    def read_into(view: memoryview) -> None:
        if stream.readinto(view) != len(view):
            raise EOFError

    return read_into


def on_the_wire(part: bytes, rate: float | None, names: tuple[str, ...] = ("zstd", "zlib")) -> bytes:
    parts = [memoryview(b"stream"), memoryview(part)]
    data = b"".join(Consignment(parts, choose=Chooser(lambda: rate, names).choose))
    assert [bytes(part) for part in receive(reader(data), 1 << 30)] == [b"stream", part]
    return data


@pytest.mark.parametrize("name", codecs())
def test_text_over_a_slow_link_is_compressed(name: str) -> None:
    assert len(on_the_wire(TEXT, SLOW, (name,))) < len(TEXT) / 3


@pytest.mark.parametrize("rate", [None, FAST])
def test_nothing_is_compressed_where_the_link_is_faster_or_unknown(rate: float | None) -> None:
    assert len(on_the_wire(TEXT, rate)) > len(TEXT)


def test_noise_is_not_compressed() -> None:
    noise = numpy.random.default_rng(1).bytes(1 << 20)
    assert len(noise) < len(on_the_wire(noise, SLOW)) < len(noise) + 200


def test_a_part_whose_samples_mislead_grows_by_nothing() -> None:
    middle = numpy.random.default_rng(1).bytes(3 << 20)
    part = bytes(2 << 20) + middle + bytes(2 << 20)
    assert len(on_the_wire(part, SLOW)) < len(middle) + 100_000


def test_a_codec_that_the_other_side_lacks_is_not_used() -> None:
    assert len(on_the_wire(TEXT, SLOW, ())) > len(TEXT)


def test_gain_is_bounded_by_the_compressor() -> None:
    codec = codecs()["zlib"]
    trial = try_out(codec, memoryview(bytes(1 << 20)))
    assert trial.gain(1e3) > 100
    assert trial.gain(FAST) < 1


def packed_block(kind: int, size: int, packed: bytes) -> bytes:
    head = START.pack(MAGIC, 1) + LENGTH.pack(size)
    return head + BLOCK.pack(kind, size) + PACKED.pack(len(packed)) + packed


@pytest.mark.parametrize("size", [1000, 1 << 20])
def test_a_chunk_that_unpacks_to_more_than_it_says_is_refused(size: int) -> None:
    bomb = zlib.compress(bytes(1 << 26), 9)[: size - 1]
    with pytest.raises(ProtocolBroken):
        receive(reader(packed_block(ZLIB, size, bomb)), 1 << 30)


@pytest.mark.parametrize("kind", [ZLIB, ZSTD, 77])
def test_damaged_chunks_are_refused(kind: int) -> None:
    with pytest.raises(ProtocolBroken):
        receive(reader(packed_block(kind, 5000, os.urandom(300))), 1 << 30)


class Counting:
    """A codec of which one can tell how often it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.packed = 0
        codec = codecs()["zlib"]

        def pack(chunk: memoryview) -> bytes:
            self.packed += 1
            return codec.pack(chunk)

        counted = {"zlib": Codec("zlib", pack, codec.unpack)}
        monkeypatch.setattr("pyteleport_jupyter.shipping.compression.codecs", lambda: counted)


def test_a_buffer_that_does_not_shrink_is_not_asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    chooser = Chooser(lambda: SLOW)
    noise = memoryview(numpy.random.default_rng(1).bytes(4 << 20))
    runs = [noise[start : start + (64 << 10)] for start in range(0, noise.nbytes, 64 << 10)]
    assert [chooser.choose(run) for run in runs] == [None] * len(runs)
    assert 1 < counting.packed < 10
    assert chooser.choose(memoryview(TEXT)) is not None  # another one is


def test_what_shrinks_behind_noise_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    part = memoryview(numpy.random.default_rng(1).bytes(1 << 20) + bytes(4 << 20))
    chooser = Chooser(lambda: SLOW)
    chosen = [chooser.choose(part[start : start + (1 << 18)]) for start in range(0, part.nbytes, 1 << 18)]
    assert chosen[0] is None
    assert all(chosen[-8:])
