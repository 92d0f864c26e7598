"""A session that is not there for its cell elsewhere: the laptop sleeps, its kernel restarts, it moves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from errand_hosts import session
from errand_kernels import reports
from lab import Host, Lab, LabKernel

pytestmark = pytest.mark.nightly

SETUP = "%load_ext pyteleport_jupyter\nimport time, socket\nitems = [0]; alias = items"
ROWS = """%%teleport cartesius --lease 5s
items.append(1)
for i in range(1000):
    print(i, flush=True); time.sleep(0.1)"""
LONG = "%%teleport cartesius --bg --as run --lease 5s\ntime.sleep(1000)"


@pytest.fixture
def kernel(lab: Lab, kernel_on: Callable[[Host], LabKernel], host_a: Host) -> LabKernel:
    """A session on the workbench."""
    return session(lab, kernel_on, host_a, SETUP)


def test_a_link_that_is_away_for_longer_than_the_lease(lab: Lab, kernel: LabKernel, host_b: Host) -> None:
    with lab.nothing_left_on(host_b, seconds=60):
        request = kernel.client.execute(ROWS)
        while "3" not in kernel.client.get_iopub_msg(timeout=60)["content"].get("text", ""):
            pass
        host_b.cut()
        try:
            run = kernel.finish(request, 180)
        finally:
            host_b.heal()
        assert run.error is not None
        assert run.error.startswith("ErrandLost: The cell on cartesius is lost: the link was lost")
        assert run.reply["content"]["traceback"] == [run.error]
        assert reports(run)[-1] == "nothing came back from cartesius"
        assert kernel.execute("items, alias is items").result == "([0], True)"
    assert kernel.execute("%%teleport cartesius --no-keep\nitems.append(2)\nitems").result == "[0, 2]"


@pytest.mark.parametrize("now", [False, True])
def test_nothing_stays_there_when_the_kernel_here_is_restarted(
    lab: Lab, kernel: LabKernel, host_b: Host, now: bool
) -> None:
    with lab.nothing_left_on(host_b, seconds=60):
        kernel.execute(LONG)
        kernel.manager.restart_kernel(now=now)
        kernel.client.wait_for_ready(timeout=60)


def test_a_session_waits_for_its_cell_elsewhere_or_gives_it_up_before_it_moves(
    lab: Lab, kernel: LabKernel, host_b: Host
) -> None:
    with lab.nothing_left_on(host_b, seconds=60):
        kernel.execute(LONG)
        refused = kernel.execute("%teleport local\n1")
        assert refused.error is not None
        assert "run: " in refused.error
        assert "still runs" in refused.error
        assert kernel.execute("run.status").result == "'running'"
        kernel.execute("run.cancel(); run.cancel(); del run")
        moved = kernel.execute("%teleport local\nitems", timeout=120)
        assert moved.result == "[0]", moved.error
