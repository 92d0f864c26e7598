"""A script that moves by the system's ssh, against starting Python there by ``ssh HOST python3 -c``."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Sequence

from .scene import Scene
from .starting import config_option
from .table import Row, spread

GOAL = 3.0
PAIRS = 9
SCRIPT = """
import sys
from pyteleport_jupyter import bash_teleport
print("here", flush=True)
bash_teleport(*sys.argv[1:])
print("there", flush=True)
"""


def compare(scene: Scene, pairs: int = PAIRS) -> Row:
    """Interleaved pairs: from the call of ``bash_teleport``, and from the start of ssh, to the first output
    there.
    """
    ssh = ["ssh", *config_option(scene), scene.alias]
    ours, theirs = [], []
    for _ in range(pairs):
        ours.append(seconds_to_output(scene, [scene.here.python, "-c", SCRIPT, *ssh], "here\n"))
        theirs.append(seconds_to_output(scene, [*ssh, "python3 -c 'print(\"there\", flush=True)'"]))
    ratio = statistics.median(ours) / statistics.median(theirs)
    peer = f"ssh HOST python3 -c ...: {spread(theirs, 's')}"
    return Row(
        "script, bash_teleport to first output there", spread(ours, "s"), peer,
        f"{ratio:.2f} x", f"<= {GOAL} x", ratio <= GOAL,
    )  # fmt: skip


def seconds_to_output(scene: Scene, argv: Sequence[str], before: str = "") -> float:
    """Seconds from the start of ``argv``, or from its line ``before``, to its line ``there``."""
    nothing = subprocess.DEVNULL
    began = time.monotonic()
    with scene.lab.popen_inside(
        scene.here, argv, stdin=nothing, stdout=subprocess.PIPE, stderr=nothing
    ) as process:
        if before:
            expect(process, before)
            began = time.monotonic()
        expect(process, "there\n")
        return time.monotonic() - began


def expect(process: subprocess.Popen[bytes], line: str) -> None:
    """Wait for its next line, which is to be this one."""
    if process.stdout is None or (found := process.stdout.readline()) != line.encode():
        raise SystemExit(f"the script said {found!r} instead of {line!r}")
