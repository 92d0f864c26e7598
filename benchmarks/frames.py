"""How fast frames move and run on: snapshot, morph and resume of stacks, and loops that have been resumed.

In one process and in processor time, so that nothing but our own work is measured.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from frames_in_place import Captured, capturer, outermost

from pyteleport_jupyter import frames, objects

from .table import Row, spread

NESTED = """
def f(n, a=1, b='two'):
    local = [n]
    for i in range(2):
        if n == 0:
            return teleport()
        return [f(n - 1), local, i]
result = f({depth} - 2)
"""
"""A stack of so many frames, each in the middle of a loop and of a list."""

LOOP = """
class Point:
    def __init__(self, x): self.x = x
    def moved(self, d): self.x += d; return self.x
def add(a, b): return a + b
def work(n):
    table, point, total = [1, 2, 3, 4], Point(1), 0
    teleport()
    for i in range(n):
        total = (add(total, point.moved(1)) + table[i & 3] * i) % 1000003
    return total
result = work({turns})
"""
TURNS = 300_000
RUNS = 9
DEPTH, DEPTH_GOAL = 50, 20.0
"""Frames; milliseconds."""
DEEP, DEEP_GOAL = 900, 1000.0
LOOP_GOAL = 1.05
Names = dict[str, Any]


def compare() -> list[Row]:
    """Rows for the stack, the deep recursion and the loop."""
    return [
        _stack_row(f"stack of {DEPTH} frames, snapshot to resumed", DEPTH, DEPTH_GOAL),
        _stack_row(f"recursion of {DEEP}, snapshot to resumed", DEEP, DEEP_GOAL),
        _loop_row(),
    ]


def _stack_row(what: str, depth: int, goal: float) -> Row:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 3 * depth))
    try:
        _move_stack(depth)  # imports what is imported once
        times = [_move_stack(depth) * 1000 for _ in range(RUNS)]
    finally:
        sys.setrecursionlimit(limit)
    middle = statistics.median(times)
    return Row(
        what,
        spread(times, "ms", 1),
        "",
        f"{middle / depth:.2f} ms a frame",
        f"< {goal:.0f} ms",
        middle < goal,
    )


def _move_stack(depth: int) -> float:
    """Seconds from ``teleport()`` to the end of a program that has nothing more to do."""
    code = compile(NESTED.format(depth=depth), "stack.py", "exec", dont_inherit=True)
    begun: list[float] = []

    def teleport() -> None:
        top = sys._getframe(1)
        begun.append(time.process_time())
        raise Captured(frames.capture_stack(top, outermost(top, lambda frame: frame.f_code is code)))

    names: Names = {"__name__": "__main__", "teleport": teleport}
    try:
        exec(code, names)
    except Captured as captured:
        stack = captured.stack
    del names["teleport"]
    arrived, there = _through_pickle(stack, names)
    exec(frames.resume_code(arrived, 0), there)
    return time.process_time() - begun[0]


def _through_pickle(stack: frames.Stack, names: Names) -> tuple[frames.Stack, Names]:
    travelling = {name: value for name, value in names.items() if not name.startswith("__")}
    root = {"stack": stack, "namespace": travelling, "items": {}}
    pickled = objects.dump(root, objects.NamespaceAnchors(names), frames.running_generators(stack))
    there: Names = {"__name__": "__main__"}
    buffers = [bytearray(buffer) for buffer in pickled.buffers]
    loaded = objects.load(pickled.stream, buffers, objects.NamespaceAnchors(there))
    there.update(loaded.root["namespace"])
    return loaded.root["stack"], there


def _loop_row() -> Row:
    untouched, resumed = [], []
    for _ in range(RUNS):
        untouched.append(_seconds(_loop(lambda: None)) * 1000)
        resumed.append(_seconds(_resumed_loop()) * 1000)
    ratio = statistics.median(ours / theirs for ours, theirs in zip(resumed, untouched, strict=True))
    peer = f"never moved: {spread(untouched, 'ms', 0)}"
    goal = f"<= {LOOP_GOAL:.2f}"
    return Row("hot loop, resumed", spread(resumed, "ms", 0), peer, f"{ratio:.3f}", goal, ratio <= LOOP_GOAL)


def _loop(teleport: Callable[[], None]) -> Callable[[], None]:
    code = compile(LOOP.format(turns=TURNS), "loop.py", "exec", dont_inherit=True)
    names: Names = {"__name__": "loop", "teleport": teleport}
    return lambda: exec(code, names)


def _resumed_loop() -> Callable[[], None]:
    def is_root(frame: FrameType) -> bool:
        return frame.f_code.co_filename == "loop.py"

    try:
        _loop(capturer(is_root))()
    except Captured as captured:
        stack = captured.stack
    names = stack.frames[-1].globals
    code = frames.resume_code(stack, None)
    return lambda: exec(code, names)


def _seconds(run: Callable[[], None]) -> float:
    begun = time.process_time()
    run()
    return time.process_time() - begun
