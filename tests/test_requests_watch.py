"""Watching every instruction: where it works, whom it leaves alone, and that nothing stays behind."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

from pyteleport_jupyter.errors import RequestRefused
from pyteleport_jupyter.interruption.lines import LineStarts
from pyteleport_jupyter.interruption.watch import TOOL_IDS, Watch, new_watch

TRACES = sys.version_info < (3, 12)
"""Whether this minor is watched by sys.settrace."""
LOOPS = {
    "pass": "while going(): pass",
    "one line": "x = 0\nwhile going(): x += 1",
    "for": "for x in iter(going, False): pass",
    "comprehension": "[x for x in iter(going, False)]",
    "lines": "x = 0\nwhile going():\n    x += 1\n    x -= 1",
    "bare": "while True: pass",
}


class Seen(Exception):
    """Leaves a loop from inside a visit."""


class Visitor:
    """Counts visits of frames of the program; ``leave`` raises at the first one."""

    def __init__(self, leave: bool = False) -> None:
        self.frames: list[str] = []
        self.leave = leave
        self.refused: list[RequestRefused] = []

    def __call__(self, frame: FrameType) -> None:
        if frame.f_code.co_filename == "<program>":
            self.frames.append(f"{frame.f_code.co_name}:{frame.f_lineno}")
            if self.leave:
                raise Seen


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = new_watch()
    yield watch
    watch.disarm()
    assert sys.gettrace() is None
    if not TRACES:
        assert all(monitoring().get_tool(tool) is None for tool in TOOL_IDS)


def monitoring() -> Any:
    return sys.monitoring  # type: ignore[attr-defined,unused-ignore]


def run(source: str, **names: object) -> None:
    exec(compile(source, "<program>", "exec", dont_inherit=True), names)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_running_loop_is_seen_when_another_thread_arms(loop: str, watch: Watch) -> None:
    visitor, deadline = Visitor(leave=True), time.monotonic() + 20
    arm = threading.Timer(0.05, lambda: watch.arm(visitor, visitor.refused.append))
    arm.start()
    with pytest.raises(Seen):
        run(LOOPS[loop], going=lambda: time.monotonic() < deadline)
    arm.join()
    assert visitor.frames


def test_disarmed_it_sees_nothing(watch: Watch) -> None:
    visitor = Visitor()
    watch.arm(visitor, visitor.refused.append)
    run("def f():\n    return 1\nf()")
    assert {"<module>:1", "<module>:3", "f:2"} <= set(visitor.frames)
    watch.disarm()
    visitor.frames.clear()
    run("x = 1\nfor i in range(3): x += i")
    assert visitor.frames == []
    assert sys._getframe().f_trace is None


def test_it_can_be_armed_again(watch: Watch) -> None:
    for _ in range(3):
        visitor = Visitor()
        watch.arm(visitor, visitor.refused.append)
        run("x = 1")
        watch.disarm()
        assert visitor.frames


def test_other_threads_are_not_seen(watch: Watch) -> None:
    visitor = Visitor()
    watch.arm(visitor, visitor.refused.append)
    other = threading.Thread(target=run, args=("y = 1\ny += 1",))
    other.start()
    other.join()
    assert visitor.frames == []


@pytest.mark.skipif(not TRACES, reason="later minors do not use sys.settrace for it")
def test_a_trace_function_of_others_is_left_alone(watch: Watch) -> None:
    visitor, seen = Visitor(), []

    def debugger(frame: FrameType, event: str, argument: object) -> Any:
        seen.append(event)

    sys.settrace(debugger)
    try:
        watch.arm(visitor, visitor.refused.append)
        run("def f(): pass\nf()")
    finally:
        still, _ = sys.gettrace(), sys.settrace(None)
    assert "test_requests_watch has set a trace function" in str(visitor.refused[0])
    assert still is debugger
    assert seen
    assert visitor.frames == []


@pytest.mark.skipif(TRACES, reason="3.11 has no sys.monitoring")
def test_tools_of_others_go_on(watch: Watch) -> None:
    lines: list[int] = []
    events, tool = monitoring().events, monitoring().COVERAGE_ID
    monitoring().use_tool_id(tool, "coverage")
    monitoring().register_callback(tool, events.LINE, lambda code, line: lines.append(line))
    monitoring().set_events(tool, events.LINE)
    visitor = Visitor()
    try:
        watch.arm(visitor, visitor.refused.append)
        run("x = 1\nx = 2")
        watch.disarm()
        seen = len(lines)
        run("x = 3")
    finally:
        monitoring().set_events(tool, 0)
        monitoring().free_tool_id(tool)
    assert visitor.frames
    assert len(lines) > seen > 0


@pytest.mark.skipif(TRACES, reason="3.11 has no sys.monitoring")
def test_without_a_free_tool_it_is_refused_with_their_names(watch: Watch) -> None:
    visitor = Visitor()
    for tool in TOOL_IDS:
        monitoring().use_tool_id(tool, f"tool {tool}")
    try:
        watch.arm(visitor, visitor.refused.append)
        run("x = 1")
    finally:
        for tool in TOOL_IDS:
            monitoring().free_tool_id(tool)
    assert "tool 3 and tool 4 use" in str(visitor.refused[0])
    assert visitor.frames == []


def test_starts_of_lines(watch: Watch) -> None:
    starts, lines = LineStarts(), []

    def visit(frame: FrameType) -> None:
        if frame.f_code.co_filename == "<program>" and frame in starts:
            lines.append(frame.f_lineno)

    watch.arm(visit, pytest.fail)
    run("x = (1 +\n     abs(2))\ny = x * x\nfor z in (x, y): pass\n")
    watch.disarm()
    assert lines.count(3) == 1
    assert {1, 2, 3, 4} <= set(lines)
