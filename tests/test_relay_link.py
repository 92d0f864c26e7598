"""The link is lost after the move, with the real far side: nothing is lost with it, and the user is told."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from relay_lab import LabKernel, answer_to, eventually, lab_kernel


@pytest.fixture
def moved() -> Iterator[LabKernel]:
    with lab_kernel() as kernel:
        kernel.run("%load_ext pyteleport_jupyter")
        answer = kernel.run("import os\n%teleport local\nprint(os.getpid())")
        assert int(answer.text()) != kernel.pid, answer
        yield kernel


def carriers(kernel: LabKernel) -> list[int]:
    """The children of the relay: the transport's."""
    return [child.pid for child in psutil.Process(kernel.pid).children()]


def cut_link(kernel: LabKernel) -> None:
    (pid,) = carriers(kernel)
    os.killpg(pid, signal.SIGKILL)


def test_link_lost_in_mid_cell(moved: LabKernel) -> None:
    """Five cuts while a cell prints: every line comes once, in order."""
    message_id = moved.client.execute(
        "import time\nfor i in range(400):\n    print(i, flush=True)\n    time.sleep(0.01)"
    )
    for _ in range(5):
        assert eventually(lambda: len(carriers(moved)) == 1)
        cut_link(moved)
        time.sleep(0.3)
    answer = answer_to(moved.client, message_id)
    assert answer.text() == "".join(f"{i}\n" for i in range(400))


def test_requests_during_the_loss_are_answered_after_it(moved: LabKernel) -> None:
    cut_link(moved)
    ids = [moved.client.execute(f"print({i})") for i in range(10)]
    answers = [answer_to(moved.client, message_id) for message_id in ids]
    assert [answer.text() for answer in answers] == [f"{i}\n" for i in range(10)]


def test_user_is_told(moved: LabKernel) -> None:
    cut_link(moved)
    shown: list[str] = []
    while not shown or not shown[-1].endswith("linked again"):
        message = moved.client.get_iopub_msg(timeout=30)
        if message["msg_type"] == "update_display_data":
            shown.append(message["content"]["data"]["text/plain"])
    assert any(text.endswith("the link is lost, reconnecting …") for text in shown)


def test_far_side_gone_ends_the_kernel(moved: LabKernel) -> None:
    """No session is left to attach to: seen as a dead kernel, at once and not after the lease."""
    for process in psutil.process_iter(["pid", "cmdline"]):
        words = " ".join(process.info["cmdline"] or [])
        if " supervisor " in words and moved.mark in Path(f"/proc/{process.pid}/environ").read_text():
            process.kill()
    assert eventually(lambda: not moved.manager.is_alive())
    # A supervisor that was killed cannot remove its directory.
    shutil.rmtree(moved.runtime)


def test_shutdown_while_the_link_is_lost(moved: LabKernel) -> None:
    """It reaches the far side over the next link; the fixture sees that nothing stays there."""
    cut_link(moved)
    message = moved.client.session.msg("shutdown_request", {"restart": False})
    moved.client.control_channel.send(message)
    reply = moved.client.get_control_msg(timeout=20)
    assert reply["content"]["status"] == "ok"
    assert eventually(lambda: not moved.manager.is_alive())
