"""Links that are cut anywhere and replaced, and channels that cross exec: nothing is lost, nothing comes
twice.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_ends import Clock, deliver, piece, reconnect, records, take

from pyteleport_jupyter.wire.channel import Message, NumberedChannel
from pyteleport_jupyter.wire.framing import CHUNK_LIMIT, WireError, encode_frame
from pyteleport_jupyter.wire.keepalive import ACK_AFTER
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.records import Ack, encode

# --------------------------------------------------------------- links come and go


def test_what_was_lost_on_the_way_is_sent_again() -> None:
    here, there = NumberedChannel(), NumberedChannel()
    for word in (b"one", b"two", b"three"):
        here.send(Lane.SHELL, [word])
    first = len(take(NumberedChannel.thaw(here.freeze()))) // 2
    messages = there.receive(take(here)[:first])
    reconnect(here, there)
    messages += deliver(here, there)
    assert [message.parts[0] for message in messages] == [b"one", b"two", b"three"]


def test_after_a_reconnect_each_side_has_said_what_it_has() -> None:
    here, there = NumberedChannel(), NumberedChannel()
    here.send(Lane.SHELL, [b"one"])
    deliver(here, there)
    reconnect(here, there)
    assert here.idle
    assert take(here) == b""


def test_a_peer_that_forgot_is_refused() -> None:
    here, there = NumberedChannel(), NumberedChannel()
    here.send(Lane.SHELL, [b"one"])
    deliver(here, there)
    here.receive(encode_frame(encode(Ack(1))))
    with pytest.raises(WireError, match="forgot"):
        here.attach(0)


def test_a_peer_that_has_what_was_never_sent_is_refused() -> None:
    with pytest.raises(WireError):
        NumberedChannel().attach(1)


def converse(cuts: list[int], freeze: bool) -> list[list[Message]]:
    """A short conversation whose links carry so many bytes in each direction and then break."""
    ends = [NumberedChannel(), NumberedChannel()]
    heard: list[list[Message]] = [[], []]
    for number in range(3):
        ends[0].send(Lane.SHELL, [b"request %d" % number, bytes(number)])
        ends[1].send(Lane.IOPUB, [b"output %d" % number])
    ends[1].send(Lane.STDIN, [b"x" * 300, b"", b"y"])
    for cut in [*cuts, None]:
        bytes_of = [take(end, cut) for end in ends]
        for receiver in (0, 1):
            heard[receiver] += ends[receiver].receive(bytes_of[1 - receiver])
        if freeze:
            ends = [NumberedChannel.thaw(end.freeze()) for end in ends]
        if cut is not None:
            reconnect(*ends)
    return heard


UNCUT = converse([], freeze=False)


@pytest.mark.parametrize("freeze", [False, True])
def test_cut_at_every_byte_the_transcript_is_that_of_the_uncut_one(freeze: bool) -> None:
    assert [len(messages) for messages in UNCUT] == [4, 3]
    for cut in range(600):
        assert converse([cut], freeze) == UNCUT


@settings(deadline=None)
@given(st.lists(st.integers(0, 500), max_size=20), st.booleans())
def test_cut_many_times_anywhere(cuts: list[int], freeze: bool) -> None:
    assert converse(cuts, freeze) == UNCUT


# ------------------------------------------------------------------- freeze and thaw


def test_a_channel_frozen_at_any_byte_goes_on_over_the_same_link() -> None:
    whole = NumberedChannel()
    for lane in (Lane.SHELL, Lane.STDIN):
        whole.send(lane, [b"part", bytes(50)])
    size = len(take(NumberedChannel.thaw(whole.freeze())))
    for cut in range(size + 1):
        sender, receiver = NumberedChannel.thaw(whole.freeze()), NumberedChannel()
        messages = receiver.receive(take(sender, cut))
        sender, receiver = NumberedChannel.thaw(sender.freeze()), NumberedChannel.thaw(receiver.freeze())
        messages += deliver(sender, receiver)
        assert [message.lane for message in messages] == [Lane.SHELL, Lane.STDIN]


def test_half_a_long_message_crosses_too() -> None:
    sender, receiver = NumberedChannel(), NumberedChannel()
    parts = (bytes(3 * CHUNK_LIMIT), b"end")
    sender.send(Lane.IOPUB, parts)
    receiver.receive(take(sender, CHUNK_LIMIT + 1000))
    sender, receiver = NumberedChannel.thaw(sender.freeze()), NumberedChannel.thaw(receiver.freeze())
    assert deliver(sender, receiver) == [Message(Lane.IOPUB, parts)]


def test_a_detached_channel_stays_detached() -> None:
    channel = NumberedChannel()
    channel.send(Lane.SHELL, [b"one"])
    channel.detach()
    thawed = NumberedChannel.thaw(channel.freeze())
    assert not thawed.attached
    assert not thawed.outgoing()
    assert thawed.pending_bytes == channel.pending_bytes


def test_an_acknowledgement_owed_is_still_owed() -> None:
    clock = Clock()
    channel = NumberedChannel(clock)
    channel.receive(piece(1))
    thawed = NumberedChannel.thaw(channel.freeze(), clock)
    clock.pass_by(ACK_AFTER)
    assert records(take(thawed)) == [Ack(1)]


@given(st.binary(max_size=200))
def test_thawing_junk_raises_our_error_only(junk: bytes) -> None:
    with pytest.raises(WireError):
        NumberedChannel.thaw(junk)
