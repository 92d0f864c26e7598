"""What is sent while it is being made: its blocks, the stream that objects are made of meanwhile, damage."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable, Collection, Iterable
from functools import partial
from itertools import chain
from typing import Any

import pytest

from pyteleport_jupyter.errors import ProtocolBroken, RestoreFailed
from pyteleport_jupyter.objects import NamespaceAnchors, Pickled, dump, load
from pyteleport_jupyter.remote.arrival import Arriving
from pyteleport_jupyter.shipping import Consignment, Room
from pyteleport_jupyter.shipping.ahead import (
    END,
    FILL,
    OPENING,
    ROOM,
    STREAM,
    Block,
    Catcher,
    Coming,
    buffer_blocks,
    end,
    stream_blocks,
)
from pyteleport_jupyter.shipping.blocks import BLOCK
from pyteleport_jupyter.shipping.cutting import CHUNK

PLENTY = 1 << 30


class Outlet:
    """Keeps what it gets, and counts how often it was void."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.buffers: list[memoryview] = []
        self.known: list[frozenset[str]] = []
        self.restarts = 0

    def take(self, piece: bytes, modules: Collection[str]) -> None:
        self.pieces.append(piece)
        self.known.append(frozenset(modules))

    def take_buffer(self, view: memoryview) -> None:
        self.buffers.append(view)

    def start_over(self) -> None:
        self.restarts += 1
        self.pieces.clear()
        self.buffers.clear()


def dumped(namespace: dict[str, Any], outlet: Outlet) -> Pickled:
    return dump({"namespace": namespace}, NamespaceAnchors({}), {}, outlet=outlet)


def written(blocks: Iterable[Block]) -> bytes:
    return b"".join(chain.from_iterable(blocks))


def reader(content: bytes) -> Callable[[memoryview], None]:
    left = memoryview(content)

    def read_into(view: memoryview) -> None:
        nonlocal left
        if len(left) < len(view):
            raise RestoreFailed(reason="the snapshot ended too early")
        view[:] = left[: len(view)]
        left = left[len(view) :]

    return read_into


def caught(content: bytes, limit: int = PLENTY) -> tuple[bytes, list[bytes]]:
    rooms: list[Room] = []
    stream = Coming()
    Catcher(reader(content), limit, stream, rooms.append).catch()
    stream.finish()
    return stream.whole(), [bytes(room) for room in rooms]


def test_the_outlet_gets_what_the_pickle_consists_of() -> None:
    outlet = Outlet()
    arrays = [bytearray(b"some"), bytearray(os.urandom(100_000))]
    namespace = {
        "plain": {str(n): (n, [n]) for n in range(20_000)},
        "buffers": list(map(pickle.PickleBuffer, arrays)),
    }
    pickled = dumped(namespace, outlet)
    assert len(outlet.pieces) > 3
    assert b"".join(outlet.pieces) == pickled.stream
    assert [bytes(view) for view in outlet.buffers] == [bytes(view) for view in pickled.buffers]
    assert outlet.restarts == 0


def test_a_package_is_known_before_the_bytes_that_need_it() -> None:
    import decimal
    import fractions

    outlet = Outlet()
    dumped(
        {"long": [str(n) for n in range(20_000)], "late": [decimal.Decimal(1), fractions.Fraction(1, 3)]},
        outlet,
    )
    first = next(
        known for piece, known in zip(outlet.pieces, outlet.known, strict=True) if b"Fraction" in piece
    )
    assert {"decimal", "fractions"} <= first
    assert "fractions" not in outlet.known[1]


def test_a_pickle_that_is_made_once_more_is_void() -> None:
    deep: list[Any] = []
    for _ in range(20_000):
        deep = [deep]
    outlet = Outlet()
    pickled = dumped({"first": "x" * 100_000, "deep": deep}, outlet)
    assert outlet.restarts == 1
    assert b"".join(outlet.pieces) == pickled.stream


def test_blocks_of_the_stream_may_stand_between_those_of_a_buffer() -> None:
    buffer, stream = os.urandom(3 * CHUNK + 5), os.urandom(700_000)
    head, *fills = buffer_blocks(memoryview(buffer))
    half = len(fills) // 2
    blocks = [
        head,
        *fills[:half],
        *stream_blocks(memoryview(stream)),
        *fills[half:],
        *buffer_blocks(memoryview(b"")),
        end(),
    ]
    assert caught(written(blocks)) == (stream, [buffer, b""])


MET = threading.Event()


class Meets:
    """Says so when it is made again."""

    def __getstate__(self) -> Any:
        return {"any": "state"}

    def __setstate__(self, state: Any) -> None:
        MET.set()


def test_objects_are_made_while_the_rest_is_still_to_come() -> None:
    namespace = {
        "first": Meets(),
        "long": [str(n) for n in range(200_000)],
        "array": bytearray(10),
    }
    outlet = Outlet()
    dumped(namespace, outlet)
    coming, loaded = Coming(), []
    loading = threading.Thread(target=lambda: loaded.append(load(coming, [], NamespaceAnchors({}))))
    loading.start()
    *early, last = outlet.pieces
    for piece in early:
        coming.add(bytearray(piece))
    assert MET.wait(60)
    assert not loaded
    coming.add(bytearray(last))
    coming.finish()
    loading.join()
    assert loaded[0].root["namespace"]["long"] == namespace["long"]


