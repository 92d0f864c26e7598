"""A cell that runs elsewhere on a kept kernel, against the same cell here."""

from __future__ import annotations

import statistics
import time

from lab import LabKernel

from .relaying import ssh_echo
from .scene import Scene, kernel
from .table import Row, spread

TIMES = 60
BLOCK = 10
LOCAL_TIMES = 5
ROUND_TRIPS = 2
CELL = "table[3]"
LARGE = "import numpy as np\nlarge = np.random.default_rng(1).random(16_000_000)"
LARGE_TIMES = 5


def compare(scene: Scene) -> list[Row]:
    """Trivial cells here and there in turn, with an ssh that only echoes; then one with 128 MB of data."""
    with kernel(scene) as started, ssh_echo(scene) as echo:
        there = f"%%teleport --quiet {scene.alias}\n{CELL}"
        first = _seconds(started, there)
        _seconds(started, there)
        here_ms: list[float] = []
        there_ms: list[float] = []
        echoes: list[float] = []
        for _ in range(TIMES // BLOCK):
            here_ms += [1000 * _seconds(started, CELL) for _ in range(BLOCK)]
            there_ms += [1000 * _seconds(started, there) for _ in range(BLOCK)]
            echoes += [echo() for _ in range(BLOCK)]
        return [trivial_row(here_ms, there_ms, echoes, first), _large_row(started, scene)]


def _seconds(started: LabKernel, code: str) -> float:
    """From the request to its reply and idle."""
    began = time.perf_counter()
    run = started.execute(code, timeout=120)
    if run.error is not None:
        raise SystemExit(f"the cell failed: {run.error}")
    return time.perf_counter() - began


def trivial_row(here: list[float], there: list[float], echoes: list[float], first: float) -> Row:
    """Median against medians."""
    goal = LOCAL_TIMES * statistics.median(here) + ROUND_TRIPS * statistics.median(echoes)
    ours = statistics.median(there)
    return Row(
        f"%%teleport, trivial cell on a kept kernel, {TIMES} times (the first took {first:.2f} s)",
        spread(there, "ms"),
        f"the cell here: {spread(here, 'ms')}; ssh HOST cat: {spread(echoes, 'ms')}",
        f"{ours / statistics.median(here):.1f} x",
        f"<= {LOCAL_TIMES} x + {ROUND_TRIPS} round trips = {goal:.1f} ms",
        ours <= goal,
    )


def _large_row(started: LabKernel, scene: Scene) -> Row:
    """What it saves that the data is there already."""
    started.execute(LARGE)
    cell = f"%%teleport --quiet {scene.alias}\nlarge[0]"
    sent = _seconds(started, cell)
    again = [_seconds(started, cell) for _ in range(LARGE_TIMES)]
    ratio = statistics.median(again) / sent
    what = "%%teleport of a cell that reads 128 MB, unchanged"
    return Row(
        what, spread(again, "s"), f"the first time: {sent:.2f} s", f"{ratio:.2f} x", "<= 0.5 x", ratio <= 0.5
    )
