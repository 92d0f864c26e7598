"""What a plan costs: a namespace of 10 000 names is looked at, against pickling it as a move would."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from pyteleport_jupyter.inventory.stock import plan_of, session_of_main
from pyteleport_jupyter.objects import NamespaceAnchors, dump

from .table import Row, spread

NAMES = 10_000
GOAL = 0.5
ROUNDS = 7


def namespace_of(count: int) -> dict[str, Any]:
    """Half numbers, half small nested containers."""
    return {f"name{n}": [n, str(n), {"key": n, "list": [n]}] if n % 2 else float(n) for n in range(count)}


def compare() -> list[Row]:
    """Processor time, in interleaved pairs."""
    namespace = namespace_of(NAMES)
    session = session_of_main(namespace)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(_seconds(lambda: plan_of(None, session)))
        theirs.append(_seconds(lambda: dump(session.root, NamespaceAnchors(namespace), {})))
    ratio = statistics.median(ours) / statistics.median(theirs)
    what = f"plan of a namespace of {NAMES} names"
    reached = statistics.median(ours) <= GOAL
    peer = f"pickling it as a move does: {spread(theirs, 's')}"
    return [Row(what, spread(ours, "s"), peer, f"{ratio:.1f} x", f"<= {GOAL} s", reached)]


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
