"""Notebooks executed by nbclient, with a kernel on one host that moves to another."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from frontends import AFTER, ARRIVED, LOOP, ROWS, SETUP, hosts_by_row, pids_by_host, plain, stream_text
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.localinterfaces import local_ips
from jupyter_client.manager import AsyncKernelManager
from lab import Host, Lab
from lab.kernels import kernel_specification, own_ports
from nbclient import NotebookClient
from nbformat import NotebookNode

Execute = Callable[..., list[NotebookNode]]


@pytest.fixture
def execute(lab: Lab, leak_check: None, host_a: Host, tmp_path: Path) -> Execute:
    """``execute(*sources)``: the cells of that notebook, with their outputs, after nbclient ran it on host A.

    ``after(cell number, client)``, if given, is a coroutine function that is awaited when a cell is done.
    """
    lab.need_own_systems()

    def run(*sources: str, after: Any = None) -> list[NotebookNode]:
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        notebook = nbformat.v4.new_notebook(cells=cells)
        asyncio.run(execute_notebook(notebook, kernel_manager(host_a, tmp_path), after))
        nbformat.validate(notebook)
        saved = tmp_path / "saved.ipynb"
        nbformat.write(notebook, saved)
        return list(nbformat.read(saved, as_version=4).cells)

    return run


async def execute_notebook(notebook: NotebookNode, manager: AsyncKernelManager, after: Any) -> None:
    """Run it and shut the kernel down."""
    client = NotebookClient(notebook, km=manager, timeout=60, startup_timeout=60, allow_errors=True)
    if after is not None:

        async def executed(cell: NotebookNode, cell_index: int, execute_reply: Any) -> None:
            await after(cell_index, client)

        client.on_cell_executed = executed
    try:
        await client.async_execute(cleanup_kc=False)
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
        await manager.shutdown_kernel()
        manager.cleanup_connection_file()


def keep(notebook: NotebookNode, name: str) -> None:
    """Write the executed notebook into the directory that TELEPORT_KEEP_NOTEBOOKS names, if it names one."""
    if folder := os.environ.get("TELEPORT_KEEP_NOTEBOOKS"):
        nbformat.write(notebook, Path(folder) / name)


def kernel_manager(host: Host, directory: Path) -> AsyncKernelManager:
    """Starts a kernel on the host as its user; nbclient waits with asyncio."""
    specification = directory / "kernels/lab/kernel.json"
    specification.parent.mkdir(parents=True)
    specification.write_text(json.dumps(kernel_specification(host, {})))
    if host.ip not in local_ips():
        local_ips().append(host.ip)
    finder = KernelSpecManager(kernel_dirs=[str(directory / "kernels")], ensure_native_kernel=False)
    return AsyncKernelManager(
        kernel_name="lab",
        kernel_spec_manager=finder,
        ip=host.ip,
        connection_file=str(directory / "kernel.json"),
        **own_ports(),
    )


def progress(cell: NotebookNode) -> list[NotebookNode]:
    """The line of progress, as the notebook keeps it."""
    return [output for output in cell.outputs if "pyteleport" in output.get("metadata", {})]


def result(cell: NotebookNode) -> str | None:
    """text/plain of the cell's Out."""
    results = [output for output in cell.outputs if output.output_type == "execute_result"]
    assert all(output.execution_count == cell.execution_count for output in results)
    return results[0].data["text/plain"] if results else None


def test_the_notebook_of_the_readme(execute: Execute) -> None:
    setup, loop, after = execute(SETUP, LOOP, AFTER)
    assert [cell.execution_count for cell in (setup, loop, after)] == [1, 2, 3]
    assert setup.outputs == []
    text = stream_text(loop.outputs)
    assert hosts_by_row(text) == ROWS
    assert result(loop) == "np.float64(15.0)"
    there = pids_by_host(text)["cartesius"]
    assert result(after) == f"(('cartesius', {there}), np.float64(15.0), 4)"
    assert [output.output_type for output in after.outputs] == ["execute_result"]


def test_the_saved_notebook_holds_one_line_of_progress_brought_to_its_end(execute: Execute) -> None:
    _, loop, _ = execute(SETUP, LOOP, AFTER)
    (line,) = progress(loop)
    assert line.output_type == "display_data"
    assert line.metadata == {"pyteleport": {"host": "cartesius"}}
    arrived = ARRIVED.fullmatch(line.data["text/plain"])
    assert arrived
    assert int(arrived[1]) == pids_by_host(stream_text(loop.outputs))["cartesius"]
    assert [output.output_type for output in loop.outputs] == [
        "stream",
        "display_data",
        "stream",
        "execute_result",
    ]


