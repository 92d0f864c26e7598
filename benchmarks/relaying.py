"""The relay, against a kernel to which the client talks directly: round trips, streams, memory."""

from __future__ import annotations

import contextlib
import queue
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lab import LabKernel

from .scene import Scene, kernel, move
from .starting import config_option
from .table import Row, spread

ROUND_TRIPS = 1000
BLOCK = 50
ROUND_TRIP_GOAL = 1.5
"""Milliseconds above direct."""

ECHO_BYTES = 1000
"""About as long as a request or a reply."""

STREAM_RUNS = 5
STREAM_PIECES = 640
STREAM_PIECE = 64 * 1024
STREAM_GOAL = 0.5
STREAM = f"import sys\nfor _ in range({STREAM_PIECES}): sys.stdout.write('x' * {STREAM_PIECE - 1} + '\\n')"

MEMORY_GOAL = 40.0
"""Megabytes (10^6 bytes)."""


@dataclass
class Measured:
    """What one kernel showed."""

    milliseconds: list[float] = field(default_factory=list)
    megabytes_per_second: list[float] = field(default_factory=list)


def compare(scene: Scene) -> list[Row]:
    """A kernel that has teleported over ssh, one in another process here, one that has not, and an ssh that
    only echoes; blocks of each in turn.
    """
    with (
        kernel(scene) as direct,
        kernel(scene) as relayed,
        kernel(scene) as neighbour,
        ssh_echo(scene) as echo,
    ):
        move(relayed, scene.alias)
        move(neighbour, "local")
        after_move = resident(relayed)
        ours, nearby, theirs = Measured(), Measured(), Measured()
        echoes: list[float] = []
        for _ in range(ROUND_TRIPS // BLOCK):
            theirs.milliseconds += round_trips(direct, BLOCK)
            ours.milliseconds += round_trips(relayed, BLOCK)
            nearby.milliseconds += round_trips(neighbour, BLOCK)
            echoes += [echo() for _ in range(BLOCK)]
        for _ in range(STREAM_RUNS):
            theirs.megabytes_per_second.append(stream(direct))
            ours.megabytes_per_second.append(stream(relayed))
        after_traffic = resident(relayed)
    return [
        round_trip_row("over ssh", ours, theirs, f"; ssh HOST cat: {spread(echoes, 'ms')}"),
        round_trip_row("to `local`", nearby, theirs),
        stream_row(ours, theirs),
        memory_row("relay, resident memory after the move", after_move),
        memory_row("relay, resident memory after all this", after_traffic),
    ]


@contextlib.contextmanager
def ssh_echo(scene: Scene) -> Iterator[Callable[[], float]]:
    """What no relay can be faster than: milliseconds there and back through ``ssh HOST cat``."""
    argv = ["ssh", *config_option(scene), scene.alias, "cat"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "bufsize": 0}
    with scene.lab.popen_inside(scene.here, argv, **pipes) as ssh:
        assert ssh.stdin is not None
        assert ssh.stdout is not None
        going, coming = ssh.stdin, ssh.stdout

        def echo() -> float:
            began = time.perf_counter()
            going.write(bytes(ECHO_BYTES))
            left = ECHO_BYTES
            while left:
                left -= len(coming.read(left)) or left
            return (time.perf_counter() - began) * 1000

        echo()
        yield echo
        going.close()


def round_trip_row(where: str, ours: Measured, theirs: Measured, besides: str = "") -> Row:
    """Median against median."""
    above = statistics.median(ours.milliseconds) - statistics.median(theirs.milliseconds)
    what = f"execute round trip {where}, {ROUND_TRIPS} times"
    peer = f"direct kernel: {spread(theirs.milliseconds, 'ms')}{besides}"
    shown = spread(ours.milliseconds, "ms")
    return Row(what, shown, peer, f"{above:+.2f} ms", f"<= +{ROUND_TRIP_GOAL} ms", above <= ROUND_TRIP_GOAL)


def stream_row(ours: Measured, theirs: Measured) -> Row:
    """Median against median."""
    ratio = statistics.median(ours.megabytes_per_second) / statistics.median(theirs.megabytes_per_second)
    what = f"stdout, {STREAM_PIECES * STREAM_PIECE / 1e6:.0f} MB"
    peer = f"direct kernel: {spread(theirs.megabytes_per_second, 'MB/s', 0)}"
    shown = spread(ours.megabytes_per_second, "MB/s", 0)
    return Row(what, shown, peer, f"{ratio:.2f} x", f">= {STREAM_GOAL} x", ratio >= STREAM_GOAL)


def memory_row(what: str, megabytes: float) -> Row:
    """Against the limit."""
    return Row(what, f"{megabytes:.0f} MB", "limit", "", f"< {MEMORY_GOAL:.0f} MB", megabytes < MEMORY_GOAL)


def resident(started: LabKernel) -> float:
    """Resident memory of the process that was the kernel, in megabytes."""
    return float(started.process.memory_info().rss / 1e6)


def round_trips(started: LabKernel, count: int) -> list[float]:
    """Milliseconds from an execute_request to its reply, ``count`` times."""
    client = started.client
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        request = client.execute("pass", silent=True, store_history=False)
        while client.get_shell_msg(timeout=60)["parent_header"].get("msg_id") != request:
            pass
        taken.append((time.perf_counter() - began) * 1000)
    forget_iopub(started)
    return taken


def forget_iopub(started: LabKernel) -> None:
    """Read what has come on iopub, so that it does not pile up."""
    while True:
        try:
            started.client.get_iopub_msg(timeout=0.05)
        except queue.Empty:
            return


def stream(started: LabKernel) -> float:
    """Megabytes per second of a cell that prints a lot, from request to idle."""
    began = time.perf_counter()
    run = started.execute(STREAM)
    taken = time.perf_counter() - began
    received = len(run.text())
    if received != STREAM_PIECES * STREAM_PIECE:
        raise SystemExit(f"of {STREAM_PIECES * STREAM_PIECE} bytes printed {received} arrived")
    return received / 1e6 / taken
