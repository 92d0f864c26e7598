"""Moves asked for from outside, in real kernels, over real ssh: by signal, thread and message."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from lab import CellRun, Host, LabKernel

SETUP = """%load_ext pyteleport_jupyter
import os, signal, socket, sys, threading, time
from pyteleport_jupyter import request_teleport, teleport_on
def where(): return f"{socket.gethostname()}/{os.getpid()}"  # hosts count their processes for themselves
"""
TRAINING = """
def train(epoch):
    loss = 0
    for batch in range(2000):
        loss += batch * epoch % 7
    time.sleep(0.02)
    return loss
for epoch in range(41):
    loss = train(epoch)
    print(epoch, loss, where(), flush=True)
"""
EPOCH = re.compile(r"^(\d+) (\d+) (\S+)$", re.MULTILINE)
Kernels = Callable[..., LabKernel]


@pytest.fixture
def kernel(kernel_on: Kernels, host_a: Host, host_b: Host) -> LabKernel:
    """A kernel on the notebook's host, with the extension loaded."""
    kernel = kernel_on(host_a)
    kernel.execute(SETUP)
    return kernel


def run_until(kernel: LabKernel, code: str, text: str, then: Callable[[], object]) -> CellRun:
    """Run a cell and call ``then`` when it has printed ``text``."""
    request = kernel.client.execute(code)
    before: list[dict[str, Any]] = []
    deadline = time.monotonic() + 60
    while not before or text not in before[-1]["content"].get("text", ""):
        message = kernel.client.get_iopub_msg(timeout=max(0.01, deadline - time.monotonic()))
        if message["parent_header"].get("msg_id") == request:
            before.append(message)
    then()
    run = kernel.finish(request)
    return CellRun(run.reply, before + run.messages)


def shown(run: CellRun) -> list[str]:
    """Texts of the displays of ours, in order."""
    displays = [*run.of_type("display_data"), *run.of_type("update_display_data")]
    return [each["data"]["text/plain"] for each in displays if "pyteleport" in each["metadata"]]


def ask(kernel: LabKernel, **content: Any) -> dict[str, Any]:
    """Send a teleport_request on the control channel; the content of the reply."""
    request = kernel.client.session.msg("teleport_request", content)
    kernel.client.control_channel.send(request)
    while True:
        reply: dict[str, Any] = kernel.client.get_control_msg(timeout=30)
        if reply["parent_header"].get("msg_id") == request["header"]["msg_id"]:
            assert reply["header"]["msg_type"] == "teleport_request_reply"
            return dict(reply["content"])


def test_a_training_loop_that_gets_sigterm_goes_on_elsewhere(kernel: LabKernel) -> None:
    kernel.execute("teleport_on(signal.SIGTERM, 'cartesius')")
    run = run_until(kernel, TRAINING, "37 ", lambda: kernel.process.send_signal(signal.SIGTERM))
    rows = EPOCH.findall(run.text())
    assert run.error is None
    assert [int(epoch) for epoch, _, _ in rows] == list(range(41))
    assert [int(loss) for _, loss, _ in rows] == [sum(b * e % 7 for b in range(2000)) for e in range(41)]
    places = [place for _, _, place in rows]
    assert len(set(places[:38])) == 1
    assert places[40] != places[37]
    assert shown(run)[-1].startswith("teleported to")
    assert kernel.execute("where(), epoch").result == f"({places[40]!r}, 40)"


def test_a_thread_moves_a_loop_on_one_line(kernel: LabKernel) -> None:
    run = kernel.execute(
        "here = where(); count = 0; end = time.monotonic() + 40\n"
        "threading.Timer(0.3, request_teleport, ['cartesius']).start()\n"
        "while where() == here and time.monotonic() < end: count += 1\n"
        "where() == here, count > 1000"
    )
    assert run.result == "(False, True)", run.error


@pytest.mark.parametrize(
    "cell",
    [
        "end = time.monotonic() + 20\nprint('runs', flush=True)\nwhile time.monotonic() < end and where() == here: pass",
        "import asyncio\nprint('runs', flush=True)\nfor i in range(400):\n    await asyncio.sleep(0.01)\n    if where() != here: break",
    ],
    ids=["busy", "awaiting"],
)
def test_a_message_moves_the_running_cell(kernel: LabKernel, cell: str) -> None:
    kernel.execute("here = where()")
    replies: list[dict[str, Any]] = []
    run = run_until(kernel, cell, "runs", lambda: replies.append(ask(kernel, target="cartesius")))
    assert replies == [{"status": "ok"}]
    assert run.error is None
    assert shown(run)[-1].startswith("teleported to")
    assert kernel.execute("where() == here").result == "False"


