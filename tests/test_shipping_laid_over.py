"""Memory that consists of pages of a file until they are copied: private, and not there twice for long."""

from __future__ import annotations

import gc
import mmap
import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy
import pytest

from pyteleport_jupyter.shipping import laid_over
from pyteleport_jupyter.shipping.cutting import CHUNK
from pyteleport_jupyter.shipping.laid_over import LaidOver, seal
from pyteleport_jupyter.shipping.memory import make_room

SIZE = 8 * CHUNK

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or laid_over._system() is None,
    reason="a system that cannot lay pages over memory",
)


@pytest.fixture
def content() -> bytes:
    return numpy.random.default_rng(1).bytes(SIZE)


@pytest.fixture
def fd(content: bytes) -> Iterator[int]:
    fd = os.memfd_create("teleport-test", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, content)
    seal(fd)
    yield fd
    os.close(fd)


def held(fd: int) -> int:
    """Bytes of memory that the file takes."""
    return os.fstat(fd).st_blocks * 512


def laid(fd: int) -> tuple[LaidOver, mmap.mmap]:
    room, over = make_room(SIZE), LaidOver(fd)
    assert isinstance(room, mmap.mmap)
    assert over.lay(room, 0, SIZE, 0)
    return over, room


def test_what_is_written_is_written_into_memory_of_our_own(fd: int, content: bytes) -> None:
    over, room = laid(fd)
    array = numpy.frombuffer(room, "u1")
    assert bytes(room) == content
    array[5] ^= 1
    over.make_own()
    array[SIZE - 1] ^= 1
    expected = bytearray(content)
    expected[5] ^= 1
    expected[-1] ^= 1
    assert bytes(room) == expected
    assert held(fd) == 0, "it is there twice"


def test_only_what_is_laid_over_is_cut_out(fd: int, content: bytes) -> None:
    room, over = make_room(SIZE), LaidOver(fd)
    assert over.lay(room, 2 * CHUNK, 2 * CHUNK, 4 * CHUNK)
    over.make_own()
    assert bytes(room) == bytes(2 * CHUNK) + content[4 * CHUNK : 6 * CHUNK] + bytes(4 * CHUNK)
    assert held(fd) == 6 * CHUNK
    assert os.pread(fd, 4 * CHUNK, 0) == content[: 4 * CHUNK]


def test_a_process_that_was_forked_before_keeps_what_it_sees(fd: int, content: bytes) -> None:
    over, room = laid(fd)
    go_read, go_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(go_write)
        os.read(go_read, 1)
        os._exit(0 if bytes(room) == content else 1)
    over.make_own()
    room[0] = room[0] ^ 1
    assert held(fd) == SIZE
    os.write(go_write, b"!")
    assert os.waitpid(pid, 0)[1] == 0
    os.close(go_read)
    os.close(go_write)


def test_a_process_that_is_forked_afterwards_has_its_own(fd: int, content: bytes) -> None:
    over, room = laid(fd)
    over.make_own()
    pid = os.fork()
    if pid == 0:
        same = bytes(room) == content
        room[0] = room[0] ^ 1
        os._exit(0 if same else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert bytes(room) == content


def test_memory_that_is_gone_is_not_touched(fd: int) -> None:
    over, room = laid(fd)
    del room
    gc.collect()
    over.make_own()
    over, room = laid(fd)
    room.close()
    over.make_own()


def test_where_it_cannot_be_said_to_be(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    over, room = laid(fd)
    other: Any = make_room(SIZE)
    assert not over.lay(other, 0, CHUNK, CHUNK), "it cannot be cut out for two"
    assert not LaidOver(fd).lay(other, 5, CHUNK, 0)
    assert not LaidOver(fd).lay(other, 0, CHUNK, 5)
    assert not LaidOver(fd).lay(other, 0, CHUNK + 1, 0)
    assert not LaidOver(fd).lay(bytearray(SIZE), 0, CHUNK, 0)
    unsealed = os.memfd_create("teleport-test")
    assert not LaidOver(unsealed).lay(other, 0, CHUNK, 0), "somebody could cut it off"
    os.close(unsealed)
    monkeypatch.setattr(laid_over, "_system", lambda: None)
    assert not LaidOver(fd).lay(other, 0, CHUNK, 0)
    assert bytes(other) == bytes(SIZE)
    assert bytes(room[:CHUNK]) == os.pread(fd, CHUNK, 0)


def test_it_is_made_our_own_once_and_when_nobody_waits(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laid_over, "LATER", 0.0)
    over, room = laid(fd)
    threads = [over.make_own_later(), over.make_own_later()]
    assert threads[0] is not None
    assert threads[1] is None
    threads[0].join(60)
    assert held(fd) == 0
    assert len(room) == SIZE
