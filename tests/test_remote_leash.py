"""The process that the host believes the link to be: it stays, it carries nothing, and it goes with the
link.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from far_side import FarSide, booted, eventually, nothing_stays, texts
from supervised import far, home, live, package, supervisor_of

from pyteleport_jupyter.remote.door import NEWCOMERS_LIMIT
from pyteleport_jupyter.transports import Link
from pyteleport_jupyter.wire.framing import encode_frame
from pyteleport_jupyter.wire.records import Challenge, Proof, encode, parse

__all__ = ["far", "home", "live", "package"]


def has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def wait_for_the_end(live: FarSide) -> None:
    """Until nothing more can come over the link."""
    os.set_blocking(live.link.read_fd, True)
    while os.read(live.link.read_fd, 1 << 16):
        pass


def test_nothing_goes_through_it(live: FarSide) -> None:
    leash = psutil.Process(live.link.pid)
    leash.suspend()
    assert live.run("print not carried by it") == ["not carried by it"]
    assert live.run("flood 500 1000")[-1].startswith("499:")
    leash.resume()


def test_its_death_is_the_end_of_the_link(live: FarSide) -> None:
    psutil.Process(live.link.pid).kill()
    wait_for_the_end(live)
    live.lose_link()
    live.attach()
    assert live.run("print found again") == ["found again"]


def test_its_death_before_hold_is_the_end_of_all(far: FarSide, home: Path) -> None:
    far.start()
    psutil.Process(far.link.pid).kill()
    nothing_stays(home)


def test_what_was_said_just_before_its_death_is_heard(live: FarSide, home: Path) -> None:
    supervisor = supervisor_of(home)
    supervisor.suspend()
    live.say("end")
    psutil.Process(live.link.pid).kill()
    supervisor.resume()
    nothing_stays(home)


def test_many_links_leave_no_descriptors(live: FarSide, home: Path) -> None:
    supervisor = supervisor_of(home)
    before = supervisor.num_fds()
    for _ in range(5):
        live.attach()
        assert live.run("print there") == ["there"]
    eventually(lambda: supervisor.num_fds() == before, "as many descriptors as before")


# ---------------------------------------------------------------------- one socket


@dataclass(frozen=True)
class OneSocket:
    """Gives the command a socket as stdin and stdout, the same for both, as OpenSSH's sshd does."""

    host: str = "one socket"

    def spawn(self, command: str) -> Link:
        ours, theirs = socket.socketpair()
        with theirs:
            child = subprocess.Popen(
                ["/bin/sh", "-c", command], stdin=theirs, stdout=theirs, start_new_session=True
            )
        CHILDREN.append(child)
        return Link(child.pid, ours.fileno(), os.dup(ours.detach()))

    def as_record(self) -> dict[str, Any]:
        return {}


CHILDREN: list[subprocess.Popen[bytes]] = []


@pytest.fixture
def over_one_socket(home: Path) -> Iterator[FarSide]:
    with booted(OneSocket()) as far:
        far.go_live()
        yield far
        far.say("end")
    while CHILDREN:
        CHILDREN.pop().wait()


def test_one_socket_for_both_ways(over_one_socket: FarSide) -> None:
    far = over_one_socket
    assert far.run("print there and back") == ["there and back"]
    identifier = far.execute("flood 2000 1000")
    for _ in range(3):
        far.lose_link()
        far.attach()
    far.until(lambda: len(texts(far.heard, identifier)) == 2000)


def test_half_closed(over_one_socket: FarSide) -> None:
    """As sshd does when the client says that it will send no more."""
    far = over_one_socket
    with socket.socket(fileno=os.dup(far.link.write_fd)) as view:
        view.shutdown(socket.SHUT_WR)
    eventually(lambda: has_ended(psutil.Process(far.link.pid)), "the leash has gone")
    far.lose_link()
    far.attach()


# ------------------------------------------------------------------------- the door


def knock(live: FarSide) -> socket.socket:
    knocker = socket.socket(socket.AF_UNIX)
    knocker.connect(live.landed.directory + "/supervisor.sock")
    return knocker


def a_proof_of_nothing() -> bytes:
    return encode_frame(encode(Proof(1000, 0, bytes(32))))


@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_who_has_no_proof_makes_nobody_hold_descriptors(live: FarSide, home: Path, count: int) -> None:
    supervisor = supervisor_of(home)
    before = supervisor.num_fds()
    knockers = [knock(live) for _ in range(NEWCOMERS_LIMIT)]
    for knocker in knockers:
        knocker.settimeout(30)
        assert isinstance(parse(knocker.recv(1000)[4:]), Challenge)
        socket.send_fds(knocker, [a_proof_of_nothing()], [0] * count)
        assert b"could not show" in knocker.recv(1000)
        assert knocker.recv(1000) == b""
        knocker.close()
    eventually(lambda: supervisor.num_fds() == before, "the descriptors are closed")
    assert live.run("print unimpressed") == ["unimpressed"]


# ------------------------------------------------------- a supervisor that hangs

STAY = """
import _socket, sys
from pyteleport_jupyter.remote import leash
leash.PATIENCE_MILLISECONDS = 50
leash.stay(_socket.socket(fileno=int(sys.argv[1])), lambda: None)
"""


def test_it_does_not_wait_for_ever_for_a_supervisor_that_hangs() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        argv = [sys.executable, "-c", STAY, str(theirs.fileno())]
        child = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[theirs.fileno()]
        )
        with child:
            ours.sendall(b"still there")
            assert child.stdout is not None
            assert child.stdout.read(11) == b"still there"
            assert child.poll() is None
            assert child.stdin is not None
            child.stdin.close()
            assert child.wait(timeout=30) == 0


def test_a_signal_ends_it_as_any_command(live: FarSide) -> None:
    os.kill(live.link.pid, signal.SIGHUP)
    wait_for_the_end(live)
    live.lose_link()
    live.attach()
