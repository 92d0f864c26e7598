"""Restoring many small objects, against a plain ``pickle.loads`` of the same."""

from __future__ import annotations

import pickle
import statistics
import time
from collections.abc import Callable
from typing import Any

from pyteleport_jupyter.objects import NamespaceAnchors, dump, load

from .table import Row, spread

ENTRIES = 1_000_000
ROUNDS = 5
GOAL = 0.5


def compare() -> list[Row]:
    """Processor time, in interleaved pairs; being rid of the objects again is not measured."""
    entries = {str(n): (n, [n]) for n in range(ENTRIES)}
    plain = pickle.dumps(entries, protocol=5)
    pickled = dump({"namespace": {"entries": entries}}, NamespaceAnchors({}), {})
    del entries
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(seconds(lambda: load(pickled.stream, pickled.buffers, NamespaceAnchors({}))))
        theirs.append(seconds(lambda: pickle.loads(plain)))  # noqa: S301
    ratio = statistics.median(mine / its for mine, its in zip(ours, theirs, strict=True))
    what = "dict of 1e6 tuples with lists, restored (processor time)"
    return [
        Row(
            what,
            spread(ours, "s"),
            f"pickle.loads: {spread(theirs, 's')}",
            f"{ratio:.2f} x",
            f"<= {GOAL} x",
            ratio <= GOAL,
        )
    ]


def seconds(work: Callable[[], Any]) -> float:
    """Of the processor, until there is a result; not what its end costs."""
    began = time.process_time()
    made = work()
    taken = time.process_time() - began
    del made
    return taken
