"""Every record survives encode and parse; whatever else comes raises WireError and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyteleport_jupyter.wire.commands import encode_command, parse_command
from pyteleport_jupyter.wire.framing import CHUNK_LIMIT, FRAME_LIMIT, WireError
from pyteleport_jupyter.wire.lanes import PART_LIMIT, Lane, part_table, split_parts
from pyteleport_jupyter.wire.records import (
    Ack,
    Challenge,
    Data,
    Ping,
    Pong,
    Proof,
    Record,
    Refused,
    Welcome,
    encode,
    parse,
)

NUMBERS = st.integers(0, 2**64 - 1)
RECORDS: st.SearchStrategy[Record] = st.one_of(
    st.builds(
        Data, NUMBERS, st.sampled_from(Lane), st.integers(0, 2**32 - 1), st.binary(min_size=1, max_size=99)
    ),
    st.builds(Ack, NUMBERS),
    st.builds(Ping),
    st.builds(Pong),
    st.builds(Challenge, NUMBERS, st.binary(min_size=32, max_size=32)),
    st.builds(Proof, NUMBERS, NUMBERS, st.binary(min_size=32, max_size=32)),
    st.builds(Welcome, NUMBERS),
    st.builds(Refused, st.binary(max_size=1000)),
)


@given(RECORDS)
def test_a_record_survives(record: Record) -> None:
    assert parse(encode(record)) == record


@given(RECORDS, st.data())
def test_a_shortened_or_extended_record_is_another_or_none(record: Record, data: st.DataObject) -> None:
    body = encode(record)
    other = data.draw(st.one_of(st.integers(0, len(body) - 1).map(lambda n: body[:n]), st.just(body + b"x")))
    try:
        assert parse(other) != record
    except WireError:
        pass


@given(st.binary(max_size=300))
def test_junk_raises_our_error_only(junk: bytes) -> None:
    for read in (parse, split_parts, parse_command):
        try:
            read(junk)
        except WireError:
            pass


def test_every_kind_of_record_fits_into_a_frame() -> None:
    assert len(encode(Data(2**64 - 1, Lane.SHIP, 2**32 - 1, bytes(CHUNK_LIMIT)))) <= FRAME_LIMIT
    with pytest.raises(WireError):
        parse(encode(Data(1, Lane.SHIP, 0, bytes(CHUNK_LIMIT + 1))))


def test_an_unknown_lane_is_refused() -> None:
    body = bytearray(encode(Data(1, Lane.SHIP, 0, b"x")))
    body[9] = max(Lane) + 1
    with pytest.raises(WireError):
        parse(bytes(body))


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_parts_survive(parts: list[bytes]) -> None:
    assert split_parts(part_table(parts) + b"".join(parts)) == tuple(parts)


@pytest.mark.parametrize(
    "message", [b"", b"\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1\0\0\0\5four", b"\0\0\0\0more"]
)
def test_parts_that_do_not_add_up_are_refused(message: bytes) -> None:
    with pytest.raises(WireError):
        split_parts(message)


def test_too_many_parts_are_not_sent() -> None:
    with pytest.raises(WireError):
        part_table([b""] * (PART_LIMIT + 1))


def test_a_command_survives() -> None:
    assert parse_command(encode_command("start", key="k", modules=["a"])) == {
        "op": "start",
        "key": "k",
        "modules": ["a"],
    }


@pytest.mark.parametrize(
    "part", [b"", b"[]", b"{}", b'{"op": 3}', b"\x80\x04N.", b"[" * 100_000, b"\xff\xfe"]
)
def test_what_is_no_command_is_refused(part: bytes) -> None:
    with pytest.raises(WireError):
        parse_command(part)
