"""What stays at home of a session that left need not come back over the wire; nothing stays too long."""

from __future__ import annotations

import mmap
import os
import pickle
import signal
import socket
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy
import pytest
from bytes_sent import COUNT_BYTES
from relay_lab import Answer, LabKernel, deposits, eventually, faulty_kernel, lab_kernel

from pyteleport_jupyter.errors import RestoreFailed
from pyteleport_jupyter.homecoming import keeper as keeper_module
from pyteleport_jupyter.homecoming import kept_chunks
from pyteleport_jupyter.homecoming.keeper import keep
from pyteleport_jupyter.homecoming.kept_chunks import KeptChunks
from pyteleport_jupyter.homecoming.other_memory import nobody_else_changes
from pyteleport_jupyter.objects import Pickled
from pyteleport_jupyter.relay.configuration import KeeperSettings
from pyteleport_jupyter.relay.kept import NOTHING, Kept
from pyteleport_jupyter.relay.processes import dismiss
from pyteleport_jupyter.remote.inquiries import ask
from pyteleport_jupyter.shipping import Offer, make_offer
from pyteleport_jupyter.shipping.cutting import CHUNK
from pyteleport_jupyter.shipping.memory import make_room
from pyteleport_jupyter.shipping.offer import encode_answer, parse_answer

SECONDS = 60.0


@dataclass
class Keeper:
    """A keeper of this process, and what a relay does with it."""

    settings: KeeperSettings

    def __post_init__(self) -> None:
        self.answers: list[str] = []
        self.kept = Kept(self.settings, self.answers.append)

    def answer(self, offer: Offer) -> bytes:
        encoded = offer.encode()
        self.kept.expect(len(encoded))
        for start in range(0, len(encoded), 100_000):
            assert self.kept.collecting
            self.kept.add(encoded[start : start + 100_000])
        assert eventually(self.has_answered, SECONDS)
        return parse_answer(self.answers.pop())

    def has_answered(self) -> bool:
        self.kept.look()
        return bool(self.answers)

    @property
    def ended(self) -> bool:
        return os.waitpid(self.settings.pid, os.WNOHANG)[0] != 0


def keeper_of(*buffers: object) -> Keeper:
    views = tuple(memoryview(buffer).cast("B") for buffer in buffers)  # type: ignore[arg-type]
    with warnings.catch_warnings():
        # This process has threads, as a kernel has.
        warnings.simplefilter("ignore")
        return Keeper(keep(Pickled(b"the stream", views, frozenset())))


@pytest.fixture
def data() -> numpy.ndarray:
    return numpy.random.default_rng(1).integers(0, 255, 5 * CHUNK + 77, dtype=numpy.uint8)


@pytest.fixture
def keeper(data: numpy.ndarray) -> Iterator[Keeper]:
    keeper = keeper_of(data)
    yield keeper
    dismiss(keeper.settings)


def offer_of(data: object) -> Offer:
    return make_offer([memoryview(b"the stream"), memoryview(data).cast("B")])  # type: ignore[arg-type]


