"""What is there already is not sent again, and nothing but digests says what is there."""

from __future__ import annotations

import gc
import io
import os
import pickle
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyteleport_jupyter.errors import ProtocolBroken
from pyteleport_jupyter.shipping import ChunkStore, Consignment, Room, make_offer, receive
from pyteleport_jupyter.shipping.cutting import CHUNK, by_content
from pyteleport_jupyter.shipping.digests import available, digest_function, digests
from pyteleport_jupyter.shipping.offer import parse_offer

LIMIT = 1 << 30


def reader(data: bytes) -> Callable[[memoryview], None]:
    stream = io.BytesIO(data)

    def read_into(view: memoryview) -> None:
        if stream.readinto(view) != len(view):
            raise EOFError

    return read_into


def views(*parts: Any) -> list[memoryview]:
    return [memoryview(part).cast("B") for part in parts]


def travel(parts: Sequence[memoryview], store: ChunkStore, adopt: bool = False) -> tuple[list[Room], int]:
    """What arrives, and how many bytes were on the wire for it."""
    offer = make_offer(parts)
    answer = store.answer(offer.encode(), adopt)
    data = b"".join(Consignment(parts, offer, answer))
    received = receive(reader(data), LIMIT, store)
    assert [bytes(part) for part in received] == [bytes(part) for part in parts]
    return received, len(data)


@pytest.fixture
def stream() -> bytes:
    return random.Random(1).randbytes(1000)


@pytest.mark.parametrize("adopt", [False, True])
def test_the_second_time_nothing_is_sent(stream: bytes, adopt: bool) -> None:
    parts = views(stream, numpy.random.default_rng(1).bytes(9 * CHUNK + 7), bytes(3 * CHUNK))
    store = ChunkStore()
    kept, full = travel(parts, store, adopt)
    assert full > 12 * CHUNK
    again, size = travel(parts, store, adopt)
    assert size < 2000
    assert [one is other for one, other in zip(kept, again, strict=True)] == [False, adopt, adopt]


@pytest.mark.parametrize("adopt", [False, True])
def test_one_changed_byte_costs_one_chunk(stream: bytes, adopt: bool) -> None:
    buffer = bytearray(os.urandom(5 * CHUNK))
    store = ChunkStore()
    kept, _ = travel(views(stream, buffer), store, adopt)
    before = bytes(buffer)
    buffer[3 * CHUNK + 5] ^= 1
    again, size = travel(views(stream, buffer), store, adopt)
    assert CHUNK < size < 1.1 * CHUNK
    assert bytes(kept[1]) == (bytes(buffer) if adopt else before)
    assert again[1] is not kept[1] or adopt


def test_what_has_changed_there_is_sent(stream: bytes) -> None:
    parts = views(stream, os.urandom(4 * CHUNK))
    store = ChunkStore()
    kept, _ = travel(parts, store)
    kept[1][2 * CHUNK] ^= 1
    _, size = travel(parts, store)
    assert CHUNK < size < 1.1 * CHUNK


def test_what_was_sent_is_held_too(stream: bytes) -> None:
    array = numpy.arange(CHUNK, dtype="f8").reshape(1024, -1).T
    parts = [memoryview(stream), pickle.PickleBuffer(array).raw()]
    store = ChunkStore()
    store.remember(parts)
    received, size = travel(parts, store, adopt=True)
    assert size < 10_000
    received[1][:8] = b"01234567"
    assert array[0, 0] == 0, "an array of the user's is never adopted"


def test_of_memory_that_is_used_again_as_it_is_the_fingerprint_is_known(stream: bytes) -> None:
    same, changed = bytearray(os.urandom(CHUNK + 5)), bytearray(os.urandom(2 * CHUNK))
    store = ChunkStore()
    travel(views(stream, same, changed), store, adopt=True)
    changed[CHUNK] ^= 1
    _, first, second = travel(views(stream, same, changed), store, adopt=True)[0]
    prints = store.fingerprints()
    with memoryview(first) as there, memoryview(second) as other:
        before = prints.of(there), prints.of(other)
        assert (prints.of(there), prints.of(other)) == before, "known and made anew are the same digests"
        there[5] ^= 1
        assert prints.of(there) != before[0]
    known, none = _known(store, views(stream, same, changed)), _known(store, views(stream))
    assert len(known) == 1, "only what needs no change is known"
    assert not none


def _known(store: ChunkStore, parts: Sequence[memoryview]) -> dict[Any, Any]:
    travel(parts, store, adopt=True)
    return store.fingerprints()._known


def test_digests_made_ahead_answer_on_their_terms_only(stream: bytes) -> None:
    buffer = bytearray(os.urandom(2 * CHUNK))
    store, key = ChunkStore(alive=True), bytes(range(16))
    store.remember(views(stream, buffer))
    store.digest_ahead(available()[0], key)
    buffer[5] ^= 1
    # Whoever makes them ahead promises that nobody changes the memory: only so it can be seen.
    offers = {terms: make_offer(views(stream, buffer), key=terms) for terms in (key, b"", bytes(16))}
    answers = {terms: list(store.answer(offer.encode())) for terms, offer in offers.items()}
    assert offers[key].key == key != offers[b""].key
    assert answers == {key: [1, 0, 1], b"": [1, 1, 1], bytes(16): [1, 1, 1]}


