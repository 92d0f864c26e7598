"""The demo: what it takes for success, and the whole of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output

from pyteleport_jupyter.demo.run import NOTEBOOK, Journal, judge

HERE, THERE = 100, 200
GOOD = [HERE] * 3 + [THERE] * 3


def executed(pids: Sequence[int], last: int, first_row: int = 0) -> NotebookNode:
    """A notebook as it is after rows were printed by ``pids`` and the last cell ran in ``last``."""
    rows = "".join(f"{first_row + number} ('host', {pid})\n" for number, pid in enumerate(pids))
    loop = new_code_cell("", outputs=[new_output("stream", name="stdout", text=rows)])  # type: ignore[no-untyped-call]
    result = {"text/plain": f"(('host', {last}), 15.0, 4)"}
    after = new_code_cell("", outputs=[new_output("execute_result", data=result)])  # type: ignore[no-untyped-call]
    notebook: NotebookNode = new_notebook(cells=[loop, after])  # type: ignore[no-untyped-call]
    return notebook


def test_a_move_in_mid_loop_is_a_success() -> None:
    verdict = judge(executed(GOOD, THERE))
    assert (set(verdict.here), set(verdict.there), list(verdict.problems)) == ({HERE}, {THERE}, [])


@pytest.mark.parametrize(
    ("pids", "last"),
    [
        ([HERE] * 6, HERE),
        ([THERE] * 3 + [HERE] * 2, HERE),
        ([HERE] * 3 + [THERE] * 2 + [HERE], THERE),
        (GOOD, HERE),
        ([], HERE),
        (GOOD + GOOD, THERE),
    ],
)
def test_anything_else_is_not(pids: list[int], last: int) -> None:
    assert judge(executed(pids, last)).problems


def test_the_notebook_is_the_one_users_see() -> None:
    cells = nbformat.read(NOTEBOOK, as_version=4)["cells"]  # type: ignore[no-untyped-call]
    sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    assert len(sources) == 3
    assert sources[0].startswith("%load_ext pyteleport_jupyter\n")
    assert "    if i == 3:\n        %teleport cartesius\n" in sources[1]


def test_progress_is_printed_stage_by_stage() -> None:
    lines: list[str] = []
    journal = Journal(lines.append)
    shown = ["go: a …", "go: a 1 s · b 1 …", "go: a 1 s · b 2 …", "go: a 1 s · b 3 s · c …", "gone in 3 s"]
    for text in shown:
        content = {"data": {"text/plain": text}, "metadata": {"pyteleport": {}}}
        journal.message({"msg_type": "update_display_data", "content": content})
    assert [line.partition("~ ")[2] for line in lines] == [shown[1], shown[3], shown[4]]


@pytest.mark.slow
def test_the_whole_demo() -> None:
    argv = [sys.executable, "-m", "pyteleport_jupyter.command_line", "demo"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The loop began here and ended there" in done.stdout
