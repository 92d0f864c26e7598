"""``python -m benchmarks``: all of them, one table."""

from __future__ import annotations

import sys

from . import frames, gap, relaying, starting
from .scene import scene
from .table import show


def main() -> int:
    """Run everything. A goal that is missed is shown, not an error: other work may share the machine."""
    with scene() as stage:
        print(f"hosts {stage.here.name} and {stage.there.name}, lab mode {stage.lab.mode}", flush=True)
        rows = [starting.compare(stage), *relaying.compare(stage), gap.measure(stage), *frames.compare()]
    print(show(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
