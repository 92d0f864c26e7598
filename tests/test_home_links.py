"""The link is cut in the midst of home, or of the way on: there is one session, and nothing is lost."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from relay_lab import LabKernel, answer_to, eventually, lab_kernel, marked_processes, result

SETUP = "%load_ext pyteleport_jupyter\nimport os\ndone = []"
OTHER = '"cmd:bash -c" --python ' + shlex.quote(sys.executable)
SECONDS = 120


@pytest.fixture(scope="module")
def kernel() -> Iterator[LabKernel]:
    with lab_kernel() as kernel:
        assert kernel.run(SETUP).status == "ok"
        yield kernel


def cut_links(kernel: LabKernel) -> int:
    """Kill what carries bytes to far sides; how many there were."""
    links = [each for each in psutil.Process(kernel.pid).children() if each.name() != "teleport-keeper"]
    for link in links:
        with suppress(ProcessLookupError):
            os.killpg(link.pid, signal.SIGKILL)
    return len(links)


def at_home(kernel: LabKernel) -> bool:
    return b"homecoming" in Path(f"/proc/{kernel.pid}/cmdline").read_bytes()


def one_session(kernel: LabKernel, request: str, count: int) -> str:
    """The cell of ``request`` has run once, wherever it is; "ok", or "error" where the move was refused."""
    run = answer_to(kernel.client, request, SECONDS)
    assert result(kernel.run(f"done.count({count})")) == str(int(run.status == "ok")), run.reply["content"]
    return run.status


def test_cut_when_the_session_is_at_home_and_nobody_there_knows(kernel: LabKernel) -> None:
    kernel.run("%teleport local -q")
    request = kernel.client.execute("%teleport home -q\ndone.append(0)")
    assert eventually(lambda: at_home(kernel), SECONDS)
    os.kill(kernel.pid, signal.SIGSTOP)
    try:
        assert cut_links(kernel) == 1
    finally:
        os.kill(kernel.pid, signal.SIGCONT)
    assert one_session(kernel, request, 0) == "ok"
    assert result(kernel.run("os.getpid()")) == str(kernel.pid)
    assert eventually(
        lambda: not [w for w in marked_processes(kernel.mark).values() if "package.zip" in w], SECONDS
    )


def test_a_host_that_is_lost_for_good_when_the_session_is_at_home(kernel: LabKernel) -> None:
    kernel.run("%teleport local -q --lease 2\ndone.clear()")
    cells = ["%teleport home\ndone.append(0)\nprint('behind')", "done.append(1)", "done.append(2); done"]
    requests = [kernel.client.execute(cell) for cell in cells]
    assert eventually(lambda: at_home(kernel), SECONDS)
    os.kill(kernel.pid, signal.SIGSTOP)
    try:
        far = [pid for pid, words in marked_processes(kernel.mark).items() if "package.zip" in words]
        for pid in far:
            os.kill(pid, signal.SIGKILL)
    finally:
        os.kill(kernel.pid, signal.SIGCONT)
        shutil.rmtree(kernel.runtime / "pyteleport")
    runs = [answer_to(kernel.client, request, SECONDS) for request in requests]
    assert runs[0].text() == "behind\n"
    assert "was lost when all of the session had come" in "".join(runs[0].displays())
    assert result(runs[2]) == "[0, 1, 2]"
    kernel.run("done.clear()")


@pytest.mark.nightly
@pytest.mark.timeout(900)
@pytest.mark.parametrize("target", ["home", OTHER])
def test_cut_at_any_moment(kernel: LabKernel, target: str) -> None:
    """Two cuts within the first second and a half, a little later each time."""
    ended = []
    for number in range(1, 9):
        where = "local" if target == "home" else '"cmd:sh -c" --python ' + shlex.quote(sys.executable)
        assert kernel.run(f"%teleport {where} -q").status == "ok"
        request = kernel.client.execute(f"%teleport {target} -q\ndone.append({number})")
        for _ in range(2):
            threading.Event().wait(0.1 * number)
            cut_links(kernel)
        ended.append(one_session(kernel, request, number))
        home = kernel.run(f"%teleport home -q\nassert os.getpid() == {kernel.pid}")
        assert home.status == "ok", home.reply["content"]
    kernel.run("done.clear()")
    assert "ok" in ended, ended
