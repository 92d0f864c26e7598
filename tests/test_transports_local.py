"""The local transport: a child in a session of its own, with nothing of ours but its pipe."""

from __future__ import annotations

import os

import psutil
import pytest
from far_side import eventually

from pyteleport_jupyter.transports import LocalTransport, close_link, complaint, from_record
from pyteleport_jupyter.transports import link as link_module
from pyteleport_jupyter.transports.link import COMPLAINT_LIMIT


def read_all(fd: int) -> bytes:
    return b"".join(iter(lambda: os.read(fd, 1 << 16), b""))


def test_a_child_with_a_pipe() -> None:
    link = LocalTransport().spawn("read line; echo got $line; echo trouble >&2")
    os.write(link.write_fd, b"this\n")
    assert read_all(link.read_fd) == b"got this\n"
    assert complaint(link) == "trouble"
    close_link(link)


def test_the_child_has_a_session_of_its_own_so_that_interrupts_do_not_reach_it() -> None:
    link = LocalTransport().spawn("echo up; read line")
    os.read(link.read_fd, 10)
    assert os.getsid(link.pid) == link.pid != os.getsid(0)
    close_link(link)


def test_the_child_inherits_the_pipe_and_nothing_else() -> None:
    secret_fd = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(secret_fd, True)
    link = LocalTransport().spawn("ls /proc/self/fd | wc -l")
    # 0, 1, 2, and the folder that ls reads.
    assert int(read_all(link.read_fd)) == 4
    os.close(secret_fd)
    close_link(link)


def test_our_ends_are_not_inherited_by_others() -> None:
    link = LocalTransport().spawn("read line")
    assert not any(os.get_inheritable(fd) for fd in (link.read_fd, link.write_fd, link.complaints_fd or 0))
    close_link(link)


@pytest.mark.parametrize(
    "command", ["exit 3", "exec sleep 1000", "trap '' TERM HUP; sleep 1000 & wait; wait"]
)
def test_closing_ends_the_child_and_its_children_and_reaps_it(command: str) -> None:
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    opened = set(os.listdir("/proc/self/fd"))
    link = LocalTransport().spawn(command)
    close_link(link, patience=0.1)
    assert not psutil.pid_exists(link.pid)
    eventually(
        lambda: {process.pid for process in psutil.Process().children(recursive=True)} <= before,
        "children gone",
    )
    assert set(os.listdir("/proc/self/fd")) == opened


def test_closing_twice_does_no_harm() -> None:
    link = LocalTransport().spawn("true")
    close_link(link)
    close_link(link)


def test_only_the_end_of_many_complaints_is_kept() -> None:
    link = LocalTransport().spawn("head -c 100000 /dev/zero | tr '\\0' x >&2; printf '\\033[31mthe end' >&2")
    read_all(link.read_fd)
    assert complaint(link).endswith("x [31mthe end")
    assert len(complaint(link)) <= COMPLAINT_LIMIT
    close_link(link)


def test_it_survives_as_a_record() -> None:
    transport = LocalTransport()
    assert from_record(transport.as_record()) == transport


@pytest.mark.parametrize("record", [{}, {"kind": "telnet"}, {"kind": "os"}, {"kind": None}])
def test_other_kinds_are_refused(record: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        from_record(record)


def test_a_child_that_cannot_be_killed_is_not_waited_for_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that hangs in the system, as on a dead file server."""
    link = LocalTransport().spawn("read line")
    with monkeypatch.context() as patch:
        patch.setattr(link_module, "_reaped", lambda pid: False)
        patch.setattr(link_module, "KILLED_SECONDS", 0.05)
        patch.setattr(link_module, "_children", dict(link_module._children))
        close_link(link, patience=0.0)
    close_link(link)
