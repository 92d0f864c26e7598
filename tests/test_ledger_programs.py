"""Programs, and kernels for single cells, in the list of sessions: what they are, and what can be done to them."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from errand_kernels import ErrandKernel
from frontends import eventually
from script_runs import Scripts, scripts  # noqa: F401


def pyteleport(scripts: Scripts, *arguments: str) -> str:
    """What the command prints."""
    command = [sys.executable, "-m", "pyteleport_jupyter.command_line", *arguments]
    environment = {**scripts.environment, "PYTHONWARNINGS": "default"}
    ran = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    return ran.stdout + ran.stderr


def row_of(listed: str, kind: str) -> str:
    """The id of the only session of that kind."""
    row = re.search(rf"^(\w+)  local  {kind} .*linked to", listed, re.MULTILINE)
    assert row, listed
    return row[1]


def test_a_script_is_listed_and_can_be_ended_and_not_let_go(scripts: Scripts) -> None:
    scripts.write(
        """
        import time
        teleport("local", lease="2m")
        print("there", os.getpid(), flush=True)
        time.sleep(600)
        """
    )
    with scripts.start() as process:
        try:
            assert process.stdout is not None
            there = Path("/proc", process.stdout.readline().split()[1])
            name = row_of(pyteleport(scripts, "list"), "script")
            assert "AttachRefused" in pyteleport(scripts, "detach", name)
            assert "AttachRefused" in pyteleport(scripts, "attach", name)
            assert there.exists()
            assert f"session {name} on local is ended" in pyteleport(scripts, "kill", name)
            assert process.wait(60) == 128 + signal.SIGTERM
        finally:
            process.kill()
    assert eventually(lambda: not there.exists(), 60)


@pytest.fixture
def kernel(scripts: Scripts, monkeypatch: pytest.MonkeyPatch) -> Iterator[ErrandKernel]:
    for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, scripts.environment[name])
    kernel = ErrandKernel(scripts.folder)
    yield kernel
    kernel.end()
    runtime = Path(scripts.environment["XDG_RUNTIME_DIR"])
    assert eventually(lambda: not list(runtime.rglob("*")), 60)


def test_a_kernel_for_cells_is_no_session_of_a_notebook(kernel: ErrandKernel, scripts: Scripts) -> None:
    assert kernel.run("%%teleport local\n1 + 1").result == "2"
    name = row_of(pyteleport(scripts, "list", "local"), "%%teleport")
    refused = kernel.run(f"%teleport attach --discard local/{name}")
    assert refused.error is not None
    assert refused.error.startswith("AttachRefused")
    assert kernel.run("%%teleport local\n2 + 2").result == "4"
    assert f"session {name} on local is ended" in pyteleport(scripts, "kill", f"local/{name}")
