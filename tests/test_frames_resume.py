"""Resumed frames run as the shell runs a cell, leave nothing alive, and show no frame of ours."""

from __future__ import annotations

import asyncio
import gc
import inspect
import sys
import traceback
import weakref
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from typing import Any

import pytest
from frames_in_place import Captured, capturer, stack_of

from pyteleport_jupyter import frames
from pyteleport_jupyter.frames import registry
from pyteleport_jupyter.frames.layout import RawFrame


def test_exec_runs_the_root_with_the_very_namespace() -> None:
    stack = stack_of("x = [1, teleport(), 3]\nis_mine = locals() is globals()")
    names: dict[str, Any] = {}
    exec(frames.resume_code(stack, "there"), names, names)
    assert names["x"] == [1, "there", 3]
    assert names["is_mine"] is True


def test_an_exception_after_the_move_shows_only_frames_of_the_program() -> None:
    source = "def f():\n    teleport()\n    raise KeyError\n\ntry:\n    f()\nfinally:\n    pass\n"
    stack = stack_of(source)
    names = stack.frames[-1].globals
    with pytest.raises(KeyError) as caught:
        exec(frames.resume_code(stack, None), names, names)
    shown = [(each.name, each.lineno) for each in traceback.extract_tb(caught.value.__traceback__)]
    assert shown[1:] == [("<module>", 6), ("f", 3)]


def test_the_stack_seen_from_inside_has_no_frame_of_ours() -> None:
    stack = stack_of("import inspect\ndef f():\n    teleport()\n    return inspect.stack()\nseen = f()")
    names = stack.frames[-1].globals
    exec(frames.resume_code(stack, None), names, names)
    seen = names["seen"]
    assert [each.function for each in seen[:3]] == ["f", "<module>", sys._getframe().f_code.co_name]


def test_an_interrupt_in_the_resumed_call_reaches_the_handler_of_the_program() -> None:
    source = "try:\n    teleport()\nexcept KeyboardInterrupt:\n    caught = True"
    stack = stack_of(source)
    names = stack.frames[-1].globals
    code = frames.resume_code(stack, None)

    def interrupt() -> None:
        raise KeyboardInterrupt

    values = registry.values_of(code)
    values[0] = interrupt
    exec(code, names, names)
    assert names["caught"] is True


class Mortal:
    """Something to be weakly referred to."""


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    teleport()\n    del x\n    check()\nf(mortal.pop())",
        "def f(x):\n    return lambda: x\ng = f(mortal.pop())\nteleport()\ndel g\ncheck()",
        "x = mortal.pop()\nteleport()\ndel x\ncheck()",
        "def f():\n    x = mortal.pop()\n    teleport()\nf()\ncheck()",
        "for x in [mortal.pop()]:\n    teleport()\ndel x\ncheck()",
    ],
)
def test_nothing_keeps_an_object_alive_after_the_resume(source: str) -> None:
    mortal = [Mortal()]
    reference = weakref.ref(mortal[0])
    alive: list[bool] = []
    gc.disable()
    try:
        stack = stack_of(source, mortal=mortal, check=lambda: alive.append(reference() is not None))
        names = stack.frames[-1].globals
        exec(frames.resume_code(stack, None), names, names)
    finally:
        gc.enable()
    assert alive == [False]


def test_morphs_are_forgotten_with_their_code() -> None:
    gc.collect()
    before = len(registry._records)
    stack = stack_of("def f(n):\n    return f(n - 1) if n else teleport()\nf(50)")
    names = stack.frames[-1].globals
    exec(frames.resume_code(stack, None), names, names)
    names.clear()
    gc.collect()
    assert len(registry._records) == before


def test_the_stack_is_taken_once() -> None:
    stack = stack_of("teleport()")
    frames.resume_code(stack, None)
    assert stack.frames == ()
    with pytest.raises((ValueError, IndexError)):
        frames.resume_code(stack, None)


ASYNC_CELL = """
import asyncio
await asyncio.sleep(0)
async def inner():
    await asyncio.sleep(0)
    place = teleport()
    await asyncio.sleep(0)
    return place
result = [await inner(), await asyncio.sleep(0, 2)]
"""


