"""Ends of all kinds after the move, each followed by a look for what stays behind (see ``lab_kernel``)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from relay_lab import PACKAGE_ROOT, TESTS, LabKernel, eventually, far_pid, lab_kernel

MOVE = "import os\n%cut WAY\nprint(os.getpid())"
both_ways = pytest.mark.parametrize("way", ["exec", "in-process"])


def move(kernel: LabKernel, way: str) -> int:
    return int(kernel.run(MOVE.replace("WAY", way).replace("print", "import os; print")).text())


@both_ways
def test_shutdown_request_ends_both(way: str) -> None:
    with lab_kernel() as kernel:
        there = move(kernel, way)
        kernel.client.shutdown()
        assert eventually(lambda: not kernel.manager.is_alive())
        assert kernel.manager.provisioner.process.returncode == 0
        assert eventually(lambda: not Path(f"/proc/{there}").exists())


def test_restart_gives_a_fresh_kernel_here_on_the_same_ports() -> None:
    with lab_kernel() as kernel:
        there = move(kernel, "exec")
        kernel.manager.restart_kernel()
        kernel.client.wait_for_ready(timeout=30)
        assert far_pid(kernel) == kernel.pid
        assert eventually(lambda: not Path(f"/proc/{there}").exists())
        kernel.run("%load_ext relay_extension")
        assert move(kernel, "exec") != kernel.pid


@both_ways
def test_killed_far_kernel_is_a_dead_kernel(way: str) -> None:
    with lab_kernel() as kernel:
        os.kill(move(kernel, way), signal.SIGKILL)
        assert eventually(lambda: not kernel.manager.is_alive())
        assert kernel.manager.provisioner.process.returncode == 1


def test_killed_relay_is_seen_as_the_end_of_the_pipe() -> None:
    with lab_kernel() as kernel:
        there = move(kernel, "exec")
        os.kill(kernel.pid, signal.SIGKILL)
        assert eventually(lambda: not Path(f"/proc/{there}").exists())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_relay_asked_to_end_tells_the_far_side(number: signal.Signals) -> None:
    with lab_kernel() as kernel:
        there = move(kernel, "exec")
        os.kill(kernel.pid, number)
        assert eventually(lambda: not kernel.manager.is_alive())
        assert eventually(lambda: not Path(f"/proc/{there}").exists())


PARENT = """
import os, sys, time
from pathlib import Path
from relay_lab import LabKernel
kernel = LabKernel(Path(sys.argv[1]))
there = kernel.run("import os\\n%cut\\nimport os\\nprint(os.getpid())").text().strip()
print(kernel.pid, there, flush=True)
time.sleep(60)
"""


def test_death_of_the_parent_ends_both(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([TESTS, PACKAGE_ROOT])},
    )
    with parent:
        here, there = map(int, parent.stdout.readline().split())
        parent.kill()
    assert eventually(lambda: not Path(f"/proc/{here}").exists())
    assert eventually(lambda: not Path(f"/proc/{there}").exists())


def test_far_side_that_never_confirms_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing runs anywhere, the heart beats, and the kernel can still be ended."""
    monkeypatch.setenv("STAND_IN_NEVER_COMMITS", "1")
    with lab_kernel() as kernel:
        kernel.client.execute("%cut")
        assert eventually(lambda: b"relay" in Path(f"/proc/{kernel.pid}/cmdline").read_bytes(), 30)
        os.kill(kernel.pid, signal.SIGINT)
        assert eventually(kernel.client.hb_channel.is_beating)
        os.kill(kernel.pid, signal.SIGTERM)
        assert eventually(lambda: not kernel.manager.is_alive())


def test_fault_at_the_last_moment_before_the_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEPORT_FAULT", "relay.at_rest")
    with lab_kernel() as kernel:
        answer = kernel.run("%cut")
        assert answer.reply["content"]["ename"] == "QuiesceFailed"
        assert far_pid(kernel) == kernel.pid


@both_ways
def test_far_side_that_ends_at_the_last_moment(way: str) -> None:
    """Seen before there is no way back: the session goes on here."""
    with lab_kernel() as kernel:
        answer = kernel.run(f"%cut ended {way}")
        assert answer.reply["content"]["ename"] == "LinkLost"
        assert far_pid(kernel) == kernel.pid


def test_kernel_without_a_manager_leaves_no_files(tmp_path: Path) -> None:
    connection_file = tmp_path / "kernel.json"
    script = (
        "from jupyter_client.blocking.client import BlockingKernelClient\n"
        "import sys\n"
        "client = BlockingKernelClient(connection_file=sys.argv[1])\n"
        "client.load_connection_file(); client.start_channels(); client.wait_for_ready(timeout=30)\n"
        "client.execute_interactive('%load_ext relay_extension', timeout=30)\n"
        "client.execute_interactive('%cut\\nprint(1)', timeout=30)\n"
        "client.shutdown(); client.get_control_msg(timeout=30)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([TESTS, PACKAGE_ROOT])}
    environment.pop("JPY_PARENT_PID", None)
    kernel = subprocess.Popen(
        [sys.executable, "-m", "ipykernel_launcher", "-f", str(connection_file)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert eventually(lambda: connection_file.exists() and connection_file.stat().st_size > 0, 30)
    subprocess.run(
        [sys.executable, "-c", script, str(connection_file)], env=environment, check=True, timeout=90
    )
    assert kernel.wait(timeout=30) == 0
    assert not connection_file.exists()
