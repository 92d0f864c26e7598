"""``%%teleport`` over real ssh while somebody is killed: one sentence, the session here as it was, nothing left."""

from __future__ import annotations

from collections.abc import Callable

import psutil
import pytest
from errand_hosts import session
from frontends import eventually
from lab import CellRun, Host, Lab, LabKernel

pytestmark = pytest.mark.nightly

SETUP = """%load_ext pyteleport_jupyter
import os, numpy as np
from pyteleport_jupyter import faults
data = np.random.default_rng(1).random(500_000)
items = [0]; alias = items; kept = data
"""
CELL = "items.append(1)\ndata = data + 1\n'done'"
UNTOUCHED = "items is alias, items, data is kept, round(float(data.sum()))"

THERE = ["errand.offer", "errand.run", "errand.pack", "errand.piece"]
HERE = ["errand.ship:2", "errand.fetch:2"]


@pytest.fixture
def kernel(lab: Lab, kernel_on: Callable[[Host], LabKernel], host_a: Host, host_b: Host) -> LabKernel:
    """A session with something to lose."""
    return session(lab, kernel_on, host_a, SETUP)


def failing_there(kernel: LabKernel, point: str, action: str) -> CellRun:
    """Run the cell on a kernel that meets the fault."""
    setup = f"export TELEPORT_FAULT={point}:1:{action}"
    return kernel.execute(f"%%teleport cartesius --setup '{setup}' --no-keep\n{CELL}")


def failing_here(kernel: LabKernel, point: str, action: str) -> CellRun:
    """Run the cell while the fault is met here."""
    name, _, nth = point.partition(":")
    kernel.execute(
        f"faults._wanted, faults._nth, faults._action, faults._seen = {name!r}, {nth!r}, {action!r}, 0"
    )
    return kernel.execute(f"%%teleport cartesius --no-keep\n{CELL}")


@pytest.mark.parametrize("action", ["kill", "parent", "raise"])
@pytest.mark.parametrize("point", THERE)
def test_of_a_kernel_there_that_is_killed_or_fails_one_sentence_is_told(
    lab: Lab, kernel: LabKernel, host_b: Host, point: str, action: str
) -> None:
    with lab.nothing_left_on(host_b, seconds=30):
        before = kernel.execute(UNTOUCHED).result
        run = failing_there(kernel, point, action)
        assert run.error is not None
        assert run.reply["content"]["traceback"] == [run.error]
        assert "othing was changed here" in run.error
        assert kernel.execute(UNTOUCHED).result == before
    assert kernel.execute(f"%%teleport cartesius --no-keep\n{CELL}").result == "'done'"


@pytest.mark.parametrize("point", HERE)
def test_a_link_that_is_killed_in_the_midst_of_what_goes_or_comes_is_made_anew(
    lab: Lab, kernel: LabKernel, host_b: Host, point: str
) -> None:
    with lab.nothing_left_on(host_b, seconds=30):
        run = failing_here(kernel, point, "children")
        assert run.error is None, run.error
        assert (
            kernel.execute("items, alias is items, bool((data == kept + 1).all())").result
            == "([0, 1], True, True)"
        )


@pytest.mark.parametrize("point", [*HERE, "errand.apply:1"])
def test_nothing_stays_there_of_a_session_that_is_killed(
    lab: Lab, kernel: LabKernel, host_b: Host, point: str
) -> None:
    with lab.nothing_left_on(host_b, seconds=60):
        name, _, nth = point.partition(":")
        kernel.execute(f"faults._wanted, faults._nth, faults._action = {name!r}, {nth!r}, 'kill'")
        process = kernel.process
        kernel.client.execute(f"%%teleport cartesius --lease 3s\n{CELL}")
        assert eventually(
            lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE, seconds=60
        )
