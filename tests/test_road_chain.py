"""Two moves in a row: the kernel between them has become a relay, and when one end goes, all of it goes."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from relay_lab import LabKernel, eventually, far_pid, lab_kernel, marked_processes

HOPS = ("%teleport local", f'%teleport "cmd:bash -c" --python {shlex.quote(sys.executable)}')
BLOCKED = "import threading; threading.Thread(target=threading.Event().wait).start()"


@pytest.fixture
def chain() -> Iterator[LabKernel]:
    """A session two hops away. Nothing of it may be left afterwards (see ``lab_kernel``)."""
    with lab_kernel() as kernel:
        assert kernel.run("%load_ext pyteleport_jupyter").status == "ok"
        pids = [kernel.pid]
        for hop in HOPS:
            answer = kernel.run(hop)
            assert answer.status == "ok", answer.reply["content"]
            pids.append(far_pid(kernel))
        assert len(set(pids)) == 3
        yield kernel


def all_gone(kernel: LabKernel) -> bool:
    return eventually(lambda: not marked_processes(kernel.mark), 20)


def relays(kernel: LabKernel) -> list[int]:
    """Pids of the two relays, that of the first kernel first."""
    found = []
    for pid in marked_processes(kernel.mark):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if any(
            word.rstrip(b"/").endswith((b"pyteleport_jupyter/relay", b"relay/__main__.py")) for word in words
        ):
            found.append(pid)
    return sorted(found, key=lambda pid: pid != kernel.pid)


def test_shutdown_ends_them_all(chain: LabKernel) -> None:
    chain.client.shutdown()
    assert chain.client.get_control_msg(timeout=20)["msg_type"] == "shutdown_reply"
    assert chain.ends_within(20)
    assert all_gone(chain), marked_processes(chain.mark)


def test_shutdown_ends_a_kernel_that_a_thread_keeps(chain: LabKernel) -> None:
    assert chain.run(BLOCKED).status == "ok"
    chain.client.shutdown()
    assert chain.ends_within(20)
    assert all_gone(chain), marked_processes(chain.mark)


@pytest.mark.parametrize("blocked", [False, True])
def test_the_managers_shutdown_ends_them_all(chain: LabKernel, blocked: bool) -> None:
    if blocked:
        assert chain.run(BLOCKED).status == "ok"
    chain.manager.shutdown_kernel(restart=True)  # Which leaves the manager usable for the look afterwards.
    assert all_gone(chain), marked_processes(chain.mark)


@pytest.mark.parametrize("which", [0, 1])
def test_a_relay_that_is_told_to_end_ends_them_all(chain: LabKernel, which: int) -> None:
    os.kill(relays(chain)[which], signal.SIGTERM)
    assert chain.ends_within(20)
    assert all_gone(chain), marked_processes(chain.mark)


def test_a_thread_does_not_keep_a_kernel_one_hop_away() -> None:
    with lab_kernel() as kernel:
        kernel.run("%load_ext pyteleport_jupyter")
        assert kernel.run(HOPS[0]).status == "ok"
        assert kernel.run(BLOCKED).status == "ok"
        kernel.client.shutdown()
        assert kernel.ends_within(20)
        assert all_gone(kernel), marked_processes(kernel.mark)