def test_a_message_moves_an_idle_session(kernel: LabKernel) -> None:
    kernel.execute("here, kept = where(), [1]")
    assert ask(kernel, target="cartesius", options={"quiet": True}) == {"status": "ok"}
    deadline = time.monotonic() + 40
    while kernel.execute("where() == here").result == "True":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert kernel.execute("kept, request_teleport.__module__").result == "([1], 'pyteleport_jupyter')"
    assert ask(kernel, target="cartesius") == {"status": "ok"}


ASKING_LATER = {
    "thread": "threading.Timer(0.3, request_teleport, ['cartesius']).start()",
    "task": "async def later():\n    await asyncio.sleep(0.3)\n    request_teleport('cartesius')\n"
    "import asyncio; task = asyncio.ensure_future(later())",
}


@pytest.mark.parametrize("who", ASKING_LATER)
def test_a_thread_or_a_task_moves_an_idle_session_and_a_standing_order_with_it(
    kernel: LabKernel, who: str
) -> None:
    kernel.execute("teleport_on(signal.SIGUSR1, 'local'); here = where()")
    kernel.execute(ASKING_LATER[who])
    deadline = time.monotonic() + 40
    while kernel.execute("where() == here").result == "True":
        assert time.monotonic() < deadline
        time.sleep(0.5)
    run = kernel.execute(
        "there = where(); end = time.monotonic() + 40; os.kill(os.getpid(), signal.SIGUSR1)\n"
        "while where() == there and time.monotonic() < end: pass\n"
        "where() in (here, there), socket.gethostname()"
    )
    assert run.result == "(False, 'cartesius')", run.error


def test_a_thread_and_a_signal_there_bring_the_session_home(kernel: LabKernel) -> None:
    kernel.execute("here, kept = where(), [1]")
    for ask_there in (
        "threading.Timer(0.3, request_teleport, ['home']).start()",
        "teleport_on(signal.SIGUSR1, 'home'); os.kill(os.getpid(), signal.SIGUSR1)",
    ):
        kernel.execute("%teleport cartesius")
        run = kernel.execute(
            f"there = where(); {ask_there}; end = time.monotonic() + 60\n"
            "while where() == there and time.monotonic() < end: pass\n"
            "there != here, where() == here, kept"
        )
        assert run.result == "(True, True, [1])", run.error
    assert kernel.execute("kept.append(2); kept").result == "[1, 2]"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({}, "TargetUnknown"),
        ({"target": 5}, "TargetUnknown"),
        ({"target": "cmd:"}, "TargetUnknown"),
        ({"target": "cartesius", "options": {"colour": "red"}}, "OptionWrong"),
        ({"target": "cartesius", "options": [1]}, "OptionWrong"),
    ],
)
def test_a_message_without_sense_is_answered(kernel: LabKernel, content: dict[str, Any], error: str) -> None:
    reply = ask(kernel, **content)
    assert (reply["status"], reply["error"]) == ("error", error)
    assert kernel.execute("1 + 1").result == "2"


def test_what_cannot_move_is_told_and_the_program_goes_on(kernel: LabKernel) -> None:
    kernel.execute("lock = open(os.devnull, 'w')")
    run = kernel.execute(
        "request = request_teleport('cartesius', patience=0.2)\n"
        "end = time.monotonic() + 20\n"
        "while request.pending and time.monotonic() < end:\n    pass\n"
        "type(request.error).__name__, sys.gettrace()"
    )
    assert run.result == "('RequestGivenUp', None)"
    (words,) = shown(run)
    assert "was given up after" in words
    assert "lock" in words


def test_a_host_that_is_not_there_is_told_and_the_program_goes_on(kernel: LabKernel) -> None:
    run = kernel.execute(
        "request = request_teleport('nowhere.invalid')\n"
        "end = time.monotonic() + 30\n"
        "while request.pending and time.monotonic() < end:\n    pass\n"
        "type(request.error).__name__"
    )
    assert run.result == "'HostUnknown'"
    assert any(words.startswith("nowhere.invalid is not known") for words in shown(run))
