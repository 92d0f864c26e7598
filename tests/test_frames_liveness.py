"""Functions that C calls when an instruction is over: its operands are not looked at, the move is refused."""

from __future__ import annotations

from types import FrameType

import pytest
from frames_in_place import capturer, outermost

from pyteleport_jupyter import frames
from pyteleport_jupyter.errors import FrameRefused
from pyteleport_jupyter.interruption.watch import new_watch

PROGRAMS = {
    "finalizer": """
class Last:
    def __del__(self): said.append(teleport())
def call(*things): return len(things)
call(Last())
""",
    "weak reference": """
import weakref
class Thing: pass
kept = []
def make():
    thing = Thing()
    kept.append(weakref.ref(thing, lambda reference: said.append(teleport())))
    return thing
len([make(), make()])
""",
    "closed generator": """
def rows():
    try:
        yield 1
    finally:
        said.append(teleport())
next(rows())
""",
    "signal handler": """
import signal
signal.signal(signal.SIGUSR1, lambda number, frame: said.append(teleport()))
signal.raise_signal(signal.SIGUSR1)
for i in range(10): str(i)
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_refused_and_nothing_is_read_that_is_gone(name: str) -> None:
    source = PROGRAMS[name]
    refusals: list[str] = []
    code = compile(source, "program.py", "exec", dont_inherit=True)
    capture = capturer(lambda frame: frame.f_code is code)

    def teleport() -> None:
        try:
            capture()
        except FrameRefused as refused:
            refusals.append(str(refused))

    exec(code, {"teleport": teleport, "said": []})
    assert refusals
    assert all("cannot be moved" in refusal for refusal in refusals)


CLOSED = """
def rows():
    try:
        yield 0
    finally:
        done = True
result = all(rows())
"""


def test_a_generator_that_is_closed_is_not_left_at_any_of_its_last_instructions() -> None:
    """``all`` has its answer and lets go of the generator, which has instructions of its own to run then."""
    code = compile(CLOSED, "program.py", "exec", dont_inherit=True)
    refusals: dict[int, list[str]] = {}
    watch = new_watch()

    def visit(frame: FrameType) -> None:
        if frame.f_code.co_name == "rows":
            said = refusals.setdefault(frame.f_lineno, [])
            try:
                frames.capture_stack(
                    frame, outermost(frame, lambda each: each.f_code is code), at_instruction=True
                )
            except FrameRefused as refused:
                said.append(str(refused))
            else:
                said.append("captured")

    watch.arm(visit, pytest.fail)
    exec(code, {})
    watch.disarm()
    assert "captured" in refusals[4]
    assert len(refusals[6]) >= 3
    assert all("cannot be moved" in said for said in refusals[6])