@pytest.mark.parametrize("size", [1, 2, 1000, 70_000])
def test_the_stream_can_be_read_in_any_portions(size: int) -> None:
    content = os.urandom(200_000) if size > 2 else os.urandom(300)
    coming = Coming()
    for start in range(0, len(content), 64 << 10):
        coming.add(bytearray(content[start : start + (64 << 10)]))
    coming.finish()
    into = bytearray(size)
    assert coming.readinto(memoryview(into)) == min(size, len(content))
    assert into == content[:size]
    assert b"".join(iter(partial(coming.read, size), b"")) == content[size:]
    assert coming.whole() == content


def test_who_waits_for_the_stream_learns_what_went_wrong() -> None:
    coming = Coming()
    coming.add(bytearray(b"some"))
    failing = threading.Timer(0.01, coming.finish, (RestoreFailed(reason="the link broke"),))
    failing.start()
    with pytest.raises(RestoreFailed, match="the link broke"):
        coming.read(10)
    assert coming.whole() == b"some"


# On the way ----------------------------------------------------------------------------------------


def shipment(namespace: dict[str, Any], ahead: int) -> tuple[bytes, bytes]:
    """All that is sent, with so many buffers ahead; the stream alone."""
    outlet = Outlet()
    pickled = dumped(namespace, outlet)
    blocks = chain(
        chain.from_iterable(buffer_blocks(view) for view in outlet.buffers[:ahead]),
        chain.from_iterable(stream_blocks(memoryview(piece)) for piece in outlet.pieces),
        [end()],
    )
    rest = Consignment((memoryview(b""), *outlet.buffers[ahead:]))
    return OPENING + written(blocks) + b"".join(rest), pickled.stream


def arriving(content: bytes) -> Arriving:
    read, write = os.pipe()

    def feed() -> None:
        with open(write, "wb") as file:
            try:
                file.write(content)
            except BrokenPipeError:
                pass

    threading.Thread(target=feed, daemon=True).start()
    return Arriving(read)


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_it_arrives_as_it_was(ahead: int) -> None:
    numpy = pytest.importorskip("numpy")
    arrays = [numpy.arange(100_000), numpy.arange(10), numpy.ones((300, 300))]
    namespace = {"plain": {str(n): (n, [n]) for n in range(20_000)}, "arrays": arrays}
    content, stream = shipment(namespace, ahead)
    arrived = arriving(content)
    coming = arrived.stream()
    assert isinstance(coming, Coming)
    loaded = load(coming, arrived.parts(), NamespaceAnchors({})).root["namespace"]
    assert coming.whole() == stream
    assert loaded["plain"] == namespace["plain"]
    assert all((one == other).all() for one, other in zip(loaded["arrays"], arrays, strict=True))
    loaded["arrays"][0][0] = 7  # their own memory


def take_all(arrived: Arriving) -> None:
    load(arrived.stream(), arrived.parts(), NamespaceAnchors({}))
    assert not list(arrived.parts())


def test_a_link_that_breaks_is_told_wherever_it_breaks() -> None:
    content, _ = shipment(
        {"plain": [str(n) for n in range(30_000)], "buffer": pickle.PickleBuffer(bytearray(100_000))}, 1
    )
    for length in (len(OPENING) - 1, len(OPENING) + 3, 50_000, 150_000, len(content) - 1):
        arrived = arriving(content[:length])
        with pytest.raises(RestoreFailed, match="too early"):
            take_all(arrived)


ODD = {
    "unknown": [BLOCK.pack(9, 5)],
    "no room was made": [BLOCK.pack(FILL, 5), b"12345"],
    "more than the room": [BLOCK.pack(ROOM, 4), BLOCK.pack(FILL, 5), b"12345"],
    "a block of nothing": [BLOCK.pack(STREAM, 0)],
    "a block too long": [BLOCK.pack(STREAM, CHUNK + 1)],
    "two rooms": [BLOCK.pack(ROOM, 4), BLOCK.pack(ROOM, 4)],
    "an end in the midst": [BLOCK.pack(ROOM, 4), BLOCK.pack(END, 0)],
    "an end with a length": [BLOCK.pack(END, 1)],
}


@pytest.mark.parametrize("name", ODD)
def test_what_does_not_fit_is_refused(name: str) -> None:
    with pytest.raises(ProtocolBroken, match="does not fit"):
        caught(b"".join(ODD[name]) + bytes(64))


@pytest.mark.parametrize("length", [101, 1 << 40, (1 << 64) - 1])
def test_nothing_is_allocated_for_a_length_beyond_the_limit(length: int) -> None:
    with pytest.raises(RestoreFailed, match="more than there is room for"):
        caught(BLOCK.pack(ROOM, length), limit=100)


def test_the_limit_counts_everything() -> None:
    stream = written(stream_blocks(memoryview(bytes(60))))
    assert caught(stream + written([end()]), limit=60)[0] == bytes(60)
    with pytest.raises(RestoreFailed, match="more than there is room for"):
        caught(stream + written(buffer_blocks(memoryview(bytes(41)))), limit=100)


def test_where_memory_is_short_a_large_buffer_lies_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyteleport_jupyter.shipping.ahead.available_bytes", lambda: 0)
    content = os.urandom(2 * CHUNK + 7)
    blocks = [*buffer_blocks(memoryview(content)), *buffer_blocks(memoryview(b"small")), end()]
    assert caught(written(blocks)) == (b"", [content, b"small"])
