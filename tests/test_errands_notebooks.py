"""The notebooks about cells elsewhere, as users get them, executed on lab hosts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from frontends import stream_text
from lab import Host, Lab
from nbformat import NotebookNode
from test_frontend_nbclient import execute_notebook, keep, kernel_manager, progress, result

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
Run = Callable[[str], dict[str, NotebookNode]]


@pytest.fixture
def run(lab: Lab, leak_check: None, host_a: Host, tmp_path: Path) -> Run:
    """``run(name)``: the executed cells of that notebook by their ids."""
    lab.need_own_systems()

    def execute(name: str) -> dict[str, NotebookNode]:
        notebook: Any = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]
        asyncio.run(execute_notebook(notebook, kernel_manager(host_a, tmp_path), None))
        keep(notebook, f"{name}.ipynb")
        return {cell["id"]: cell for cell in notebook.cells}

    return execute


def test_one_cell_there(run: Run) -> None:
    cells = run("one_cell_there")
    assert stream_text(cells["there"].outputs) == "counting on cartesius\n"
    assert result(cells["there"]) == "True"
    assert str(result(cells["here"])).startswith("('workbench', True, [")
    (line,) = progress(cells["second"])
    assert "were there already" in line.data["text/plain"]
    assert stream_text(cells["fails"].outputs) == "it was a ZeroDivisionError\n"
    assert str(result(cells["fails"])).endswith("'changed', 'before']")


def test_fan_out(lab: Lab, run: Run) -> None:
    lab.host("huygens")
    cells = run("fan_out")
    assert not [out for out in cells["fan"].outputs if out.output_type == "error"], cells["fan"].outputs
    printed = sorted(stream_text(cells["fan"].outputs).splitlines())
    assert printed == [f"[{host}] throwing on {name}" for host, name in (
        ("cartesius", "cartesius"), ("huygens", "huygens"), ("local", "workbench"),
    )], cells["fan"].outputs  # fmt: skip
    assert stream_text(cells["pi"].outputs) == "['cartesius', 'huygens', 'local']\n"
    assert result(cells["pi"]) == "3.1"
    assert result(cells["names"]) == "(False, ['name'])"
    assert result(cells["result"]) == "(True, 'done')"
