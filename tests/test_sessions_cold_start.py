"""A notebook that starts on a host: the kernelspec that ``pyteleport install-kernel`` writes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from pyteleport_jupyter import command_line


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert command_line.main(["install-kernel", "local", "--name", "there", "--lease", "2m"]) == 0
    manager = KernelManager(kernel_name="there")
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.context.destroy(linger=0)
    assert not manager.is_alive()


def run(client: Any, code: str) -> tuple[str, str]:
    """Status and what was shown."""
    shown: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        content = message["content"]
        shown.append(content.get("text") or content.get("ename") or "")

    reply = client.execute_interactive(code, timeout=60, output_hook=hear, allow_stdin=False)
    return reply["content"]["status"], "".join(shown)


# jupyter_client leaves an event loop of its own to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_it_runs_is_stopped_and_restarted_there(started: tuple[Any, Any]) -> None:
    manager, client = started
    status, pid = run(client, "x = 1\nimport os\nprint(os.getpid(), end='')")
    assert (status, int(pid) != manager.provisioner.pid) == ("ok", True)
    threading.Timer(0.5, manager.interrupt_kernel).start()
    assert run(client, "import time\ntime.sleep(60)") == ("error", "KeyboardInterrupt")
    manager.restart_kernel(now=True)
    client.wait_for_ready(timeout=60)
    assert run(client, "print('x' in globals(), end='')") == ("ok", "False")
    assert run(client, f"print(os.getpid() if 'os' in globals() else {pid}, end='')")[1] == pid


ENCRYPTED = """
from pyteleport_jupyter import command_line
from jupyter_client.manager import KernelManager
command_line.main(["install-kernel", "local", "--name", "there", "--lease", "2m"])
manager = KernelManager(kernel_name="there", transport_encryption="required")
manager.start_kernel()
client = manager.blocking_client()
client.start_channels()
client.wait_for_ready(timeout=60)
print(client.execute_interactive("print('there')", timeout=60)["content"]["status"])
manager.shutdown_kernel()
"""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_encrypted(tmp_path: Path) -> None:
    folders = {"JUPYTER_DATA_DIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", ENCRYPTED],
        env={**os.environ, **folders},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "there\nok\n" in ran.stdout, ran.stderr


def test_a_host_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "connection.json"
    file.write_text(
        '{"key": "k", "ip": "127.0.0.1", "transport": "ipc", "shell_port": 1, "control_port": 2, '
        '"stdin_port": 3, "iopub_port": 4, "hb_port": 5}'.replace("127.0.0.1", str(tmp_path / "k"))
    )
    command = [
        sys.executable,
        "-m",
        "pyteleport_jupyter.command_line",
        "kernel",
        "cmd:false",
        "-f",
        str(file),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, "no usable shell" in ran.stderr) == (1, True)
