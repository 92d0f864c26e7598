"""Functions that C calls when an instruction is over: its operands are not looked at, the move is refused."""

from __future__ import annotations

import pytest
from frames_in_place import capturer

from pyteleport_jupyter.errors import FrameRefused

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
