"""The landing that goes on while the session is packed, and the session that is rebuilt while it arrives."""

from __future__ import annotations

import os
import threading

import pytest

from pyteleport_jupyter.approach import approaching
from pyteleport_jupyter.errors import LinkLost, MoveCancelled, RestoreFailed
from pyteleport_jupyter.remote.arrival import Arriving
from pyteleport_jupyter.session.threads import threads_in_the_way
from pyteleport_jupyter.shipping import Consignment
from pyteleport_jupyter.shipping.cutting import CHUNK
from pyteleport_jupyter.transports import Ask, Landed, Question
from pyteleport_jupyter.wire.waiting import ready

THERE = Landed(b"", "/usr/bin/python3", "3.11.7", "/run/there")
SECONDS = 60.0


def declined(question: Question) -> None:
    """Answers nothing."""


def test_it_lands_in_a_thread_that_is_in_nobodys_way() -> None:
    begun = threading.Event()

    def land(ask: Ask, given_up: int) -> Landed:
        assert threading.current_thread() is not threading.main_thread()
        begun.set()
        return THERE

    with approaching(land) as approach:
        assert begun.wait(SECONDS)
        assert not threads_in_the_way()
        assert approach.landed(declined) is THERE
    assert not approach.is_alive()


def test_questions_wait_for_the_main_thread() -> None:
    asked: list[tuple[str, threading.Thread]] = []

    def land(ask: Ask, given_up: int) -> Landed:
        assert [ask(Question("code", text, secret=False)) for text in ("first", "second")] == ["1", None]
        return THERE

    def answer(question: Question) -> str | None:
        asked.append((question.text, threading.current_thread()))
        return "1" if question.text == "first" else None

    with approaching(land) as approach:
        assert approach.landed(answer) is THERE
    assert asked == [("first", threading.main_thread()), ("second", threading.main_thread())]


def test_what_goes_wrong_there_counts_when_it_is_asked_for() -> None:
    def land(ask: Ask, given_up: int) -> Landed:
        raise LinkLost(host="there", reason="it hung up")

    with approaching(land):
        pass
    with approaching(land) as approach, pytest.raises(LinkLost, match="it hung up"):
        approach.landed(declined)


@pytest.mark.parametrize("asks", [False, True])
def test_where_the_session_cannot_be_packed_it_is_called_off(asks: bool) -> None:
    ended: list[object] = []

    def land(ask: Ask, given_up: int) -> Landed:
        if asks:
            ended.append(ask(Question("password", "?", secret=True)))
            ended.append(ask(Question("password", "again?", secret=True)))
        readable, _ = ready([given_up], [], SECONDS)
        ended.append(given_up in readable)
        raise MoveCancelled(host="there")

    with pytest.raises(ValueError, match="no"), approaching(land):
        raise ValueError("no")
    assert ended == [*([None, None] if asks else []), True]


# The other half ------------------------------------------------------------------------------------


def test_parts_are_there_before_the_next_one_has_come() -> None:
    read, write = os.pipe()
    arriving = Arriving(read)
    contents = [b"the stream", bytes(range(256)) * 16, os.urandom(3 * CHUNK)]
    pieces = iter(Consignment([memoryview(content) for content in contents]))
    start, head, stream = (next(pieces) for _ in range(3))
    os.write(write, b"".join((start, head, stream)))
    assert arriving.stream() == b"the stream"
    rest = arriving.parts()
    os.write(write, b"".join((next(pieces), next(pieces))))
    assert bytes(next(rest)) == contents[1]

    def feed() -> None:
        with open(write, "wb", buffering=0) as file:
            for piece in pieces:
                while piece:
                    piece = piece[file.write(piece) :]

    feeder = threading.Thread(target=feed)
    feeder.start()
    assert [bytes(part) for part in rest] == [contents[2]]
    feeder.join()


def test_a_snapshot_that_ends_too_early_says_so_to_who_waits_for_the_rest() -> None:
    read, write = os.pipe()
    arriving = Arriving(read)
    whole = b"".join(Consignment([memoryview(b"the stream"), memoryview(bytes(1000))]))
    os.write(write, whole[:-1])
    os.close(write)
    assert arriving.stream() == b"the stream"
    with pytest.raises(RestoreFailed, match="ended too early"):
        next(arriving.parts())
