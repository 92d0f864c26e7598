"""The numbered channel: once each, in order, over links that are cut anywhere; bounded, and honest about
silence.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_ends import Clock, deliver, piece, records, take

from pyteleport_jupyter.wire import channel as channels
from pyteleport_jupyter.wire.channel import ChannelFull, Message, NumberedChannel
from pyteleport_jupyter.wire.framing import CHUNK_LIMIT, WireError, encode_frame
from pyteleport_jupyter.wire.keepalive import ACK_AFTER, LOST_AFTER, PING_AFTER
from pyteleport_jupyter.wire.lanes import MESSAGE_LIMIT, Lane, part_table
from pyteleport_jupyter.wire.records import Ack, Data, Ping, Pong, Welcome, encode

# ------------------------------------------------------------------- one link


def test_messages_arrive_in_order_with_their_lanes_and_parts() -> None:
    here, there = NumberedChannel(), NumberedChannel()
    sent = [Message(lane, (bytes([lane]), b"", b"x" * lane)) for lane in Lane]
    for message in sent:
        here.send(message.lane, message.parts)
    assert deliver(here, there) == sent
    assert there.received == len(sent)


@pytest.mark.parametrize("size", [0, 1, CHUNK_LIMIT - 9, CHUNK_LIMIT - 8, CHUNK_LIMIT, 3 * CHUNK_LIMIT + 5])
def test_long_messages_travel_in_pieces(size: int) -> None:
    here, there = NumberedChannel(), NumberedChannel()
    parts = (bytes(size), b"end")
    here.send(Lane.IOPUB, [memoryview(part) for part in parts])
    assert deliver(here, there) == [Message(Lane.IOPUB, parts)]


def test_any_split_of_the_bytes_gives_the_same_messages() -> None:
    here = NumberedChannel()
    sent = [Message(Lane.SHELL, (b"one", b"two")), Message(Lane.COMMAND, (b"{}",)), Message(Lane.IOPUB, ())]
    for message in sent:
        here.send(message.lane, message.parts)
    data = take(here)
    for cut in range(len(data) + 1):
        there = NumberedChannel()
        assert there.receive(data[:cut]) + there.receive(data[cut:]) == sent


def test_what_is_acknowledged_is_forgotten() -> None:
    here, there = NumberedChannel(), NumberedChannel()
    here.send(Lane.SHELL, [b"question"])
    deliver(here, there)
    assert here.pending_bytes > 0
    there.send(Lane.SHELL, [b"answer"])
    deliver(there, here)
    assert here.pending_bytes == 0
    assert here.idle


# ---------------------------------------------------- what the peer must not do


def test_a_duplicate_is_dropped() -> None:
    channel = NumberedChannel()
    assert len(channel.receive(piece(1))) == 1
    assert channel.receive(piece(1)) == []
    assert channel.received == 1


def test_a_gap_is_an_error() -> None:
    channel = NumberedChannel()
    channel.receive(piece(1))
    with pytest.raises(WireError, match="piece 3 came after piece 1"):
        channel.receive(piece(3))


def test_a_peer_that_is_ahead_is_an_error() -> None:
    channel = NumberedChannel()
    channel.send(Lane.SHELL, [b"one"])
    take(channel)
    with pytest.raises(WireError, match="more than it was sent"):
        channel.receive(encode_frame(encode(Ack(2))))


def test_a_peer_that_acknowledges_what_was_not_written_is_an_error() -> None:
    channel = NumberedChannel()
    channel.send(Lane.SHELL, [b"one"])
    with pytest.raises(WireError, match="more than it was sent"):
        channel.receive(encode_frame(encode(Ack(1))))


def test_an_old_acknowledgement_changes_nothing() -> None:
    channel = NumberedChannel()
    for number in range(3):
        channel.send(Lane.SHELL, [b"%d" % number])
    take(channel)
    channel.receive(encode_frame(encode(Ack(2))))
    pending = channel.pending_bytes
    channel.receive(encode_frame(encode(Ack(1))))
    assert channel.pending_bytes == pending


def test_a_handshake_in_the_middle_is_an_error() -> None:
    with pytest.raises(WireError, match="Welcome"):
        NumberedChannel().receive(encode_frame(encode(Welcome(0))))


def test_a_message_over_the_limit_of_its_lane_is_refused_by_its_first_piece() -> None:
    limit = MESSAGE_LIMIT[Lane.COMMAND]
    with pytest.raises(WireError):
        NumberedChannel().receive(piece(1, Lane.COMMAND, remaining=limit, chunk=b"x"))
    with pytest.raises(WireError):
        NumberedChannel().send(Lane.COMMAND, [bytes(limit + 1)])


def test_a_message_must_not_grow_on_the_way() -> None:
    channel = NumberedChannel()
    channel.receive(piece(1, remaining=10, chunk=b"x"))
    with pytest.raises(WireError, match="changed its length"):
        channel.receive(piece(2, remaining=10, chunk=b"x"))


def test_a_chain_of_pieces_without_progress_cannot_exceed_the_limit() -> None:
    channel = NumberedChannel()
    channel.receive(piece(1, remaining=10, chunk=b"x"))
    with pytest.raises(WireError):
        channel.receive(piece(2, remaining=0, chunk=b"x"))


@given(st.binary(max_size=400))
def test_junk_raises_our_error_only(junk: bytes) -> None:
    try:
        NumberedChannel().receive(junk)
    except WireError:
        pass


# ------------------------------------------------------------------ being bounded


def test_back_pressure_and_the_end_of_patience() -> None:
    channel = NumberedChannel()
    slice_ = bytes(256 << 10)
    while channel.has_room:
        channel.send(Lane.SHIP, [slice_])
    assert channels.HIGH_WATER <= channel.pending_bytes < channels.HIGH_WATER + (300 << 10)
    while channel.pending_bytes <= channels.PENDING_LIMIT:
        channel.send(Lane.SHIP, [slice_])
    with pytest.raises(ChannelFull):
        channel.send(Lane.SHIP, [b"one more"])
    channel.send(Lane.COMMAND, [b"commands get through"])


def test_messages_without_a_link_are_kept_up_to_the_limit_and_never_dropped() -> None:
    here, there = NumberedChannel(), NumberedChannel()
    here.detach()
    sent = 0
    while here.has_room:
        here.send(Lane.SHELL, [b"%d" % sent, bytes(100_000)])
        sent += 1
    there.detach()
    here.attach(there.received)
    there.attach(here.received)
    assert [int(message.parts[0]) for message in deliver(here, there)] == list(range(sent))


def test_small_messages_share_a_write_and_large_ones_are_not_copied_for_it() -> None:
    channel = NumberedChannel()
    for _ in range(100):
        channel.send(Lane.IOPUB, [b"small"])
    assert len(channel.outgoing()) == channel.pending_bytes
    take(channel)
    channel.send(Lane.SHIP, [bytes(256 << 10)])
    assert len(channel.outgoing()) > 256 << 10


def test_while_acknowledgements_are_held_the_sender_runs_dry() -> None:
    here, there = NumberedChannel(), NumberedChannel()
    there.hold_acks = True
    while here.has_room:
        here.send(Lane.SHIP, [bytes(256 << 10)])
        deliver(here, there)
    deliver(there, here)
    assert not here.has_room
    there.hold_acks = False
    deliver(there, here)
    assert here.idle


# -------------------------------------------- acknowledgements and signs of life


def test_acknowledgements_travel_with_what_is_said_anyway() -> None:
    channel = NumberedChannel(Clock())
    channel.receive(piece(1))
    assert records(take(channel)) == []
    channel.send(Lane.SHELL, [b"answer"])
    kinds = [type(record) for record in records(take(channel))]
    assert kinds == [Ack, Data]


def test_an_acknowledgement_goes_alone_after_a_while_and_only_once() -> None:
    clock = Clock()
    channel = NumberedChannel(clock)
    channel.receive(piece(1))
    assert 0 < channel.timeout() <= ACK_AFTER
    clock.pass_by(ACK_AFTER)
    assert records(take(channel)) == [Ack(1)]
    clock.pass_by(ACK_AFTER)
    assert records(take(channel)) == []


def test_many_bytes_are_acknowledged_at_once() -> None:
    channel = NumberedChannel(Clock())
    chunk = part_table([bytes(CHUNK_LIMIT - 8)]) + bytes(CHUNK_LIMIT - 8)
    count = channels.ACK_AFTER_BYTES // CHUNK_LIMIT + 1
    for number in range(1, count + 1):
        channel.receive(piece(number, Lane.SHIP, chunk=chunk))
    assert records(take(channel)) == [Ack(count)]


def test_a_command_is_acknowledged_at_once() -> None:
    channel = NumberedChannel(Clock())
    channel.receive(piece(1, Lane.COMMAND))
    assert records(take(channel)) == [Ack(1)]


def test_a_duplicate_is_acknowledged_too() -> None:
    clock = Clock()
    channel = NumberedChannel(clock)
    channel.receive(piece(1))
    clock.pass_by(ACK_AFTER)
    take(channel)
    channel.receive(piece(1))
    clock.pass_by(ACK_AFTER)
    assert records(take(channel)) == [Ack(1)]


def test_silence_is_answered_by_a_ping_and_a_ping_by_a_pong() -> None:
    clock = Clock()
    channel, peer = NumberedChannel(clock), NumberedChannel(clock)
    channel.tick()
    assert take(channel) == b""
    clock.pass_by(PING_AFTER)
    channel.tick()
    ping = take(channel)
    assert records(ping) == [Ping()]
    peer.receive(ping)
    assert records(take(peer)) == [Pong()]


def test_a_flood_of_pings_without_reading_is_answered_once() -> None:
    here = NumberedChannel()
    for _ in range(3):
        here.receive(encode_frame(encode(Ping())) * 10_000)
    assert records(take(here)) == [Pong()]
    here.receive(encode_frame(encode(Ping())))
    assert records(take(here)) == [Pong()]


def is_lost(channel: NumberedChannel) -> bool:
    """Asked anew each time, which mypy does not expect of a property."""
    return channel.lost


def live(channel: NumberedChannel, clock: Clock, seconds: float) -> None:
    """Let time pass as a loop sees it: in steps, looking at the clock in each."""
    end = clock.now + seconds
    while clock.now < end:
        clock.pass_by(min(1.0, end - clock.now))
        channel.tick()


def test_a_link_that_stays_silent_is_lost_and_one_that_answers_is_not() -> None:
    clock = Clock()
    channel = NumberedChannel(clock)
    live(channel, clock, LOST_AFTER - 1)
    assert not is_lost(channel)
    channel.receive(encode_frame(encode(Pong())))
    live(channel, clock, LOST_AFTER - 1)
    assert not is_lost(channel)
    live(channel, clock, 1)
    assert is_lost(channel)


def test_loss_is_noticed_once_for_each_link() -> None:
    clock = Clock()
    channel = NumberedChannel(clock)
    live(channel, clock, LOST_AFTER)
    assert is_lost(channel)
    channel.detach()
    assert not is_lost(channel)
    live(channel, clock, 10 * LOST_AFTER)
    assert not is_lost(channel)
    channel.attach(0)
    assert not is_lost(channel)
    live(channel, clock, LOST_AFTER - 1)
    assert not is_lost(channel)


def test_messages_that_wait_for_a_link_cause_no_timeout() -> None:
    clock = Clock()
    channel = NumberedChannel(clock)
    channel.detach()
    channel.send(Lane.SHELL, [b"waits"])
    live(channel, clock, 100 * LOST_AFTER)
    assert not is_lost(channel)
    assert not channel.outgoing()


def test_our_own_sleep_is_not_the_silence_of_the_link() -> None:
    clock = Clock()
    channel = NumberedChannel(clock)
    channel.tick()
    clock.pass_by(3600)
    channel.tick()
    assert not is_lost(channel)
    assert records(take(channel)) == [Ping()]
    live(channel, clock, LOST_AFTER)
    assert is_lost(channel)
