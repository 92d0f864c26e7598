"""What is called when all frames are restored is called in the innermost one, and nowhere else."""

from __future__ import annotations

import signal
import sys
from typing import Any

import pytest

from pyteleport_jupyter import frames


class Interrupt(Exception):
    pass


def moved(source: str, arrived: Any) -> dict[str, Any]:
    """Run ``source``, whose ``stop()`` is where it is captured, and go on in a copy of its names."""
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
    exec(frames.resume_code(stacks[0], "value", arrived), names)
    return names


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
