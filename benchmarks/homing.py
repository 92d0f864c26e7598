"""A session of a gigabyte that has not changed, or in one element, on its way home and on its second way out,
against sending all of it.

What a move costs without anything to ship is taken off all of them.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

import psutil
from lab import LabKernel

from .scene import Scene, kernel
from .shipping import ARRAY, CELL_SECONDS, ROUNDS, run
from .table import Row, spread

MOVE = """
import time
began = time.monotonic()
%teleport --quiet {target}
print(time.monotonic() - began)
"""

COUNT = """
def count():
    from pyteleport_jupyter.objects import chunks
    consign = chunks.consign
    def counted(pickled, chooser=None, offer=None, answer=b"", sealed=False):
        sent = consign(pickled, None, offer, answer)
        print(sum(map(len, sent)), flush=True)
        return consign(pickled, chooser, offer, answer, sealed)
    chunks.consign = counted
count()
data[12345] += 1
%teleport --quiet {target}
"""

KEPT_SECONDS = 120.0


def compare(scene: Scene, rounds: int = ROUNDS) -> list[Row]:
    """All rows."""
    there, back, again, sizes, sizes_again = [], [], [], [], []
    for _ in range(rounds):
        empty = round_trips(scene, "import numpy", full=False)
        full = round_trips(scene, ARRAY, full=True)
        there.append(full[0] - empty[0])
        back.append(full[1] - empty[1])
        again.append(full[2] - empty[2])
        sizes.append(full[3])
        sizes_again.append(full[4])
    return [
        _seconds("home, unchanged", back, there),
        _bytes("home, one element changed", sizes),
        _seconds("there again, unchanged", again, there),
        _bytes("there again, one element changed", sizes_again),
    ]


def _seconds(what: str, seconds: Sequence[float], full: Sequence[float]) -> Row:
    ratio = statistics.median(one / other for one, other in zip(seconds, full, strict=True))
    sent = f"sent in full: {spread(full, 's')}"
    return Row(
        f"1 GiB session {what}", spread(seconds, "s"), sent, f"{ratio:.2f} x", "<= 0.10 x", ratio <= 0.10
    )


def _bytes(what: str, sizes: Sequence[float]) -> Row:
    sent = statistics.median(sizes) / (1 << 20)
    return Row(f"1 GiB session {what}", f"{sent:.2f} MiB sent", "", "", "<= 2 MiB", sent <= 2)


def round_trips(scene: Scene, set_up: str, full: bool) -> list[float]:
    """Seconds of the way there, home, and there again; of a ``full`` session also the bytes of a second way
    home, and of the third way there.
    """
    with kernel(scene) as started:
        started.execute(set_up, timeout=CELL_SECONDS)
        seconds = run(started, MOVE.format(target=scene.alias))
        if full:
            _wait_for_keeper(started)
        seconds += run(started, MOVE.format(target="home"))
        if full:
            _wait_for_deposit(started, scene.alias)
        seconds += run(started, MOVE.format(target=scene.alias))
        if full:
            _wait_for_keeper(started)
            seconds += run(started, COUNT.format(target="home"))
            _wait_for_deposit(started, scene.alias)
            seconds += run(started, COUNT.format(target=scene.alias))
        return seconds


def _wait_for_keeper(started: LabKernel) -> None:
    """Who comes home at once would be there before it has put into a file what it keeps; a host is used for
    more than a few seconds.
    """
    deadline = time.monotonic() + KEPT_SECONDS
    while not any(map(_has_file, started.process.children())):
        if time.monotonic() > deadline:
            raise SystemExit("nothing is kept here")
        time.sleep(0.1)
    # Digested once more, there.
    time.sleep(1.0)


def _has_file(process: psutil.Process) -> bool:
    try:
        return process.name() == "teleport-keeper" and any(
            "/memfd:teleport-kept" in part.path for part in process.memory_maps(grouped=False)
        )
    except psutil.Error:
        return False


def _wait_for_deposit(started: LabKernel, alias: str) -> None:
    """Who leaves again at once would be there before it is."""
    deadline = time.monotonic() + KEPT_SECONDS
    while "kept data" not in started.execute(f"%teleport list {alias}", timeout=CELL_SECONDS).text():
        if time.monotonic() > deadline:
            raise SystemExit("nothing is kept there")
        time.sleep(0.5)
