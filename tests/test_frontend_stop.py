"""The Stop button while the session is on its way: in each stage the move ends at once and leaves nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from lab import CellRun, Host, Lab, LabKernel

SETUP = """%load_ext pyteleport_jupyter
import socket, time
class Slow:
    def __getstate__(self): return {'x': 1}
    def __setstate__(self, state):
        if socket.gethostname() != 'workbench': time.sleep(600)"""
MOVE = "for i in range(3):\n    if i == 1:\n        %teleport {target}"
STOPPED = "MoveCancelled: The move to {host} was stopped. The session goes on here, nothing stays there."


@pytest.fixture
def kernel(kernel_on: Callable[[Host], LabKernel], host_a: Host, host_b: Host) -> LabKernel:
    """A kernel on the notebook's host."""
    kernel = kernel_on(host_a)
    kernel.execute(SETUP)
    return kernel


def stopped_during(kernel: LabKernel, stage: str, target: str) -> CellRun:
    """Run a move, and press Stop as soon as the line of progress names ``stage`` as the current one."""
    request = kernel.client.execute(MOVE.format(target=target))
    messages = [kernel.client.get_iopub_msg(timeout=30)]
    while current_stage(messages[-1]["content"]) != stage:
        messages.append(kernel.client.get_iopub_msg(timeout=30))
    kernel.manager.interrupt_kernel()
    run = kernel.finish(request)
    run.messages[:0] = messages
    return run


def current_stage(content: dict[str, Any]) -> str | None:
    """The stage in which a line of progress says that the move is."""
    text = content.get("data", {}).get("text/plain", "")
    return text.rpartition("· ")[2].rpartition(": ")[2].split()[0] if text.endswith("…") else None


def check_stopped(kernel: LabKernel, run: CellRun, host: str) -> None:
    """One sentence, a line of progress that has come to its end, and a session that goes on here."""
    assert run.error == STOPPED.format(host=host)
    assert run.reply["content"]["traceback"] == [run.error]
    last = run.of_type("update_display_data")[-1]["data"]["text/plain"]
    assert last.startswith(f"not teleported to {host}, still here (connect ")
    here = kernel.execute("socket.gethostname(), i, 1 + 1")
    assert here.result == f"('{kernel.host.name}', 1, 2)"


@pytest.mark.parametrize("via", ["paramiko", "ssh"])
def test_while_nobody_answers(lab: Lab, kernel: LabKernel, via: str) -> None:
    with lab.fault_proxy("cartesius") as proxy:
        proxy.cut()
        run = stopped_during(kernel, "connect", f"cartesius-faulty --via {via}")
    check_stopped(kernel, run, "cartesius-faulty")


@pytest.mark.parametrize("via", ["paramiko", "ssh"])
def test_while_a_password_is_asked(lab: Lab, kernel: LabKernel, via: str) -> None:
    lab.need_own_systems()
    code = MOVE.format(target=f"cartesius-password --via {via}")
    request = kernel.client.execute(code, allow_stdin=True)
    assert kernel.client.get_stdin_msg(timeout=30)["content"]["password"]
    kernel.manager.interrupt_kernel()
    check_stopped(kernel, kernel.finish(request), "cartesius-password")


def test_while_the_login_shell_there_hangs(kernel: LabKernel) -> None:
    run = stopped_during(kernel, "connect", "\"cmd:sh -c 'sleep 600' x\"")
    check_stopped(kernel, run, "sh -c sleep 600 x")


@pytest.mark.parametrize("stage", ["connect", "start", "ship", "restore"])
def test_in_each_stage(lab: Lab, kernel: LabKernel, stage: str) -> None:
    lab.need_own_systems()
    kernel.execute("slow = Slow(); large = bytearray(50_000_000)")
    run = stopped_during(kernel, stage, "cartesius")
    check_stopped(kernel, run, "cartesius")
    kernel.execute("del slow")
    # At once, while what was begun beside the connecting may still be under way.
    stopped_during(kernel, "connect", "cartesius")
    assert kernel.execute("%teleport cartesius\nsocket.gethostname()").result == "'cartesius'"


@pytest.mark.parametrize("stage", ["start", "ship"])
def test_when_the_line_stalls(lab: Lab, kernel: LabKernel, stage: str) -> None:
    lab.need_own_systems()
    kernel.execute("large = bytearray(50_000_000)")
    with lab.fault_proxy("cartesius") as proxy:
        proxy.rate = 2e6
        request = kernel.client.execute(MOVE.format(target="cartesius-faulty"))
        while current_stage(kernel.client.get_iopub_msg(timeout=30)["content"]) != stage:
            pass
        proxy.cut()
        kernel.manager.interrupt_kernel()
        check_stopped(kernel, kernel.finish(request), "cartesius-faulty")


def test_pressed_twice(lab: Lab, kernel: LabKernel) -> None:
    lab.need_own_systems()
    kernel.execute("slow = Slow()")
    request = kernel.client.execute(MOVE.format(target="cartesius"))
    while current_stage(kernel.client.get_iopub_msg(timeout=30)["content"]) != "restore":
        pass
    kernel.manager.interrupt_kernel()
    kernel.manager.interrupt_kernel()
    assert kernel.finish(request).error in (STOPPED.format(host="cartesius"), "KeyboardInterrupt: ")
    assert kernel.execute("socket.gethostname()").result == "'workbench'"