def test_memory_that_an_object_lives_in_is_not_adopted(stream: bytes) -> None:
    parts, store = views(stream, os.urandom(4 * CHUNK)), ChunkStore()
    kept, _ = travel(parts, store)
    array = numpy.frombuffer(kept[1], dtype="u1")
    again, size = travel(parts, store, adopt=True)
    assert size < 2000
    again[1][0] ^= 1
    assert array[0] == parts[1][0]
    del array
    again[1][0] ^= 1
    assert travel(parts, store, adopt=True)[0][1] in (kept[1], again[1])


def test_nothing_is_kept_alive(stream: bytes) -> None:
    store = ChunkStore()
    received, _ = travel(views(stream, os.urandom(4 * CHUNK)), store)
    assert store.held_bytes > 4 * CHUNK
    del received
    gc.collect()
    assert store.held_bytes == len(stream)


def test_an_object_that_changes_after_the_answer_is_never_taken(stream: bytes) -> None:
    parts = views(stream, os.urandom(4 * CHUNK))
    store = ChunkStore()
    kept, _ = travel(parts, store)
    offer = make_offer(parts)
    answer = store.answer(offer.encode())
    kept[1][CHUNK] ^= 1
    with pytest.raises(ProtocolBroken, match="changed there"):
        receive(reader(b"".join(Consignment(parts, offer, answer))), LIMIT, store)


def test_an_object_that_changes_after_the_offer_arrives_as_it_is_then(stream: bytes) -> None:
    buffer = bytearray(os.urandom(4 * CHUNK))
    parts = views(stream, buffer)
    offer, store = make_offer(parts), ChunkStore()
    answer = store.answer(offer.encode())
    buffer[:10] = bytes(10)
    received = receive(reader(b"".join(Consignment(parts, offer, answer))), LIMIT, store)
    assert bytes(received[1]) == bytes(buffer)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(range(4)), min_size=1, max_size=8), st.booleans(), st.randoms())
def test_any_shuffle_of_chunks_arrives(order: list[int], adopt: bool, chance: random.Random) -> None:
    pool = [bytes([number]) * CHUNK for number in range(3)] + [b"x" * 100]
    store = ChunkStore()
    kept = travel(views(b"stream", b"".join(pool[:3]), b"".join(pool[at] for at in order)), store, adopt)
    chance.shuffle(order)
    travel(views(b"stream", b"".join(pool[at] for at in order), b"".join(pool[:3])), store, adopt)
    assert kept


def test_an_unknown_store_gets_everything(stream: bytes) -> None:
    parts = views(stream, os.urandom(2 * CHUNK))
    assert ChunkStore().answer(make_offer(parts).encode()) == b""
    assert travel(parts, ChunkStore())[1] > 2 * CHUNK


def test_a_held_chunk_where_nothing_is_held_breaks_off(stream: bytes) -> None:
    parts = views(stream, os.urandom(2 * CHUNK))
    offer = make_offer(parts)
    lie = bytes([1] * sum(map(len, offer.names)))
    data = b"".join(Consignment(parts, offer, lie))
    with pytest.raises(ProtocolBroken):
        receive(reader(data), LIMIT)
    with pytest.raises(ProtocolBroken):
        receive(reader(data), LIMIT, ChunkStore())


@settings(deadline=None)
@given(st.data())
def test_a_damaged_offer_is_refused_or_read(data: st.DataObject) -> None:
    good = bytearray(make_offer(views(b"stream", bytes(3000))).encode())
    good[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))
    end = data.draw(st.integers(0, len(good)))
    try:
        parse_offer(bytes(good[:end]))
    except ProtocolBroken:
        pass


def test_a_stream_falls_into_the_same_chunks_behind_a_change() -> None:
    content = {str(number): (number, [number]) for number in range(100_000)}
    before = {bytes(chunk) for chunk in by_content(memoryview(pickle.dumps(content, 5)))}
    content["7"] = (123456789, [7, 8, 9])
    after = [bytes(chunk) for chunk in by_content(memoryview(pickle.dumps(content, 5)))]
    assert sum(len(chunk) for chunk in after if chunk not in before) < 200_000 < sum(map(len, after))


@pytest.mark.parametrize("algorithm", available())
def test_digests(algorithm: str) -> None:
    key = os.urandom(16)
    chunks = [memoryview(os.urandom(CHUNK)) for _ in range(17)] + [memoryview(b"x")]
    function = digest_function(algorithm, key)
    assert digests(algorithm, key, chunks) == [function(chunk) for chunk in chunks]
    assert len({function(chunk) for chunk in chunks}) == len(chunks)
    assert function(memoryview(bytearray(chunks[0]))) == function(chunks[0])
    assert function(chunks[0]) != digest_function(algorithm, os.urandom(16))(chunks[0])


def test_gmac_is_gmac() -> None:
    aead = pytest.importorskip("cryptography.hazmat.primitives.ciphers.aead")
    if "gmac" not in available():
        pytest.skip("this Python's hashlib comes without libcrypto")
    key = os.urandom(16)
    expected = aead.AESGCM(key).encrypt(bytes(12), b"", b"some bytes")
    assert digest_function("gmac", key)(memoryview(b"some bytes")) == expected