BEFORE_THE_MOVE = """%load_ext pyteleport_jupyter
%matplotlib inline
import socket
import ipywidgets as widgets, matplotlib.pyplot as plt
from tqdm import tqdm
seen = []
slider = widgets.IntSlider(value=1)
slider.observe(lambda change: seen.append((change.new, socket.gethostname())), names="value")
def broken(x):
    return 1 / x  # the culprit
slider"""
TIMED = """%%time
for i in range(3):
    if i == 1:
        %teleport cartesius
    print(i, socket.gethostname())"""
FIGURE = """plt.plot([1, 2, 3])
plt.title(socket.gethostname());"""
BAR = "for i in tqdm(range(3), desc='bar'):\n    pass\nprint('over')"


def test_frontend_libraries_work_after_the_move(execute: Execute) -> None:
    async def drag(index: int, client: NotebookClient) -> None:
        if index == 1:
            await drag_the_slider(client, 7)

    sources = (BEFORE_THE_MOVE, TIMED, "seen, slider.value", FIGURE, BAR, "broken(0)", "1 + 1")
    cells = execute(*sources, after=drag)
    _, timed, dragged, figure, bar, error, last = cells
    assert [cell.execution_count for cell in cells] == list(range(1, 8))
    text = stream_text(timed.outputs)
    assert text.startswith("0 workbench\n1 cartesius\n2 cartesius\n")
    assert re.search(r"^Wall time: ", text, re.MULTILINE)
    assert ARRIVED.fullmatch(progress(timed)[0].data["text/plain"])
    assert result(dragged) == "([(7, 'cartesius')], 7)"
    (plot,) = figure.outputs
    assert plot.data["image/png"].startswith("iVBOR")
    assert stream_text(bar.outputs) == "over\n"
    assert "bar: 100%" in stream_text(bar.outputs, "stderr")
    assert_shows_the_culprit(error.outputs)
    assert result(last) == "2"


async def drag_the_slider(client: NotebookClient, value: int) -> None:
    """What a frontend sends when the user drags the slider of the notebook."""
    (model,) = (
        name for name, state in client.widget_state.items() if state["_model_name"] == "IntSliderModel"
    )
    content = {
        "comm_id": model,
        "data": {"method": "update", "state": {"value": value}, "buffer_paths": []},
    }
    assert client.kc is not None
    client.kc.shell_channel.send(client.kc.session.msg("comm_msg", content))


def assert_shows_the_culprit(outputs: list[NotebookNode]) -> None:
    """One error, with the source of an earlier cell's function, and nothing of ours."""
    (error,) = outputs
    assert (error.ename, error.evalue) == ("ZeroDivisionError", "division by zero")
    traceback = plain("\n".join(error.traceback))
    assert "return 1 / x  # the culprit" in traceback
    assert "broken(0)" in traceback
    assert "pyteleport" not in traceback


CAPTURED = """%%capture captured
print("first", socket.gethostname())
slider.value = 3
%teleport cartesius
print("second", socket.gethostname())
figure, axes = plt.subplots()
axes.plot([1, 2])
plt.show()"""


def test_capture_around_the_move(execute: Execute) -> None:
    _, captured, shown, seen = execute(
        BEFORE_THE_MOVE, CAPTURED, "print(captured.stdout, len(captured.outputs))", "seen"
    )
    assert [output for output in captured.outputs if output not in progress(captured)] == []
    assert ARRIVED.fullmatch(progress(captured)[0].data["text/plain"])
    assert stream_text(shown.outputs) == "first workbench\nsecond cartesius\n 1\n"
    assert result(seen) == "[(3, 'workbench')]"


ASKED = """import pickle
held = open("/dev/null", "w")
%teleport cartesius
print("not reached")"""


def test_a_refusal_is_one_sentence_and_the_notebook_goes_on_here(execute: Execute) -> None:
    _, refused, here, loop = execute(SETUP, ASKED, "held.close(); del held; where()[0]", LOOP)
    assert progress(refused) == [], "nothing was begun, so there is no line of progress"
    (error,) = (output for output in refused.outputs if output.output_type == "error")
    assert error.ename == "ObjectsRefused"
    assert "held" in error.evalue
    assert len(error.traceback) == 1
    assert result(here) == "'workbench'"
    assert hosts_by_row(stream_text(loop.outputs)) == ROWS
