"""Home from behind a chain of moves: each process between passes the session by, and ends."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator

import pytest
from relay_lab import LabKernel, answer_to, eventually, far_pid, lab_kernel, marked_processes, result

SETUP = "%load_ext pyteleport_jupyter\nimport os"
HOPS = ("local", f'"cmd:bash -c" --python {shlex.quote(sys.executable)}')
SECONDS = 120


@pytest.fixture(scope="module")
def kernel() -> Iterator[LabKernel]:
    with lab_kernel() as kernel:
        assert kernel.run(SETUP).status == "ok"
        yield kernel


def away(kernel: LabKernel, hops: tuple[str, ...] = HOPS) -> None:
    """The session is behind as many relays as there are ``hops``."""
    pids = {kernel.pid}
    for hop in hops:
        answer = kernel.run(f"%teleport {hop}")
        assert answer.status == "ok", answer.reply["content"]
        pids.add(far_pid(kernel))
    assert len(pids) == len(hops) + 1


def alone(kernel: LabKernel) -> bool:
    """Whether no process of a far side is left."""
    return eventually(
        lambda: not [w for w in marked_processes(kernel.mark).values() if "package.zip" in w], SECONDS
    )


@pytest.mark.parametrize(
    "hops", [HOPS, pytest.param((*HOPS, HOPS[1].replace("bash", "sh")), marks=pytest.mark.nightly)]
)
def test_it_comes_home_with_what_it_said_and_what_waits(kernel: LabKernel, hops: tuple[str, ...]) -> None:
    away(kernel, hops)
    cells = [
        "rows = []\nfor n in range(3000): print(n)\nplace = 'home'\n%teleport home -q\nrows.append(os.getpid())",
        *[f"rows.append({n})" for n in range(20)],
        "rows",
    ]
    asked = [kernel.client.execute(cell) for cell in cells]
    answers = [answer_to(kernel.client, request, SECONDS) for request in asked]
    assert answers[0].text().split() == [str(n) for n in range(3000)], answers[0].reply
    assert result(answers[-1]) == str([kernel.pid, *range(20)])
    assert alone(kernel), marked_processes(kernel.mark)
    assert result(kernel.run("os.getpid()")) == str(kernel.pid)
