"""What a session leaves on the host that it leaves need not be sent again; nobody else gets it, and it goes."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy
import pytest
from bytes_sent import COUNT_BYTES
from relay_lab import LabKernel, deposits, eventually, lab_kernel

from pyteleport_jupyter.errors import ProtocolBroken, RestoreFailed
from pyteleport_jupyter.homecoming import depositing
from pyteleport_jupyter.objects import Pickled
from pyteleport_jupyter.options import make_options
from pyteleport_jupyter.remote import depository
from pyteleport_jupyter.remote.deposits import end_deposits as end_all
from pyteleport_jupyter.remote.deposits import find_deposit, mark_file, mark_of
from pyteleport_jupyter.remote.inquiries import ask
from pyteleport_jupyter.remote.runtime_directory import SOCKET_NAME, make_beside
from pyteleport_jupyter.shipping import Consignment, announced, parts
from pyteleport_jupyter.shipping.cutting import CHUNK
from pyteleport_jupyter.shipping.deposit import Deposit, compare_with_deposit, make_deposit
from pyteleport_jupyter.shipping.laid_over import seal

SECONDS = 60.0

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory without a name is Linux's")


# The file ---------------------------------------------------------------------------------------


@pytest.fixture
def session() -> list[memoryview]:
    data = numpy.random.default_rng(1).integers(0, 255, 5 * CHUNK + 77, dtype=numpy.uint8)
    return [memoryview(b"the stream" * 10_000), memoryview(b"small"), memoryview(data).cast("B")]


def received(sent: Consignment, deposit: Deposit) -> list[bytes]:
    """All parts, as a kernel gets them."""
    stream = memoryview(b"".join(sent))
    position = 0

    def read_into(view: memoryview) -> None:
        nonlocal position
        view[:] = stream[position : position + len(view)]
        position += len(view)

    found = []
    for part in parts(read_into, announced(read_into, 1 << 30), deposit):
        deposit.settle()
        found.append(bytes(part))
    return found


def test_only_what_is_not_there_is_sent(session: list[memoryview]) -> None:
    with Deposit(make_deposit(session)) as deposit:
        changed = numpy.frombuffer(bytearray(session[2]), numpy.uint8)
        changed[3 * CHUNK + 5] += 1
        now = [session[0], memoryview(b"other"), memoryview(changed)]
        offer, answer = compare_with_deposit(now, deposit.as_record())
        sent = Consignment(now, offer, answer)
        assert CHUNK < sum(map(len, sent)) < CHUNK + 1000
        assert received(Consignment(now, offer, answer), deposit) == [bytes(part) for part in now]


def test_nobody_cuts_it_off_and_it_outlives_who_gave_it(session: list[memoryview]) -> None:
    fd = make_deposit(session)
    assert not os.get_inheritable(fd)
    for size in (0, 1 << 30):
        with pytest.raises(PermissionError):
            os.ftruncate(fd, size)
    copy = os.dup(fd)
    os.close(fd)
    with Deposit(copy) as deposit:
        assert deposit.as_record()["names"]


def forged(session: list[memoryview], **changes: Any) -> int:
    """As :func:`make_deposit`, by somebody who does not mean well: other bytes under the same digests."""
    honest = make_deposit(session)
    fd = os.memfd_create("forged", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    content = bytearray(os.pread(honest, os.fstat(honest).st_size, 0))
    os.close(honest)
    for position in changes.get("flip", ()):
        content[position] ^= 1
    os.write(fd, content[changes.get("skip", 0) : changes.get("end", len(content))])
    seal(fd)
    return fd


def test_wrong_bytes_are_never_taken(session: list[memoryview]) -> None:
    begin = len(session[0])
    with Deposit(forged(session, flip=(begin + 2 * CHUNK + 17,))) as deposit:
        offer, answer = compare_with_deposit(session, deposit.as_record())
        with pytest.raises(RestoreFailed, match="not what the session had left"):
            received(Consignment(session, offer, answer), deposit)


@pytest.mark.parametrize("wrong", [{"end": -1}, {"end": 10}, {"skip": 5}, {"flip": (-10,)}, {"flip": (-3,)}])
def test_what_is_none_is_not_taken_for_one(session: list[memoryview], wrong: dict[str, Any]) -> None:
    with pytest.raises(ProtocolBroken):
        Deposit(forged(session, **wrong))


def test_a_chunk_that_is_not_there_cannot_be_left_out(session: list[memoryview]) -> None:
    with Deposit(make_deposit(session[:1])) as deposit, Deposit(make_deposit(session)) as other:
        offer, answer = compare_with_deposit(session, other.as_record())
        with pytest.raises(ProtocolBroken, match="not here"):
            received(Consignment(session, offer, answer), deposit)


@pytest.mark.parametrize(
    "said",
    [
        "no record",
        {},
        {"algorithm": "gmac", "key": "00", "names": ""},
        {"algorithm": "crc", "key": "00" * 16, "names": ""},
        {"algorithm": "sha256", "key": "00" * 16, "names": "AAAA"},
        {"algorithm": "sha256", "key": "00" * 16, "names": 5},
        {"algorithm": "sha256", "key": "zz", "names": ""},
        {"algorithm": "sha256", "key": "00" * 16, "names": ""},
    ],
)
def test_what_makes_no_sense_is_nothing(session: list[memoryview], said: Any) -> None:
    assert compare_with_deposit(session, said) == (None, b"")


# Who holds it -----------------------------------------------------------------------------------


@pytest.fixture
def beside() -> Iterator[Path]:
    """The directory of a session on this machine."""
    parent = Path(tempfile.mkdtemp(prefix="deposits-"))
    yield Path(make_beside(str(parent)))
    shutil.rmtree(parent)


@contextmanager
def held(session: list[memoryview], beside: Path, secret: bytes, seconds: float = 600) -> Iterator[Path]:
    """In a thread of this process; the directory."""
    directory = make_beside(str(beside.parent))
    fd = make_deposit(session)
    holder = depository.Depository(directory, fd, seconds, mark_of(secret), "laptop")
    thread = threading.Thread(target=holder.run)
    thread.start()
    try:
        yield Path(directory)
    finally:
        with suppress(OSError):
            ask(directory, "kill")
        thread.join(SECONDS)
        os.close(fd)
    assert not thread.is_alive()


def test_only_who_shows_the_secret_gets_it(session: list[memoryview], beside: Path) -> None:
    secret = secrets.token_bytes(32)
    with held(session, beside, secret) as directory:
        assert directory.stat().st_mode & 0o777 == 0o700
        found = find_deposit(str(beside), secret)
        assert found is not None
        with found:
            assert compare_with_deposit(session, found.as_record())[0]
        other = secrets.token_bytes(32)
        assert find_deposit(str(beside), other) is None
        # Under its mark, which everybody may know, but with another secret.
        (directory / mark_file(mark_of(other))).touch()
        assert find_deposit(str(beside), other) is None
        end_all(str(beside), other)
        assert ask(str(directory), "facts")["memory"] > sum(part.nbytes for part in session)


def test_it_is_lent_to_one_at_a_time(session: list[memoryview], beside: Path) -> None:
    secret = secrets.token_bytes(32)
    with held(session, beside, secret):
        found = find_deposit(str(beside), secret)
        assert found is not None
        assert find_deposit(str(beside), secret) is None
        with found:
            line, found.line = found.line, None
        assert find_deposit(str(beside), secret) is None, "its kernel has it, as long as the line is open"
        assert line is not None
        line.close()
        with nobodys(str(beside), secret) as again:
            assert compare_with_deposit(session, again.as_record())[0]


def nobodys(beside: str, secret: bytes) -> Deposit:
    """The deposit, as soon as it is known there that whoever had borrowed it has gone."""
    found: list[Deposit] = []
    assert eventually(lambda: found.extend(filter(None, [find_deposit(beside, secret)])) or found, SECONDS)
    return found[0]


def test_two_sessions_do_not_get_in_each_others_way(session: list[memoryview], beside: Path) -> None:
    one, two = secrets.token_bytes(32), secrets.token_bytes(32)
    with held(session, beside, one), held(session[:1], beside, two) as second:
        end_all(str(beside), one)
        assert find_deposit(str(beside), one) is None
        found = find_deposit(str(beside), two)
        assert found is not None
        found.close()
        assert ask(str(second), "facts")["kind"] == "deposit"


def test_who_talks_nonsense_is_not_listened_to(session: list[memoryview], beside: Path) -> None:
    secret = secrets.token_bytes(32)
    with held(session, beside, secret) as directory:
        for said in (b"", b"nonsense", secret, secret + b"x", bytes(100)):
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(str(directory / SOCKET_NAME))
                with suppress(OSError):
                    line.sendall(said)
                    line.shutdown(socket.SHUT_WR)
                    assert line.recv(10) == b""
        found = find_deposit(str(beside), secret)
        assert found is not None
        found.close()


def test_it_ends_with_its_lease_and_when_memory_gets_short(
    session: list[memoryview], beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = secrets.token_bytes(32)
    with held(session, beside, secret, seconds=0.2) as directory:
        assert eventually(lambda: not answers(directory), SECONDS)
    monkeypatch.setattr(depository, "LOOK_SECONDS", 0.05)
    with held(session, beside, secret) as directory:
        assert answers(directory)
        monkeypatch.setattr(depository, "available_bytes", lambda: 1 << 20)
        assert eventually(lambda: not answers(directory), SECONDS)


def answers(directory: Path) -> bool:
    try:
        return bool(ask(str(directory), "facts"))
    except OSError:
        return False


def test_where_it_cannot_be_there_twice_it_is_given_up(
    session: list[memoryview], beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = secrets.token_bytes(32)
    with held(session, beside, secret) as directory:
        monkeypatch.setattr("pyteleport_jupyter.shipping.memory.available_bytes", lambda: 66 << 20)
        assert find_deposit(str(beside), secret) is None
        assert eventually(lambda: not answers(directory), SECONDS)


def test_what_is_left_of_one_that_was_killed_is_nothing(beside: Path) -> None:
    secret = secrets.token_bytes(32)
    directory = Path(make_beside(str(beside.parent)))
    (directory / mark_file(mark_of(secret))).touch()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(directory / SOCKET_NAME))
    assert find_deposit(str(beside), secret) is None
    end_all(str(beside), secret)


def test_it_is_not_made_where_it_is_not_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depositing, "served_from", lambda: "package.zip")
    small, large = (
        Pickled(b"", (memoryview(bytearray(size)),), frozenset()) for size in (1 << 20, depositing.KEPT_FROM)
    )
    facts = {"lease": 60.0, "keep": True}
    monkeypatch.setattr(depositing, "ask", lambda *_: facts)
    usual, never = make_options(), make_options(keep=False)
    nothing = depositing.depositing(small, "/run/session", usual)
    assert depositing.depositing(large, "/run/session", usual) is not nothing
    assert depositing.depositing(large, "/run/session", never) is nothing
    assert depositing.depositing(large, None, usual) is nothing
    facts["keep"] = False
    assert depositing.depositing(large, "/run/session", usual) is nothing
    facts["keep"] = True
    monkeypatch.setattr(depositing, "available_bytes", lambda: depositing.KEPT_FROM)
    assert depositing.depositing(large, "/run/session", usual) is nothing


# A session --------------------------------------------------------------------------------------

SETUP = (
    """%load_ext pyteleport_jupyter
