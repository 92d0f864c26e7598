"""Sessions that outlive the notebook that started them, over real ssh."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from frontends import eventually, stream_text
from lab import Host, Lab, LabKernel
from test_frontend_nbclient import execute_notebook, keep, kernel_manager

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "closing_the_laptop.ipynb"

WORK = """%teleport cartesius --lease 10m -q
for step in range(100):
    print(f"<{step}>", flush=True)
    if step == 3:
        while not os.path.exists(os.path.expanduser("~/go on")):
            time.sleep(0.05)
os.remove(os.path.expanduser("~/go on"))
socket.gethostname()"""


@pytest.fixture
def kernelspec(lab: Lab, host_a: Host, host_b: Host) -> Iterator[None]:
    """The notebook starts a kernel by its name: that of the interpreter on its host. Where that is killed its
    connection file stays, but nothing on the other host."""
    lab.need_own_systems()
    lab.run_inside(host_a, [host_a.python, "-m", "ipykernel", "install", "--user"])
    with lab.nothing_left_on(host_b):
        yield
    for left in host_a.outside("/tmp").glob("tmp*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    shutil.rmtree(host_a.outside(f"{host_a.home}/.local/share/jupyter/kernels"))


@pytest.mark.timeout(180)
def test_the_notebook(kernelspec: None, host_a: Host, host_b: Host, tmp_path: Path) -> None:
    notebook: Any = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    asyncio.run(execute_notebook(notebook, kernel_manager(host_a, tmp_path), None))
    cells = {cell["id"]: cell for cell in notebook.cells}
    errors = [out for cell in cells.values() for out in cell.get("outputs", ()) if out.output_type == "error"]
    assert not errors
    assert stream_text(cells["work"].outputs).split()[-2:] == ["1", "cartesius"]
    assert "cartesius" in stream_text(cells["list"].outputs)
    assert stream_text(cells["attach"].outputs).split()[-2:] == ["5", "cartesius"]
    (found,) = cells["result"].outputs
    assert found.data["text/plain"] == "([0, 1, 2, 3, 4, 5], {'cartesius'}, 'cartesius')"
    # nbclient counts by itself; the session that came had a number of its own.
    cells["result"]["execution_count"] = found.execution_count
    keep(notebook, NOTEBOOK.name)


def test_a_killed_kernels_session_is_listed_and_taken_up_elsewhere(
    lab: Lab, kernel_on: Callable[..., LabKernel], host_a: Host, host_b: Host
) -> None:
    lab.need_own_systems()
    first = kernel_on(host_a)
    first.execute("%load_ext pyteleport_jupyter\nimport os, socket, time")
    first.client.execute(WORK)
    while "<3>" not in first.client.get_iopub_msg(timeout=60)["content"].get("text", ""):
        pass
    first.process.kill()

    def listed() -> str:
        command = [host_a.python, "-m", "pyteleport_jupyter.command_line", "list", "cartesius"]
        return lab.run_inside(host_a, command).stdout

    assert eventually(lambda: "no link" in listed(), 60), listed()
    row = re.search(r"^(\w+)  cartesius .*busy for .*no link, ends in", listed(), re.MULTILINE)
    assert row, listed()
    # Another machine knows nothing of what was started here.
    second = kernel_on(lab.host("desktop"))
    second.execute("%load_ext pyteleport_jupyter")
    host_b.outside(f"{host_b.home}/go on").touch()
    assert eventually(lambda: "idle for" in listed(), 60)
    shown = second.execute(f"%teleport attach cartesius/{row[1]}")
    assert shown.error is None, shown.error
    assert [int(number) for number in re.findall(r"<(\d+)>", shown.text())][-96:] == list(range(4, 100))
    assert second.execute("step, socket.gethostname()").result == "(99, 'cartesius')"
    assert "linked to desktop" in listed()