@pytest.mark.parametrize("directly", [True, False])
def test_it_has_what_was_here_when_the_session_left(
    directly: bool, keeper: Keeper, data: numpy.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not directly:
        # The system may not let us read its memory.
        monkeypatch.setattr(kept_chunks, "read_memory", lambda *_: False)
    before = data.copy()
    data[CHUNK + 5] += 1
    assert list(keeper.answer(offer_of(data))) == [1, 1, 0, 1, 1, 1, 1]
    assert list(keeper.answer(offer_of(before))) == [1] * 7
    chunks, offer = KeptChunks(keeper.settings), offer_of(before)
    assert all(keeper.answer(offer))
    into = memoryview(bytearray(before.nbytes))
    for at, name in enumerate(offer.names[1]):
        chunks.take(name, into[at * CHUNK : at * CHUNK + name[0]])
    chunks.settle()
    assert into == memoryview(before)
    chunks.forget_offer()


def in_a_file(pid: int) -> bool:
    """Whether the keeper ``pid`` has put into a file what it keeps, and given back its own memory."""
    maps = Path(f"/proc/{pid}/maps").read_text()
    return "/memfd:teleport-kept" in maps


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keepers take what nobody asks for at once for what nobody will ask for soon."""
    monkeypatch.setattr(keeper_module, "AFTER_CUT", 0.0)
    monkeypatch.setattr(keeper_module, "AT_REST", 0.0)


def memory_of(pid: int | str, kind: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(kind))


@pytest.mark.parametrize("given", [True, False])
def test_later_it_is_in_a_file_whose_pages_need_not_be_copied(
    given: bool, soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 32 * CHUNK + 77
    data = numpy.random.default_rng(1).integers(0, 255, size, dtype=numpy.uint8)
    small = numpy.arange(CHUNK // 8)[5:]
    keeper = keeper_of(data, small)
    pid = keeper.settings.pid
    assert eventually(lambda: in_a_file(pid), SECONDS)
    assert eventually(lambda: memory_of(pid, "RssAnon") < memory_of("self", "RssAnon") - 30 * CHUNK, SECONDS)
    if not given:
        real = os.open

        def refuse(path: str, *arguments: int) -> int:
            if "/fd/" in path:
                raise PermissionError(path)
            return real(path, *arguments)

        monkeypatch.setattr(kept_chunks.os, "open", refuse)
    before = data.copy()
    data[5 * CHUNK + 1] += 1
    parts = [memoryview(each).cast("B") for each in (b"the stream", data, small)]
    offer = make_offer(parts)
    held = keeper.answer(offer)
    assert [at for at, each in enumerate(held) if not each] == [6]
    chunks = KeptChunks(keeper.settings)
    rooms = [memoryview(make_room(part.nbytes)) for part in parts[1:]]
    names = [(number, at, name) for number in (1, 2) for at, name in enumerate(offer.names[number])]
    for number, at, name in names:
        if (number, at) != (1, 5):
            chunks.take(name, rooms[number - 1][at * CHUNK : at * CHUNK + name[0]])
    rooms[0][5 * CHUNK : 6 * CHUNK] = parts[1][5 * CHUNK : 6 * CHUNK]
    chunks.settle()
    chunks.forget_offer()
    assert (chunks.laid_over is not None) == given
    dismiss(keeper.settings)
    for _ in range(2):
        assert rooms[0] == parts[1]
        assert rooms[1] == parts[2]
        if chunks.laid_over is not None:
            chunks.laid_over.make_own()
    assert before[5 * CHUNK + 1] != rooms[0][5 * CHUNK + 1]


def test_offers_that_are_none_and_offers_that_are_called_off(keeper: Keeper, data: numpy.ndarray) -> None:
    for size in (0, -1, 1 << 40, "many"):
        keeper.kept.expect(size)
        assert keeper.answers.pop() == NOTHING
    keeper.kept.expect(4)
    keeper.kept.add(b"this is no offer")
    assert eventually(keeper.has_answered, SECONDS)
    assert parse_answer(keeper.answers.pop()) == b""
    keeper.kept.expect(1000)
    keeper.kept.add(b"half")
    keeper.kept.forget()
    encoded = offer_of(data).encode()
    keeper.kept.expect(len(encoded))
    keeper.kept.add(encoded)
    keeper.kept.forget()
    assert all(keeper.answer(offer_of(data)))
    assert not keeper.answers


def test_it_has_nothing_of_the_process_but_memory_and_ends_with_its_line(data: numpy.ndarray) -> None:
    line, other = socket.socketpair()
    with line, other:
        keeper = keeper_of(data)
        assert keeper.answer(offer_of(data))  # It is settled by now.
        pid = keeper.settings.pid
        assert len(list(Path(f"/proc/{pid}/fd").iterdir())) == 4  # The three standard ones, and its line.
        assert os.getsid(pid) == pid
        assert Path(f"/proc/{pid}/oom_score_adj").read_text() == "1000\n"
    os.kill(pid, signal.SIGINT)
    assert not keeper.ended
    os.close(keeper.settings.fd)
    assert eventually(lambda: keeper.ended, SECONDS)


def test_one_that_was_killed_has_nothing(data: numpy.ndarray) -> None:
    keeper = keeper_of(data)
    assert keeper.kept.algorithms()
    os.kill(keeper.settings.pid, signal.SIGKILL)
    os.waitpid(keeper.settings.pid, 0)
    assert keeper.answer(offer_of(data)) == b""
    assert keeper.kept.algorithms() == ()
    chunks = KeptChunks(keeper.settings)
    chunks.take((10, bytes(16)), memoryview(bytearray(10)))
    with pytest.raises(RestoreFailed, match="gone"):
        chunks.settle()
    chunks.forget_offer()
    dismiss(keeper.settings)


def test_what_has_changed_since_the_answer_is_not_handed_out() -> None:
    shared = mmap.mmap(-1, 2 * CHUNK)
    shared.write(pickle.dumps(list(range(1000))))
    keeper = keeper_of(shared)
    offer = offer_of(shared)
    assert list(keeper.answer(offer)) == [1, 1, 1]
    shared[100:105] = b"other"
    chunks = KeptChunks(keeper.settings)
    into = bytearray(CHUNK)
    chunks.take(offer.names[1][1], memoryview(into))
    chunks.settle()
    assert into == bytes(CHUNK)
    chunks.take(offer.names[1][0], memoryview(bytearray(CHUNK)))
    with pytest.raises(RestoreFailed, match="changed"):
        chunks.settle()
    chunks.forget_offer()
    dismiss(keeper.settings)


def test_memory_that_others_may_change_is_known(tmp_path: Path) -> None:
    own = numpy.ones(CHUNK)
    shared = mmap.mmap(-1, 2 * CHUNK)
    path = tmp_path / "file"
    path.write_bytes(bytes(2 * CHUNK))
    with path.open("rb") as file:
        of_file = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE)
    view = memoryview(own).cast("B")
    assert nobody_else_changes([view, view[5:], memoryview(bytearray(CHUNK))])
    assert not nobody_else_changes([view, memoryview(shared)[CHUNK:]])
    assert not nobody_else_changes([memoryview(of_file)[CHUNK + 5 : CHUNK + 6]])


def test_answers_are_text() -> None:
    for answer in (b"", b"\0", b"\1", bytes([0, 0, 1, 0, 1, 1, 1, 0, 0]), bytes(range(2)) * 5000):
        assert parse_answer(encode_answer(answer)) == answer
    assert encode_answer(b"") == NOTHING


# A session --------------------------------------------------------------------------------------

SETUP = (
    """%load_ext pyteleport_jupyter
import os, numpy
data = numpy.random.default_rng(1).integers(0, 1 << 62, 6 << 20)
sums = []
"""
    + COUNT_BYTES
)

SIZE = 48 << 20


@pytest.fixture(scope="module")
def kernel() -> Iterator[LabKernel]:
    with lab_kernel() as kernel:
        assert kernel.run(SETUP).status == "ok"
        yield kernel


def keepers(kernel: LabKernel) -> list[int]:
    """The keepers among the children of the kernel's process."""
    children = Path(f"/proc/{kernel.pid}/task/{kernel.pid}/children").read_text().split()
    return [int(pid) for pid in children if Path(f"/proc/{pid}/comm").read_text() == "teleport-keeper\n"]


def went(kernel: LabKernel, tmp_path: Path, change: str = "pass") -> int:
    """Bytes that were sent."""
    assert kernel.run(f"count({str(tmp_path / 'sent')!r}); {change}").status == "ok"
    left(kernel)
    assert kernel.run("assert sums[-1] == int(data.sum())").status == "ok"
    return int((tmp_path / "sent").read_text())


def left(kernel: LabKernel, options: str = "") -> Answer:
    run = kernel.run(f"sums.append(int(data.sum()))\n%teleport local {options}\nprint(os.getpid())")
    assert run.status == "ok", run.reply
    return run


def came_home(kernel: LabKernel, tmp_path: Path, change: str = "pass") -> int:
    """Bytes that were sent."""
    run = kernel.run(f"count({str(tmp_path / 'sent')!r}); {change}; sums.append(int(data.sum()))")
    assert run.status == "ok", run.reply
    assert kernel.run(f"%teleport home -q\nassert os.getpid() == {kernel.pid}").status == "ok"
    assert kernel.run("assert sums.pop() == int(data.sum())").status == "ok"
    assert not keepers(kernel)
    assert eventually(lambda: bool(deposits(kernel)), SECONDS)
    return int((tmp_path / "sent").read_text())


def test_only_what_has_changed_comes_home_and_goes_there_again(kernel: LabKernel, tmp_path: Path) -> None:
    assert went(kernel, tmp_path) > SIZE
    assert len(keepers(kernel)) == 1
    assert came_home(kernel, tmp_path) < 1 << 20
    assert went(kernel, tmp_path, "data[7] += 1") < 2 << 20
    # What it had left there is in the session now.
    assert eventually(lambda: not deposits(kernel), SECONDS)
    assert came_home(kernel, tmp_path, "data[5] += 1") < 2 << 20
    assert went(kernel, tmp_path) < 1 << 20
    assert SIZE < came_home(kernel, tmp_path, "data = data + 1") < SIZE + (1 << 20)


def test_what_is_in_a_file_by_now_comes_home_and_leaves_again(kernel: LabKernel, tmp_path: Path) -> None:
    went(kernel, tmp_path)
    (pid,) = keepers(kernel)
    assert eventually(lambda: in_a_file(pid), SECONDS)
    assert came_home(kernel, tmp_path, "data[5] += 1") < 2 << 20
    # While it is being made its own, or afterwards.
    assert went(kernel, tmp_path, "data[7] += 1") < 2 << 20
    assert came_home(kernel, tmp_path) < 1 << 20


def test_what_stays_there_is_seen_and_ended_by_its_user_and_knows_nothing(kernel: LabKernel) -> None:
    (directory,) = deposits(kernel)
    identifier = directory.name.rpartition("-")[2]
    listed = kernel.run("%teleport list local").text()
    (line,) = [line for line in listed.splitlines() if identifier in line]
    assert "kept data" in line
    pid = int(ask(str(directory), "facts")["pid"])
    process = Path(f"/proc/{pid}")
    assert kernel.mark.encode() not in process.joinpath("environ").read_bytes()
    assert b"numpy" not in process.joinpath("maps").read_bytes()
    # The standard ones, memory, two sockets.
    assert eventually(lambda: len(list(process.joinpath("fd").iterdir())) == 6, SECONDS)
    assert process.joinpath("oom_score_adj").read_text() == "1000\n"
    assert os.getsid(pid) == pid
    for word in ("attach --discard", "detach"):
        refused = kernel.run(f"%teleport {word} local/{identifier}")
        assert refused.reply["content"]["ename"] == "AttachRefused"
    assert kernel.run(f"%teleport kill local/{identifier}").status == "ok"
    assert eventually(lambda: not directory.exists(), SECONDS)


def test_where_it_was_killed_all_comes_home(kernel: LabKernel, tmp_path: Path) -> None:
    left(kernel)
    os.kill(keepers(kernel)[0], signal.SIGKILL)
    assert came_home(kernel, tmp_path) > SIZE


def test_who_may_not_come_home_keeps_nothing_and_a_fresh_kernel_neither(kernel: LabKernel) -> None:
    left(kernel, "--no-home")
    assert not keepers(kernel)
    kernel.run("%teleport kill")


@pytest.fixture
def own_kernel(request: pytest.FixtureRequest) -> Iterator[LabKernel]:
    """One that comes to an end, or in which something goes wrong."""
    with faulty_kernel(getattr(request, "param", "none"), SETUP) as kernel:
        yield kernel


@pytest.mark.parametrize("own_kernel", ["keeper.places::kill"], indirect=True)
def test_one_that_dies_at_the_last_moment_costs_one_attempt(own_kernel: LabKernel, tmp_path: Path) -> None:
    there = left(own_kernel).text()
    run = own_kernel.run("%teleport home -q")
    assert "what was kept here is gone" in run.reply["content"]["evalue"]
    assert own_kernel.run("print(os.getpid())").text() == there
    assert came_home(own_kernel, tmp_path) > SIZE


def test_it_ends_with_a_relay_that_is_killed(own_kernel: LabKernel) -> None:
    left(own_kernel, "--lease 1")
    (keeper,) = keepers(own_kernel)
    os.kill(own_kernel.pid, signal.SIGKILL)
    assert eventually(lambda: not Path(f"/proc/{keeper}").exists(), SECONDS)
    assert own_kernel.ends_within(SECONDS)


@pytest.mark.nightly
def test_it_ends_where_the_session_is_let_go(own_kernel: LabKernel) -> None:
    left(own_kernel, "--lease 5")
    assert keepers(own_kernel)
    own_kernel.run("%teleport detach")
    assert eventually(lambda: not keepers(own_kernel), SECONDS)