import os, numpy
data = numpy.random.default_rng(1).integers(0, 1 << 62, 4 << 20)
many = {number: [number] for number in range(20000)}
sums = []
"""
    + COUNT_BYTES
)

SIZE = 32 << 20


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabKernel]:
    with lab_kernel() as kernel:
        path = tmp_path_factory.mktemp("sizes") / "sent"
        assert kernel.run(f"{SETUP}\npath = {str(path)!r}").status == "ok"
        kernel.sent = path  # type: ignore[attr-defined]
        yield kernel


def went(kernel: LabKernel, change: str = "pass", options: str = "") -> int:
    """Bytes that were sent."""
    run = kernel.run(
        f"count(path)\n{change}\nsums.append(int(data.sum()))\n%teleport local -q {options}\nassert os.getpid() != {kernel.pid}"
    )
    assert run.status == "ok", run.reply
    assert kernel.run("assert sums.pop() == int(data.sum()) and len(many) == 20000").status == "ok"
    return int(kernel.sent.read_text())  # type: ignore[attr-defined]


def came_home(kernel: LabKernel) -> None:
    before = set(deposits(kernel))
    run = kernel.run(f"%teleport home -q\nassert os.getpid() == {kernel.pid}")
    assert run.status == "ok", run.reply
    assert eventually(lambda: bool(set(deposits(kernel)) - before), SECONDS)


@pytest.mark.nightly
def test_one_that_was_killed_is_not_missed(kernel: LabKernel) -> None:
    went(kernel)
    came_home(kernel)
    (left,) = deposits(kernel)
    os.kill(int(ask(str(left), "facts")["pid"]), 9)
    # Who lands next takes away what those have left that were killed.
    os.utime(left, (0, 0))
    assert went(kernel) > SIZE
    assert not left.exists()
    came_home(kernel)


@pytest.mark.nightly
def test_nothing_stays_where_that_is_not_wanted(kernel: LabKernel) -> None:
    went(kernel, options="--no-keep")
    directories = set(kernel.runtime.glob("pyteleport/*"))
    assert kernel.run("%teleport home -q").status == "ok"
    assert not deposits(kernel)
    went(kernel)
    assert kernel.run("%teleport home -q --no-keep").status == "ok"
    assert eventually(lambda: not set(kernel.runtime.glob("pyteleport/*")) - directories, SECONDS)
    assert not deposits(kernel)


@pytest.mark.nightly
def test_a_move_that_fails_there_gives_it_up(kernel: LabKernel) -> None:
    went(kernel)
    came_home(kernel)
    run = kernel.run(
        "class Fails:\n"
        "    def __reduce__(self): return int, ('no number',)\n"
        "fails = Fails()\n"
        "%teleport local -q"
    )
    assert run.reply["content"]["ename"] == "RestoreFailed"
    assert eventually(lambda: not deposits(kernel), SECONDS)
    assert went(kernel, "del fails") > SIZE


@pytest.mark.nightly
def test_after_a_restart_nobody_asks_for_it(kernel: LabKernel) -> None:
    came_home(kernel)
    (left,) = deposits(kernel)
    kernel.manager.restart_kernel()
    kernel.client.wait_for_ready(timeout=60)
    assert kernel.run(f"{SETUP}\npath = {str(kernel.sent)!r}").status == "ok"  # type: ignore[attr-defined]
    assert went(kernel) > SIZE
    assert answers(left)


@pytest.mark.nightly
@pytest.mark.parametrize("fault", ["deposit.copy::raise", "deposit.copy::kill"])
def test_what_goes_wrong_with_it_is_of_no_concern_to_the_session(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEPORT_FAULT", fault)
    with lab_kernel() as kernel:
        kernel.sent = tmp_path / "sent"  # type: ignore[attr-defined]
        assert kernel.run(f"{SETUP}\npath = {str(tmp_path / 'sent')!r}").status == "ok"
        went(kernel)
        assert kernel.run(f"%teleport home -q\nassert os.getpid() == {kernel.pid}").status == "ok"
        assert went(kernel) > SIZE
        assert kernel.run("%teleport home -q --no-keep").status == "ok"
        assert not deposits(kernel)
        # One that was killed has left an empty directory, which the next one that lands removes.
        for directory in kernel.runtime.glob("pyteleport/*"):
            assert [path.name for path in directory.iterdir()] == ["package.zip"]
            shutil.rmtree(directory)