def test_a_cell_with_top_level_await_is_awaited_again() -> None:
    """As the shell does it: the root is a coroutine whose code is evaluated, and awaited under a running
    loop."""
    code = compile(ASYNC_CELL, "cell.py", "exec", PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert code.co_flags & inspect.CO_COROUTINE
    names: dict[str, Any] = {"teleport": capturer(lambda frame: frame.f_code is code)}

    async def run_code(cell: Any) -> None:
        await eval(cell, names, names)

    with pytest.raises(Captured) as captured:
        asyncio.run(run_code(code))
    stack = rebuilt(captured.value.stack)
    asyncio.run(run_code(frames.resume_code(stack, "there")))
    assert names["result"] == ["there", 2]


def rebuilt(stack: frames.Stack) -> frames.Stack:
    """The stack with its running generators made anew, as an unpickler would make them."""
    from dataclasses import replace

    running = frames.running_generators(stack)
    made: dict[int, object] = {}
    for snapshot in stack.frames:
        if snapshot.generator is not None:
            make, arguments, values, _, _, load = frames.reduce_generator(snapshot.generator, running)
            made[id(snapshot.generator)] = generator = make(*arguments)  # type: ignore[operator]
            load(generator, tuple(made.get(id(each), each) for each in values))  # type: ignore
    return frames.Stack(
        tuple(
            replace(
                each,
                generator=made.get(id(each.generator)),
                values=tuple(made.get(id(value), value) for value in each.values),
            )
            for each in stack.frames
        )
    )


def test_handled_exceptions_below_a_coroutine_of_the_shell() -> None:
    """A cell runs inside the shell's coroutine, so what it handles is kept there and not with the thread."""
    handled: list[object] = []

    def capture_in_handler() -> None:
        top = sys._getframe(1)
        handled.append(frames.capture_stack(top, top).frames[0])

    async def shell() -> None:
        exec("try:\n    raise KeyError('k')\nexcept KeyError as e:\n    capture()", names)

    names: dict[str, Any] = {"capture": capture_in_handler}
    with pytest.raises(StopIteration):
        shell().send(None)
    snapshot: Any = handled[0]
    (error,) = [value for value in snapshot.values if isinstance(value, BaseException)]
    assert isinstance(error, KeyError)
    assert snapshot.shape.stack.count("E") == 1


def test_deep_recursion_needs_no_more_depth_than_it_had() -> None:
    depth = 700
    source = f"def f(n):\n    return f(n - 1) + 1 if n else teleport()\nx = f({depth})"
    stack = stack_of(source)
    names = stack.frames[-1].globals
    exec(frames.resume_code(stack, 0), names, names)
    assert names["x"] == depth


def test_tracing_and_profiling_do_no_harm() -> None:
    def trace(frame: Any, event: str, argument: object) -> Any:
        return trace

    before = sys.gettrace()
    source = (
        "def f(n):\n    total = 0\n    for i in range(n):\n        total += teleport() or i\n"
        "    return total\nx = f(4)"
    )
    try:
        sys.settrace(trace)
        stack = stack_of(source)
        names = stack.frames[-1].globals
        names["teleport"] = lambda: 0
        exec(frames.resume_code(stack, 10), names, names)
    finally:
        sys.settrace(before)
    assert names["x"] == 16


CLOSURES = """
def outer(argument):
    local, free = 2, 3
    def inner(own):
        place = teleport()
        seen.append(look())
        return (lambda: (own, free, argument, local)), place
    keep = inner(4)
    seen.append(look())
    return keep[0]()
result = outer(1)
"""


def test_variables_of_frames_that_are_still_in_their_call_can_be_looked_at_and_traced() -> None:
    traced: list[str] = []

    def look() -> dict[str, object]:
        return {**sys._getframe(2).f_locals, **sys._getframe(1).f_locals}

    def trace(frame: Any, event: str, argument: object) -> Any:
        traced.extend(frame.f_locals)
        return trace

    stack = stack_of(CLOSURES, seen=[], look=look)
    names = stack.frames[-1].globals
    before = sys.gettrace()
    try:
        sys.settrace(trace)
        exec(frames.resume_code(stack, None), names, names)
    finally:
        sys.settrace(before)
    assert names["result"] == (4, 3, 1, 2)
    seen: Any = names["seen"]
    assert {name: seen[0][name] for name in ("own", "free", "argument", "local")} == {
        "own": 4,
        "free": 3,
        "argument": 1,
        "local": 2,
    }
    assert {"own", "free"} <= set(traced)


def test_the_layout_of_a_resumed_frame_is_still_readable() -> None:
    stack = stack_of("def f(a, b):\n    teleport()\n    return look()\nseen = f(1, 2)")
    names = stack.frames[-1].globals
    names["look"] = lambda: (lambda raw: (raw.slot(0), raw.slot(1)))(RawFrame.of(sys._getframe(1)))
    exec(frames.resume_code(stack, None), names, names)
    assert names["seen"] == (1, 2)
