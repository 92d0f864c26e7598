"""Teleport of a small session, and the start of a notebook on a host, against starting an ordinary kernel
there by ``ssh HOST python -m ipykernel_launcher``.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import statistics
import subprocess
import time
from collections.abc import Iterator
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from lab import Host

from .scene import Scene, kernel, move
from .table import Row, spread

GOAL = 3.0
COLD_GOAL = 1.5
PAIRS = 7
CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
LAUNCH = "python3 -m ipykernel_launcher -f {path}"
DEADLINE = 60.0


def compare(scene: Scene, pairs: int = PAIRS) -> Row:
    """Interleaved pairs: one teleport, one start by hand."""
    ours, theirs = [], []
    for _ in range(pairs):
        with kernel(scene) as started:
            ours.append(move(started, scene.alias))
        theirs.append(start_by_hand(scene))
    ratio = statistics.median(ours) / statistics.median(theirs)
    what = "small session, magic to first output there"
    peer = f"ssh HOST python -m ipykernel_launcher: {spread(theirs, 's')}"
    return Row(what, spread(ours, "s"), peer, f"{ratio:.2f} x", f"<= {GOAL} x", ratio <= GOAL)


def compare_cold(scene: Scene, pairs: int = PAIRS) -> Row:
    """Interleaved pairs: a kernel by the command of ``pyteleport install-kernel``, one by hand."""
    ours, theirs = [], []
    for _ in range(pairs):
        ours.append(start_by_kernelspec(scene))
        theirs.append(start_by_hand(scene))
    ratio = statistics.median(ours) / statistics.median(theirs)
    what = "notebook that starts on HOST, to its first output"
    peer = f"ssh HOST python -m ipykernel_launcher: {spread(theirs, 's')}"
    return Row(what, spread(ours, "s"), peer, f"{ratio:.2f} x", f"<= {COLD_GOAL} x", ratio <= COLD_GOAL)


def start_by_hand(scene: Scene) -> float:
    """Seconds from starting ssh to the first output of a kernel there."""
    with connection_file(scene, scene.there) as (path, connection):
        return start(scene, ["ssh", *config_option(scene), scene.alias, LAUNCH.format(path=path)], connection)


def start_by_kernelspec(scene: Scene) -> float:
    """Seconds from starting our command to the first output of the kernel there."""
    with connection_file(scene, scene.here) as (path, connection):
        argv = [scene.here.python, "-m", "pyteleport_jupyter.command_line", "kernel", scene.alias, "-f", path]
        return start(scene, argv, connection)


def start(scene: Scene, argv: list[str], connection: dict[str, Any]) -> float:
    """Seconds from starting ``argv`` on the first host to the kernel's first output."""
    began = time.monotonic()
    nowhere = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    with scene.lab.popen_inside(scene.here, argv, **nowhere) as process:
        wait_for_port(connection["ip"], connection["shell_port"])
        client = BlockingKernelClient()
        client.load_connection_info(connection)  # type: ignore[arg-type]
        client.start_channels(hb=False)  # a port that listens before the kernel is there has no heartbeat
        try:
            return first_output(client) - began
        finally:
            client.shutdown()
            client.stop_channels()
            client.context.destroy(linger=1000)
            process.wait(DEADLINE)


def config_option(scene: Scene) -> list[str]:
    """Hosts without a user database of their own need ssh to be told where the configuration is."""
    return [] if scene.here.has_own_system else ["-F", f"{scene.here.home}/.ssh/config"]


@contextlib.contextmanager
def connection_file(scene: Scene, host: Host) -> Iterator[tuple[str, dict[str, Any]]]:
    """A connection file on ``host``, with ports of it that are free."""
    ports = free_ports(len(CHANNELS)) if not host.has_own_system else high_ports(len(CHANNELS))
    connection: dict[str, Any] = {f"{name}_port": port for name, port in zip(CHANNELS, ports, strict=True)}
    connection |= {"ip": host.ip, "transport": "tcp", "signature_scheme": "hmac-sha256"}
    connection["key"] = secrets.token_hex(16)
    path = f"{host.home}/kernel.json"
    outside = host.outside(path)
    outside.write_text(json.dumps(connection))
    owner = outside.parent.stat()
    os.chown(outside, owner.st_uid, owner.st_gid)
    try:
        yield path, connection
    finally:
        outside.unlink(missing_ok=True)


def high_ports(count: int) -> list[int]:
    """Ports of a host that runs nothing else."""
    first = 40000 + secrets.randbelow(10000)
    return list(range(first, first + count))


def free_ports(count: int) -> list[int]:
    """Ports of this machine that are free now."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def wait_for_port(host: str, port: int) -> None:
    """Until the kernel listens: a zmq client that comes too early would wait for its next attempt."""
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            socket.create_connection((host, port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise SystemExit("the kernel started by hand does not listen") from None
            time.sleep(0.005)


def first_output(client: BlockingKernelClient) -> float:
    """Run a cell that prints; returns when its output arrived (time.monotonic)."""
    client.wait_for_ready(timeout=DEADLINE)
    client.execute("print('there', flush=True)")
    while client.get_iopub_msg(timeout=DEADLINE)["msg_type"] != "stream":
        pass
    return time.monotonic()
