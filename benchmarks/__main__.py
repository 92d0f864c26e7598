"""``python -m benchmarks``: all of them, one table, also as the README has it.

``python -m benchmarks shipping``: only that. With ``--quick`` each is measured once: to see that they run,
not how fast anything is.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

from . import (
    downloads,
    errands,
    frames,
    gap,
    homing,
    loading,
    planning,
    relaying,
    scripts,
    shipping,
    starting,
)
from .scene import Scene, scene
from .table import Row, markdown, show

QUICK = "--quick"


def times(usual: int) -> int:
    """How often to measure."""
    return 1 if QUICK in sys.argv else usual


BENCHMARKS: dict[str, Callable[[Scene], list[Row]]] = {
    "starting": lambda stage: [starting.compare(stage, times(starting.PAIRS))],
    "cold": lambda stage: [starting.compare_cold(stage, times(starting.PAIRS))],
    "scripts": lambda stage: [scripts.compare(stage, times(scripts.PAIRS))],
    "relaying": relaying.compare,
    "gap": lambda stage: [gap.measure(stage, times(gap.RUNS))],
    "shipping": lambda stage: shipping.compare(stage, times(shipping.ROUNDS)),
    "homing": lambda stage: homing.compare(stage, times(shipping.ROUNDS)),
    "downloads": lambda stage: downloads.compare(stage, times(downloads.COUNT)),
    "loading": lambda stage: loading.compare(),
    "errands": errands.compare,
    "frames": lambda stage: frames.compare(),
    "planning": lambda stage: planning.compare(),
}


def main() -> int:
    """Run everything. A goal that is missed is shown, not an error: other work may share the machine."""
    with scene() as stage:
        load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
        print(
            f"hosts {stage.here.name} and {stage.there.name}, lab mode {stage.lab.mode}, load {load}",
            flush=True,
        )
        chosen = [name for name in sys.argv[1:] if name != QUICK] or BENCHMARKS
        measured = [(name, rows_of(name, stage)) for name in chosen]
    found = [row for _, rows in measured for row in rows or ()]
    print(show(found), "", markdown(found), sep="\n")
    return int(any(rows is None for _, rows in measured))


def rows_of(name: str, stage: Scene) -> list[Row] | None:
    """The rows of one benchmark; None if it fails, which must not cost the others."""
    began = time.monotonic()
    try:
        rows = BENCHMARKS[name](stage)
    except (Exception, SystemExit) as error:
        print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return None
    # At once too: whoever stops a run that takes too long has what was measured.
    print(f"{name}: measured in {time.monotonic() - began:.0f} s", show(rows), sep="\n", flush=True)
    return rows


if __name__ == "__main__":
    sys.exit(main())
