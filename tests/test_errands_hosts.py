"""``%%teleport HOST`` over real ssh: a link that breaks, a session that leaves, a kernel that is killed."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest
from errand_hosts import session
from errand_kernels import reports
from frontends import eventually
from lab import Host, Lab, LabKernel

SETUP = "%load_ext pyteleport_jupyter\nimport os, socket\nitems = [1]; alias = items"
ROWS = """%%teleport cartesius
import time
for i in range(30):
    print(i, flush=True); time.sleep(0.05)
items.append(socket.gethostname())
os.getpid()"""


@pytest.fixture
def kernel(lab: Lab, kernel_on: Callable[[Host], LabKernel], host_a: Host, host_b: Host) -> LabKernel:
    return session(lab, kernel_on, host_a, SETUP)


def remote_kernels(host: Host, pid: int) -> list[Any]:
    """The processes of the kernel with that pid, as the host itself numbers them."""
    return [each for each in host.processes() if pid in numbers(each.pid)]


def numbers(pid: int) -> list[int]:
    """The pids of a process in all namespaces that it is in, see proc(5), NSpid."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            lines = [line for line in status if line.startswith("NSpid:")]
    except OSError:
        return []
    return [int(number) for number in lines[0].split()[1:]] if lines else []


def test_a_cell_survives_its_link_and_its_kernel_ends_when_the_session_leaves(
    kernel: LabKernel, host_b: Host
) -> None:
    request = kernel.client.execute(ROWS)
    while "3" not in kernel.client.get_iopub_msg(timeout=60)["content"].get("text", ""):
        pass
    host_b.kill_connections()
    run = kernel.finish(request)
    assert run.error is None, run.error
    assert run.text().split()[-10:] == [str(number) for number in range(20, 30)]
    assert "sent 3 names" in reports(run)[-1]
    assert kernel.execute("alias").result == "[1, 'cartesius']"
    pid = int(str(run.result))
    assert remote_kernels(host_b, pid)
    moved = kernel.execute("%teleport local\n'moved'")
    assert moved.result == "'moved'", moved.error
    assert eventually(lambda: not remote_kernels(host_b, pid))
    assert kernel.execute("%%teleport cartesius\nsocket.gethostname()").result == "'cartesius'"


@pytest.mark.nightly
def test_the_kernel_there_of_a_killed_kernel_here_ends_with_its_lease(
    kernel: LabKernel, host_b: Host
) -> None:
    run = kernel.execute("%%teleport cartesius --lease 3s\nos.getpid()")
    pid = int(str(run.result))
    kernel.process.send_signal(signal.SIGKILL)
    assert eventually(lambda: not remote_kernels(host_b, pid), seconds=30)


def test_several_hosts_at_the_same_time(kernel: LabKernel) -> None:
    run = kernel.execute(
        "%%teleport cartesius local --as found\nprint('on', socket.gethostname())\nname = socket.gethostname()\nname"
    )
    assert run.error is None, run.error
    assert sorted(run.text().splitlines()) == ["[cartesius] on cartesius", "[local] on workbench"]
    names = {"cartesius": "cartesius", "local": "workbench"}
    conflict = {host: {"name": name} for host, name in names.items()}
    found = kernel.execute("repr((dict(found), 'name' in globals(), found.variables))").result
    assert eval(eval(str(found))) == (names, False, conflict)
