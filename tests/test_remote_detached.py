"""A real kernel that prints while there is no link: the computing goes on, the memory does not grow, and the
user is told.
"""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from relay_lab import LabKernel, answer_to, eventually, lab_kernel

from pyteleport_jupyter.remote.spool import SPOOL_LIMIT

# Small pieces: up to 2000 messages wait in the queues of libzmq on both sides when the cell ends, and those
# come when there is a link again. What is beyond them must exceed the limit.
PIECE = 16 << 10
PIECES = 128 * (1 << 20) // PIECE
HEADS = 1500
"""Bytes of a message besides its text, at most."""

CELL = f"""
print('begun', flush=True)
while not os.path.exists(go):
    time.sleep(0.01)
for number in range({PIECES}):
    print('x' * {PIECE - 1}, flush=True)
open(done, 'x').close()
'the result'
"""


TOLD = r"^pyteleport: ([\d.]+) MB of output were left out while the link to .* was down\n$"


@pytest.fixture
def moved() -> Iterator[LabKernel]:
    with lab_kernel() as kernel:
        kernel.run("%load_ext pyteleport_jupyter")
        answer = kernel.run("import os, time\n%teleport local\nprint('there')")
        assert answer.text() == "there\n", answer
        yield kernel


class NoLink(threading.Thread):
    """Within the block every child that the relay starts to make a new link is killed."""

    def __init__(self, kernel: LabKernel) -> None:
        super().__init__()
        self.relay = psutil.Process(kernel.pid)
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.01):
            for child in self.relay.children():
                with suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)

    def __enter__(self) -> NoLink:
        self.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self.over.set()
        self.join()


def memory_of_supervisor(pid: int) -> int:
    """Resident bytes of the parent of the kernel ``pid``."""
    parent = psutil.Process(pid).parent()
    assert parent is not None
    return int(parent.memory_info().rss)


def test_output_beyond_the_limit_is_left_out_and_told(moved: LabKernel, tmp_path: Path) -> None:
    go, done = tmp_path / "go", tmp_path / "done"
    kernel = int(moved.run(f"go, done = {str(go)!r}, {str(done)!r}\nprint(os.getpid())").text())
    before = memory_of_supervisor(kernel)
    request = moved.client.execute(CELL)
    # The end of the line may come by itself.
    while "begun" not in moved.client.get_iopub_msg(timeout=60)["content"].get("text", ""):
        pass
    with NoLink(moved):
        go.touch()
        assert eventually(done.exists, 60), "the computing goes on"
        grown = memory_of_supervisor(kernel) - before
    answer = answer_to(moved.client, request, 90)
    assert answer.status == "ok"
    assert "execute_result" in answer.kinds()
    assert grown < SPOOL_LIMIT + (32 << 20)
    (told,) = re.findall(TOLD, answer.text("stderr"))
    kept = len(answer.text())
    assert kept > 0.8 * SPOOL_LIMIT
    # The count is of messages, which have heads, and is rounded.
    assert -0.1 <= kept / 1e6 + float(told) - PIECES * PIECE / 1e6 < PIECES * HEADS / 1e6
    assert moved.run("print('as ever')").text() == "as ever\n"


def stands_still(pid: int) -> bool:
    """Whether the process takes no processor time for half a second."""
    before = psutil.Process(pid).cpu_times()
    threading.Event().wait(0.5)
    return psutil.Process(pid).cpu_times() == before


def test_who_prints_waits_for_a_supervisor_that_is_slow(moved: LabKernel) -> None:
    """libzmq drops what is beyond 1000 messages for a subscriber, ipykernel's default."""
    kernel = int(moved.run("print(os.getpid())").text())
    supervisor = psutil.Process(kernel).parent()
    assert supervisor is not None
    cell = "for number in range(6000): display({'text/plain': 'x' * 10_000}, raw=True)"
    moved.run("from IPython.display import display")
    supervisor.suspend()
    try:
        request = moved.client.execute("import time; time.sleep(0.2)\n" + cell)
        supervisor.resume()
        while moved.client.get_iopub_msg(timeout=30)["msg_type"] != "display_data":
            pass
        supervisor.suspend()
        assert eventually(lambda: stands_still(kernel), 30)
    finally:
        supervisor.resume()
    answer = answer_to(moved.client, request, 90)
    assert answer.status == "ok"
    assert answer.kinds().count("display_data") == 5999
