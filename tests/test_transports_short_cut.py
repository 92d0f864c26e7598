"""What a host sends goes straight to stdout when it can, and in order however it goes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from pyteleport_jupyter.transports.paramiko_child import write_all
from pyteleport_jupyter.transports.short_cut import UNCOUNTED_LIMIT, ShortCut


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    os.set_blocking(write, False)
    yield read, write
    for descriptor in (read, write):
        os.close(descriptor)


def never() -> None:
    raise AssertionError("nothing failed")


def opened(sink: int) -> ShortCut:
    cut = ShortCut(sink, never)
    cut.caught_up()
    return cut


def test_before_anybody_empties_it_everything_waits(pipe: tuple[int, int]) -> None:
    cut = ShortCut(pipe[1], never)
    cut.feed(b"one")
    cut.feed(b"two")
    assert cut.read(100) == b"onetwo"
    assert cut.fed == 6


def test_a_small_message_goes_the_short_way(pipe: tuple[int, int]) -> None:
    cut = opened(pipe[1])
    cut.feed(b"short")
    assert len(cut) == 0
    assert os.read(pipe[0], 100) == b"short"
    assert cut.caught_up() == 5
    assert cut.caught_up() == 0


def test_what_is_not_taken_waits_and_the_rest_behind_it(pipe: tuple[int, int]) -> None:
    cut = opened(pipe[1])
    cut.feed(bytes(1 << 20))
    cut.feed(b"behind")
    went = len(os.read(pipe[0], 1 << 20))
    waiting = cut.read(1 << 21)
    assert went + len(waiting) == (1 << 20) + 6
    assert waiting.endswith(b"\0behind")
    cut.feed(b"the buffer was emptied, but is it written?")
    assert len(cut)
    assert cut.caught_up() == went


def test_every_so_many_bytes_something_goes_the_long_way(pipe: tuple[int, int]) -> None:
    cut = opened(pipe[1])
    count = 0
    while not len(cut):
        cut.feed(bytes(1000))
        count += 1
        os.read(pipe[0], 1000 * (not len(cut)))
    assert UNCOUNTED_LIMIT <= 1000 * (count - 1) < UNCOUNTED_LIMIT + 1000


def test_it_says_when_nobody_reads(pipe: tuple[int, int]) -> None:
    read, write = os.pipe()
    os.close(read)
    failures: list[bool] = []
    cut = ShortCut(write, lambda: failures.append(True))
    cut.caught_up()
    cut.feed(b"anybody?")
    os.close(write)
    assert failures == [True]


def test_two_threads_keep_the_order(pipe: tuple[int, int]) -> None:
    """One feeds as paramiko's does, one empties as the child's does, and the reader is slow at times."""
    cut = ShortCut(pipe[1], never)
    words = [f"{number}\n".encode() * (1 + number % 50) for number in range(5000)]

    def empty() -> None:
        while data := cut.read(1 << 18):
            write_all(pipe[1], data)
            cut.caught_up()

    def feed() -> None:
        for word in words:
            cut.feed(word)
        cut.close()

    threads = [threading.Thread(target=target) for target in (empty, feed)]
    for thread in threads:
        thread.start()
    heard = b""
    while len(heard) < sum(map(len, words)):
        heard += os.read(pipe[0], 1 << 16)
    for thread in threads:
        thread.join()
    assert heard == b"".join(words)
