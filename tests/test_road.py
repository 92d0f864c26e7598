"""The main job, from end to end: a cell that runs on one host finishes on another, over real ssh."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from lab import Host, Lab, LabKernel

SETUP = """%load_ext pyteleport_jupyter
import os, socket, numpy as np
data = np.arange(10_000_000.0)
def where(): return socket.gethostname(), os.getpid()
"""
LOOP = """total = 0
for i in range(6):
    if i == 3:
        %teleport {target}
    total += data[i]
    print(i, where())
total
"""
ROW = re.compile(r"^(\d) \('(\S+)', (\d+)\)$", re.MULTILINE)


@pytest.fixture
def kernel(kernel_on: Callable[[Host], LabKernel], host_a: Host, host_b: Host) -> LabKernel:
    """A kernel on the notebook's host; the target is up, and both are clean afterwards."""
    return kernel_on(host_a)


def progress(run: Any) -> list[dict[str, Any]]:
    """Content of the displays of the line of progress, in order."""
    shown = [*run.of_type("display_data"), *run.of_type("update_display_data")]
    return [content for content in shown if "pyteleport" in content["metadata"]]


def test_the_cell_goes_on_there_and_all_later_cells_run_there(lab: Lab, kernel: LabKernel) -> None:
    lab.need_own_systems()
    kernel.execute(SETUP)
    run = kernel.execute(LOOP.format(target="cartesius"))
    rows = ROW.findall(run.text())
    assert [(number, host) for number, host, _ in rows] == [
        *((str(i), "workbench") for i in range(3)),
        *((str(i), "cartesius") for i in range(3, 6)),
    ]
    assert len({pid for _, _, pid in rows}) == 2
    assert run.result == "np.float64(15.0)"
    assert run.reply["content"]["execution_count"] == 2
    there = kernel.execute("where(), total, len(In)")
    assert there.result == f"(('cartesius', {rows[-1][2]}), np.float64(15.0), 4)"
    assert there.reply["content"]["execution_count"] == 3


def test_progress_is_one_display_that_ends_with_where_and_how_long(lab: Lab, kernel: LabKernel) -> None:
    lab.need_own_systems()
    run = kernel.execute("%load_ext pyteleport_jupyter\n%teleport cartesius")
    shown = progress(run)
    assert len({content["transient"]["display_id"] for content in shown}) == 1
    assert [content["metadata"]["pyteleport"] for content in shown] == [{"host": "cartesius"}] * len(shown)
    texts = [content["data"]["text/plain"] for content in shown]
    assert re.fullmatch(r"teleported to cartesius \(pid \d+, Python 3\.\d+\.\d+\) in \d+\.\d s", texts[-1])
    for stage in ("connect", "start", "ship", "restore"):
        assert any(stage in text for text in texts)
    assert run.text() == run.text("stderr") == ""


def test_quiet_shows_nothing(lab: Lab, kernel: LabKernel) -> None:
    run = kernel.execute(
        "%load_ext pyteleport_jupyter\n%teleport cartesius --quiet\nimport socket\nprint('there')"
    )
    assert progress(run) == []
    assert run.text() == "there\n"


def test_a_teleport_to_where_the_session_is_does_nothing_and_says_so(lab: Lab, kernel: LabKernel) -> None:
    lab.need_own_systems()
    kernel.execute(SETUP)
    first, again = (kernel.execute(LOOP.format(target="cartesius")) for _ in range(2))
    assert "already there: this session runs on cartesius" in again.text()
    assert {host for _, host, _ in ROW.findall(again.text())} == {"cartesius"}
    assert again.result == first.result


def test_the_function_form_works_deep_in_functions(lab: Lab, kernel: LabKernel) -> None:
    kernel.execute(SETUP)
    code = """from pyteleport_jupyter import teleport
def a(): return 5 * (3 + len(b()) + 0.5)
def b():
    with open(os.devnull, "rb") as nothing:
        pass
    return [c(n) for n in range(3)]
def c(n):
    if n == 1:
        teleport("cartesius")
    return where()[0]
a(), b()"""
    run = kernel.execute(code)
    assert run.error is None
    host = "cartesius" if lab.has_own_systems else None
    assert run.result is not None
    assert run.result.startswith("(32.5, ")
    if host:
        assert run.result == "(32.5, ['cartesius', 'cartesius', 'cartesius'])"


def test_an_error_there_shows_the_source_of_earlier_cells(lab: Lab, kernel: LabKernel) -> None:
    kernel.execute(SETUP)
    kernel.execute("def fails(x):\n    return 1 / x  # the culprit")
    run = kernel.execute("%teleport cartesius\nfails(0)")
    traceback = "\n".join(run.reply["content"]["traceback"])
    plain = re.sub(r"\x1b\[[0-9;]*m", "", traceback)
    assert run.error == "ZeroDivisionError: division by zero"
    assert "return 1 / x  # the culprit" in plain
    assert "pyteleport_jupyter" not in plain
    assert kernel.execute("1 + 1").result == "2"
