"""A notebook that starts on a host: the kernelspec that ``pyteleport install-kernel`` writes.

The manager is in a process of its own: jupyter_client leaves an event loop to the garbage collector.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from lab import Host, Lab

LIFE = """
import sys, threading
from jupyter_client.manager import KernelManager
from pyteleport_jupyter import command_line

def run(code):
    shown = []
    def hear(message):
        content = message["content"]
        shown.append(content.get("text") or content.get("ename") or "")
    reply = client.execute_interactive(code, timeout=60, output_hook=hear, allow_stdin=False)
    return reply["content"]["status"], "".join(shown)

target, host, *encrypted = sys.argv[1:]
assert command_line.main(["install-kernel", target, "--name", "there", "--lease", "2m"]) == 0
encryption = {"transport_encryption": encrypted[0]} if encrypted else {}
manager = KernelManager(kernel_name="there", **encryption)
manager.start_kernel()
client = manager.blocking_client()
client.start_channels()
client.wait_for_ready(timeout=60)
status, pid = run("x = 1; import os; print(os.getpid(), end='')")
assert (status, int(pid) != manager.provisioner.pid) == ("ok", True), (status, pid)
threading.Timer(0.5, manager.interrupt_kernel).start()
assert run("import time; time.sleep(60)") == ("error", "KeyboardInterrupt")
manager.restart_kernel(now=False)
client.wait_for_ready(timeout=60)
where = "import socket; print('x' in globals(), socket.gethostname(), os.getpid() == PID, end='')"
assert run("import os; " + where.replace("PID", pid)) == ("ok", f"False {host} False")
manager.shutdown_kernel()
assert not manager.is_alive()
print("all of it")
"""


@pytest.mark.nightly
def test_it_runs_is_stopped_and_restarted_there(tmp_path: Path) -> None:
    folders = {"JUPYTER_DATA_DIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    command = [sys.executable, "-c", LIFE, "local", socket.gethostname()]
    environment = {**os.environ, **folders}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert "all of it" in ran.stdout, ran.stderr


def test_over_ssh_encrypted(lab: Lab, leak_check: None, host_a: Host, host_b: Host) -> None:
    lab.need_own_systems()
    command = [host_a.python, "-c", LIFE, "cartesius", "cartesius", "required"]
    ran = lab.run_inside(host_a, command, timeout=180, check=False)
    assert "all of it" in ran.stdout, ran.stderr
    shutil.rmtree(host_a.outside(f"{host_a.home}/.local/share/jupyter/kernels"))


def test_a_host_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "connection.json"
    file.write_text(
        f'{{"key": "k", "ip": "{tmp_path / "k"}", "transport": "ipc", "shell_port": 1, "control_port": 2, '
        '"stdin_port": 3, "iopub_port": 4, "hb_port": 5}'
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
