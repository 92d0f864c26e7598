"""The link is lost after the move, with the real far side: nothing is lost with it, and the user is told."""

from __future__ import annotations

import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from relay_lab import LabKernel, answer_to, eventually, lab_kernel, marked_processes


@pytest.fixture
def moved() -> Iterator[LabKernel]:
    with lab_kernel() as kernel:
        kernel.run("%load_ext pyteleport_jupyter")
        answer = kernel.run("import os\n%teleport local\nprint(os.getpid())")
        assert int(answer.text()) != kernel.pid, answer
        yield kernel


def carriers(kernel: LabKernel) -> list[int]:
    """The children of the relay: the transport's. Read at once: a link may be there again in no time."""
    found: list[int] = []
    for children in Path(f"/proc/{kernel.pid}/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended
            found += map(int, children.read_text().split())
    return found


def supervisors(kernel: LabKernel) -> list[psutil.Process]:
    """The processes that own the remote kernel."""
    marked = marked_processes(kernel.mark)
    return [psutil.Process(pid) for pid, words in marked.items() if " supervisor " in words]


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


class LinkDown(threading.Thread):
    """Within the block every child that the relay starts to make a new link is killed."""

    def __init__(self, kernel: LabKernel) -> None:
        super().__init__()
        self.kernel = kernel
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.01):
            with suppress(ProcessLookupError, psutil.NoSuchProcess):
                for pid in carriers(self.kernel):
                    os.killpg(pid, signal.SIGKILL)

    def __enter__(self) -> LinkDown:
        self.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self.over.set()
        self.join()


class Watching:
    """All messages of iopub from now on."""

    def __init__(self, kernel: LabKernel) -> None:
        self.kernel = kernel
        self.messages: list[dict[str, Any]] = []

    def until(self, words: str, parent: str | None = None) -> None:
        """Wait for a display (of ``parent``'s) that says ``words``, or for the stream that does."""
        while True:
            message = self.kernel.client.get_iopub_msg(timeout=30)
            self.messages.append(message)
            content = message["content"]
            text = content.get("data", {}).get("text/plain", "") + content.get("text", "")
            if words in text and parent in (None, message["parent_header"]["msg_id"]):
                return

    def until_tried(self, seconds: int, parent: str | None = None, ending: str = "") -> None:
        """Wait for the line that says that for so long, or longer, there is no link. On a busy machine the
        seconds that it counts are not all of them.
        """
        counted = 0
        while counted < seconds:
            self.until("trying again (", parent)
            content = self.messages[-1]["content"]
            text = content.get("data", {}).get("text/plain", "") + content.get("text", "")
            tried = re.search(r"trying again \((\d+) s\)" + re.escape(ending), text)
            counted = int(tried[1]) if tried else 0

    def displays(self, parent: str) -> list[tuple[str, str, dict[str, Any]]]:
        """Kind, text and metadata of what was shown in one cell."""
        return [
            (m["msg_type"], m["content"]["data"]["text/plain"], m["content"]["metadata"])
            for m in self.messages
            if m["msg_type"].endswith("display_data") and m["parent_header"]["msg_id"] == parent
        ]

    def text(self) -> str:
        return "".join(m["content"]["text"] for m in self.messages if m["msg_type"] == "stream")


def finished(kernel: LabKernel, message_id: str) -> dict[str, Any]:
    """The reply to one request; those of others before it are dropped."""
    while True:
        reply: dict[str, Any] = kernel.client.get_shell_msg(timeout=30)
        if reply["parent_header"]["msg_id"] == message_id:
            return reply["content"]


def start_cell(kernel: LabKernel, code: str) -> tuple[str, Watching]:
    """Run a cell that says when it has begun, up to there."""
    kernel.run("import time")
    watching = Watching(kernel)
    message_id = kernel.client.execute(f"print('begun', flush=True)\n{code}")
    watching.until("begun")
    return message_id, watching


def test_the_running_cell_says_that_the_link_is_lost_and_found(moved: LabKernel) -> None:
    cell, watching = start_cell(moved, "for i in range(50):\n    print(i)\n    time.sleep(0.1)")
    with LinkDown(moved):
        watching.until_tried(2, cell)
    watching.until("linked again after", cell)
    assert finished(moved, cell)["status"] == "ok"
    watching.until("49\n")
    assert watching.text() == "begun\n" + "".join(f"{i}\n" for i in range(50))
    kinds, texts, metadata = zip(*watching.displays(cell), strict=True)
    assert kinds == ("display_data", *["update_display_data"] * (len(kinds) - 1))
    assert texts[0].startswith("link to a process on ")
    assert re.search(r" lost, trying again \(\d+ s\)$", texts[0])
    assert {str(item["pyteleport"]["host"]).partition(" on ")[0] for item in metadata} == {"a process"}


def test_a_cell_that_is_run_without_a_link_says_so_and_runs_later(moved: LabKernel) -> None:
    watching = Watching(moved)
    with LinkDown(moved):
        watching.until_tried(1)
        cell = moved.client.execute("print('ran')")
        watching.until("trying again", cell)
    watching.until("linked again after", cell)
    watching.until("ran")
    assert finished(moved, cell)["status"] == "ok"


def test_stop_without_a_link_is_passed_on_later_and_once(moved: LabKernel) -> None:
    cell, watching = start_cell(moved, "time.sleep(600)")
    with LinkDown(moved):
        watching.until_tried(1, cell)
        os.kill(moved.pid, signal.SIGINT)
        watching.until("· Stop will be passed on", cell)
        for _ in range(3):
            os.kill(moved.pid, signal.SIGINT)
            watching.until("restart the kernel", cell)
        queued = moved.client.execute("time.sleep(1)\nprint('not stopped')", stop_on_error=False)
    watching.until("Stop passed on", cell)
    assert finished(moved, cell)["ename"] == "KeyboardInterrupt"
    del queued
    assert moved.run("time.sleep(1)\nprint('alive')").text() == "alive\n"


def test_stop_for_a_cell_that_has_ended_meanwhile_does_not_hit_the_next(moved: LabKernel) -> None:
    cell, watching = start_cell(moved, "time.sleep(2)")
    queued = moved.client.execute("time.sleep(5)\nprint('undisturbed')")
    with LinkDown(moved):
        watching.until_tried(1, cell)
        os.kill(moved.pid, signal.SIGINT)
        watching.until_tried(3, cell, " · Stop will be passed on")
    assert finished(moved, cell)["status"] == "ok"
    assert finished(moved, queued)["status"] == "ok"


def test_restart_without_a_link(moved: LabKernel) -> None:
    """The way out that the line offers: a fresh kernel here, at once. The far side ends with its lease."""
    with LinkDown(moved):
        Watching(moved).until_tried(1)
        moved.manager.restart_kernel()
        moved.client.wait_for_ready(timeout=30)
    for process in supervisors(moved):
        process.terminate()


def test_a_link_that_does_not_come_back_is_a_dead_kernel_and_a_sentence() -> None:
    with lab_kernel() as kernel:
        kernel.run("%load_ext pyteleport_jupyter\nimport time")
        kernel.run("%teleport local --lease 3s")
        cell, watching = start_cell(kernel, "time.sleep(600)")
        with LinkDown(kernel):
            watching.until_tried(1, cell)
            watching.until("is lost for good", cell)
            assert eventually(lambda: not kernel.manager.is_alive())


def test_far_side_gone_ends_the_kernel(moved: LabKernel) -> None:
    """No session is left to attach to: seen as a dead kernel, at once and not after the lease."""
    for process in supervisors(moved):
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
