"""Streams that are cut off, damaged, too long or replayed, and machines that have no room: one error, nothing
allocated for it, nothing left.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyteleport_jupyter import shipping
from pyteleport_jupyter.errors import ProtocolBroken, RestoreFailed
from pyteleport_jupyter.shipping import Consignment, compression, memory, receive, receiving
from pyteleport_jupyter.shipping.cutting import CHUNK

LIMIT = 1 << 24
PARTS = [b"a pickle stream", os.urandom(70_000), b"", b"small"]


def on_the_wire(*parts: bytes, sealed: bool = False) -> bytes:
    return b"".join(Consignment([memoryview(part) for part in parts], sealed=sealed))


def reader(data: bytes) -> Callable[[memoryview], None]:
    stream = io.BytesIO(data)

    def read_into(view: memoryview) -> None:
        if stream.readinto(view) != len(view):
            raise EOFError

    return read_into


@settings(deadline=None)
@given(st.integers(0, len(on_the_wire(*PARTS)) - 1))
def test_a_stream_that_is_cut_off_anywhere(end: int) -> None:
    with pytest.raises(EOFError):
        receive(reader(on_the_wire(*PARTS)[:end]), LIMIT)


@settings(deadline=None)
@given(st.data())
def test_a_damaged_byte_breaks_off_or_is_in_the_contents(data: st.DataObject) -> None:
    damaged = bytearray(on_the_wire(*PARTS))
    at = data.draw(st.integers(0, len(damaged) - 1))
    damaged[at] ^= data.draw(st.integers(1, 255))
    try:
        received = receive(reader(bytes(damaged)), LIMIT)
    except (ProtocolBroken, RestoreFailed, EOFError):
        return
    differing = sum(
        one != other
        for part, original in zip(received, PARTS, strict=True)
        for one, other in zip(bytes(part), original, strict=True)
    )
    assert differing == 1, "of a part's own bytes ssh takes care, of all else we do"


SEALED = on_the_wire(*PARTS, os.urandom(CHUNK + 1), sealed=True)


@settings(deadline=None)
@given(st.data())
def test_a_sealed_stream_arrives_as_it_was_or_not_at_all(data: st.DataObject) -> None:
    damaged = bytearray(SEALED)
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises((ProtocolBroken, RestoreFailed, EOFError)):
        receive(reader(bytes(damaged)), LIMIT)


@pytest.mark.parametrize("pack", [False, True])
@pytest.mark.parametrize("on_disk", [False, True])
def test_a_sealed_stream_of_all_kinds_of_blocks(
    pack: bool, on_disk: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if on_disk:
        monkeypatch.setattr(receiving, "available_bytes", lambda: 0)
    parts = [b"stream", bytes(3 * CHUNK + 5), os.urandom(2 * CHUNK)]
    choose = (lambda part: compression.ZLIB) if pack else (lambda part: None)
    sent = b"".join(Consignment([memoryview(part) for part in parts], choose=choose, sealed=True))
    assert [bytes(part) for part in receive(reader(sent), LIMIT)] == parts


def test_what_comes_behind_the_end_is_left_alone() -> None:
    data = on_the_wire(*PARTS)
    stream = io.BytesIO(data + data)

    def read_into(view: memoryview) -> None:
        stream.readinto(view)

    receive(read_into, LIMIT)
    assert stream.tell() == len(data)


def test_nothing_is_filled_for_what_is_only_announced() -> None:
    """Room is made part by part, when its turn has come, and costs nothing before it is filled."""
    start = receiving.START.pack(b"PTJ2", 2)
    head = start + receiving.LENGTH.pack(1) + receiving.LENGTH.pack(8 << 30)
    before = resident()
    with pytest.raises(EOFError):
        receive(reader(head + on_the_wire(b"x")[-10:] + b"\0"), 1 << 40)
    assert resident() - before < 32 << 20


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def no_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine whose memory is short, and whose temporary files are in the directory given."""
    monkeypatch.setattr(receiving, "available_bytes", lambda: 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_where_memory_is_short_a_file_without_a_name_is_used(no_memory: Path) -> None:
    parts = [b"stream", os.urandom(3 * CHUNK + 5), b"small"]
    received = receive(reader(on_the_wire(*parts)), LIMIT)
    assert [bytes(part) for part in received] == parts
    assert backing(3 * CHUNK + 5) == ["(deleted)"]
    received[1][:3] = b"new"
    assert bytes(received[1][:5]) == b"new" + parts[1][3:5]
    assert list(no_memory.iterdir()) == []
    del received
    assert backing(3 * CHUNK + 5) == []


def backing(size: int) -> list[str]:
    """What stands behind the names of the mapped files of that size (in whole pages) of this process."""
    found = []
    page = os.sysconf("SC_PAGE_SIZE")
    for line in Path("/proc/self/maps").read_text().splitlines():
        words = line.split()
        start, end = (int(word, 16) for word in words[0].split("-"))
        if end - start == -(-size // page) * page and len(words) > 6 and words[3] != "00:00":
            found.append(words[6])
    return found


def test_neither_memory_nor_disk(no_memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(RestoreFailed, match=r"neither memory nor .* has room for 3 MB \(No space left"):
        receive(reader(on_the_wire(b"stream", bytes(3 * CHUNK))), LIMIT)
    assert list(no_memory.iterdir()) == []


def test_a_forked_child_does_not_write_into_its_parents_arrays() -> None:
    _, buffer = shipping.receive(reader(on_the_wire(b"s", bytes(CHUNK))), LIMIT)
    pid = os.fork()
    if not pid:
        buffer[0] = 1
        os._exit(0)
    os.waitpid(pid, 0)
    assert buffer[0] == 0


def test_a_limit_of_the_process_is_one_sentence() -> None:
    code = f"""
        import resource, sys
        sys.path.insert(0, {str(Path(shipping.__file__).parents[2])!r})
        from pyteleport_jupyter import shipping
        from pyteleport_jupyter.errors import RestoreFailed
        data = memoryview(b"".join(shipping.Consignment([memoryview(b"s"), memoryview(bytes(100 << 20))])))
        position = 0
        def read_into(view):
            global position
            view[:] = data[position:position + len(view)]
            position += len(view)
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + (50 << 20), -1))
        try:
            shipping.receive(read_into, 1 << 30)
        except RestoreFailed as error:
            print(error.facts["reason"])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60
    )
    assert "no memory for 105 MB" in done.stdout, done.stderr


def test_available_memory_is_between_nothing_and_all() -> None:
    assert 0 < memory.available_bytes() <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
