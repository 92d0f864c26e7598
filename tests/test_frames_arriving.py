"""What is called when all frames are restored is called in the innermost one, and nowhere else."""

from __future__ import annotations

import gc
import signal
import sys
from types import FrameType
from typing import Any

import pytest

from pyteleport_jupyter import frames
from pyteleport_jupyter.errors import FrameRefused
from pyteleport_jupyter.interruption.watch import new_watch


class Interrupt(Exception):
    pass


def moved(source: str, arrived: Any) -> dict[str, Any]:
    """Run ``source``, whose ``stop()`` is where it is captured, and go on in a copy of its names."""
    names, stack = stopped(source)
    exec(frames.resume_code(stack, "value", arrived), names)
    return names


def stopped(source: str) -> tuple[dict[str, Any], frames.Stack]:
    """The names of ``source``, run up to its ``stop()``, and the frames."""
    names: dict[str, Any] = {"seen": [], "Interrupt": Interrupt}
    stacks: list[frames.Stack] = []

    def stop() -> None:
        frame = sys._getframe(1)
        root = frame
        while root.f_back is not None and root.f_code.co_filename == root.f_back.f_code.co_filename:
            root = root.f_back
        stacks.append(frames.capture_stack(frame, root))
        raise SystemExit

    names["stop"] = stop
    with pytest.raises(SystemExit):
        exec(compile(source, "<program>", "exec"), names)
    names["seen"].clear()
    return names, stacks[0]


SOURCE = """
def inner():
    kept = 5
    try:
        seen.append(stop())
    except Interrupt:
        seen.append(("in the frame", kept))
    finally:
        seen.append("finally")
def outer():
    with_it = [1]
    try:
        inner()
    finally:
        seen.append(with_it)
outer()
"""


def test_the_call_has_its_value_and_all_that_arrives_is_called_once() -> None:
    calls: list[int] = []
    assert moved(SOURCE, lambda: calls.append(1))["seen"] == ["value", "finally", [1]]
    assert calls == [1]


def test_what_it_raises_is_raised_in_the_innermost_frame() -> None:
    def arrived() -> None:
        raise Interrupt

    assert moved(SOURCE, arrived)["seen"] == [("in the frame", 5), "finally", [1]]


def test_a_signal_that_waited_interrupts_the_innermost_frame() -> None:
    def interrupt(number: int, frame: Any) -> None:
        raise Interrupt

    before = signal.signal(signal.SIGUSR1, interrupt)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    try:
        signal.raise_signal(signal.SIGUSR1)
        seen = moved(SOURCE, lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1}))["seen"]
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
        signal.signal(signal.SIGUSR1, before)
    assert seen == [("in the frame", 5), "finally", [1]]


STAND_IN = """
class Row:
    def __format__(self, width):
        return stop() and width
seen.append(f"{Row():5}")
"""


def test_it_moves_again_from_the_innermost_frame_only() -> None:
    """A frame around it is at its instruction before: what is to run within is nowhere to be read yet."""
    fit: list[str] = []
    refusals: list[str] = []
    watch = new_watch()

    def look(frame: FrameType) -> None:
        if frame.f_code.co_filename != "<program>":
            return
        root = frame
        while root.f_back is not None and root.f_back.f_code.co_filename == "<program>":
            root = root.f_back
        try:
            frames.capture_stack(frame, root, at_instruction=True)
        except FrameRefused as refused:
            refusals.append(str(refused))
        else:
            fit.append(frame.f_code.co_name)

    names, stack = stopped(STAND_IN)
    code = frames.resume_code(stack, "value")
    watch.arm(look, pytest.fail)
    try:
        exec(code, names)
    finally:
        watch.disarm()
    assert names["seen"] == ["5"]
    assert fit[0] == "__format__"
    assert any("just being restored" in refusal for refusal in refusals)


def test_a_stack_that_is_never_resumed_is_not_waited_for() -> None:
    """What restored it may have broken off, and its frames be in a cycle that nobody has collected yet."""
    _, stack = stopped("def f():\n    stop()\nf()\n")
    gc.disable()
    try:
        cycle: list[object] = [frames.resume_code(stack, "value")]
        cycle.append(cycle)
        del stack, cycle
        _, again = stopped("def f():\n    stop()\nf()\n")
    finally:
        gc.enable()
    assert len(again.frames) == 2
