"""Tasks of a notebook go on on another host, over the real road."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lab import Host, LabKernel

pytestmark = pytest.mark.lab

SETUP = """
%load_ext pyteleport_jupyter
import asyncio, os
from pyteleport_jupyter import teleport
first, log = os.getpid(), []
async def ticker():
    while True:
        await asyncio.sleep(0.05)
        log.append(os.getpid() != first)
        if log[-1]:
            break
background = asyncio.create_task(ticker())
async def child(n):
    await asyncio.sleep(0.05 * n)
    if n == 2:
        teleport("cartesius")
    print("child", n, os.getpid() != first)
    return n
"""


@pytest.fixture
def kernel(kernel_on: Callable[[Host], LabKernel], host_a: Host, host_b: Host) -> LabKernel:
    """A kernel on the notebook's host; the target is up."""
    return kernel_on(host_a)


def test_a_task_moves_the_cell_that_awaits_it_and_the_tasks_beside_it(kernel: LabKernel) -> None:
    kernel.execute(SETUP)
    run = kernel.execute("print(await asyncio.gather(child(1), child(2), child(3)))\n'after'")
    assert run.text() == "child 1 False\nchild 2 True\nchild 3 True\n[1, 2, 3]\n"
    assert run.result == "'after'"
    assert kernel.execute("await background\nlog[-1], background.done()").result == "(True, True)"


def test_a_task_of_an_earlier_cell_moves_the_one_that_runs(kernel: LabKernel) -> None:
    kernel.execute(SETUP)
    kernel.execute("moving = asyncio.create_task(child(2))")
    run = kernel.execute("event = asyncio.Event()\nprint(await moving)\n'of this cell'")
    assert run.result == "'of this cell'"
    assert kernel.execute("os.getpid() != first, moving.result()").result == "(True, 2)"


def test_a_task_that_cannot_move_is_named_and_the_cell_goes_on(kernel: LabKernel) -> None:
    kernel.execute(SETUP)
    run = kernel.execute(
        "import time\nslow = asyncio.create_task(asyncio.to_thread(time.sleep, 0.5), name='slow')\n"
        "await asyncio.sleep(0.1)\ntry:\n    teleport('cartesius')\n"
        "except Exception as error:\n    print(error)\nawait slow\nos.getpid() == first"
    )
    assert "slow" in run.text() or "asyncio_0" in run.text()
    assert run.result == "True"
