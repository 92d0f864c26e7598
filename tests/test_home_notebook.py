"""The notebook about coming home, as users get it, executed on lab hosts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import nbformat
import pytest
from frontends import stream_text
from lab import Host, Lab
from test_frontend_nbclient import execute_notebook, keep, kernel_manager, result

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "there_and_back.ipynb"


@pytest.mark.timeout(180)
def test_there_and_back(lab: Lab, leak_check: None, host_a: Host, host_b: Host, tmp_path: Path) -> None:
    lab.need_own_systems()
    notebook: Any = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    with lab.nothing_left_on(lab.host("huygens")):
        asyncio.run(execute_notebook(notebook, kernel_manager(host_a, tmp_path), None))
    cells = {cell["id"]: cell for cell in notebook.cells}
    places = ["workbench", "workbench", "cartesius", "cartesius", "workbench", "workbench"]
    assert [row[1] for row in eval(str(result(cells["loop"])))] == places
    assert result(cells["same"]) == "('workbench', True)"
    assert result(cells["away"]) == "('cartesius', 'found on cartesius', 'workbench')"
    assert result(cells["back"]) == "(['cartesius', 'huygens', 'workbench'], True)"
    assert [cell["execution_count"] for cell in notebook.cells if cell.cell_type == "code"] == list(
        range(1, 8)
    )
    assert stream_text(cells["hop"].outputs) == ""
    keep(notebook, NOTEBOOK.name)
