"""The running frames of a program that runs an event loop: those of the running task, and those around the
call that runs the loop. What asyncio has between them is called anew on the other side."""

from __future__ import annotations

import asyncio
import gc
import inspect
import itertools
import sys
from collections.abc import Iterator, Mapping
from contextvars import Context, copy_context
from dataclasses import replace
from types import CodeType, FrameType, FunctionType
from typing import Any, Final

from pyteleport_jupyter import frames
from pyteleport_jupyter.errors import LoopRefused
from pyteleport_jupyter.frames import FrameSnapshot, PlaceName, Stack
from pyteleport_jupyter.frames.layout import RawFrame, exception_below
from pyteleport_jupyter.frames.words import no_place_name
from pyteleport_jupyter.loops.going_on import Beside, CancelledMeanwhile, Interlude, LoopCall
from pyteleport_jupyter.loops.obstacles import check_loop
from pyteleport_jupyter.loops.reading import (
    awaited_by,
    coroutine_of,
    current_task,
    is_kernels_task,
    waiter_of,
    was_cancelled_before,
    words_of,
)
from pyteleport_jupyter.loops.states import Opening

_BASE: Final[Any] = asyncio.base_events.BaseEventLoop
_RUN_HANDLE: Final[CodeType] = asyncio.Handle._run.__code__

LAYERS: Final[dict[CodeType, str]] = {
    function.__code__: name
    for name, function in {
        "handle": asyncio.Handle._run,
        "run_once": _BASE._run_once,
        "run_forever": _BASE.run_forever,
        "run_until_complete": _BASE.run_until_complete,
        "Runner.run": asyncio.Runner.run,
        "run": asyncio.run,
    }.items()
    if isinstance(function, FunctionType)
}
"""The frames that asyncio has between the call that runs a loop and what the loop runs, from the inside."""


def capture_stack(
    top: FrameType,
    root: FrameType,
    base_exception: BaseException | None = None,
    place_name: PlaceName = no_place_name,
    at_instruction: bool = False,
) -> Stack:
    """As ``frames.capture_stack``, across an event loop that runs between the two frames.

    Raises TaskRefused and LoopRefused besides.
    """
    handle = _running_handle(top, root)
    if handle is None:
        return frames.capture_stack(top, root, base_exception, place_name, at_instruction)
    loop = asyncio.get_running_loop()
    now = loop.time()
    check_loop(loop)
    first = _called_by(handle, top)
    inner = _inside(loop, top, first, place_name, at_instruction)
    layers = _layers(handle)
    call = LoopCall.of(layers)
    around = layers[-1][1].f_back
    if call is None or around is None:
        raise LoopRefused(reason=f"{words_of_frame(layers[-1][1])} runs it in a way that is not known")
    outer = frames.capture_stack(around, root, base_exception or _exception_around(top, first), place_name)
    current: Any = current_task(loop) or layers[0][1].f_locals["self"]
    outer.within = Interlude(_with_opening(inner, current), loop, now, current, call, _left_in_batch(layers))
    return outer


def capture_beside(
    top: FrameType, waiting: Any, place_name: PlaceName = no_place_name, at_instruction: bool = False
) -> Stack:
    """The stack of the coroutine of a cell that is ``waiting``, while another task runs out to ``top``."""
    loop = asyncio.get_running_loop()
    current = current_task(loop)
    handle = _running_handle(top, None)
    if current is None or handle is None:
        raise LoopRefused(reason="it was not asked for in a task")
    inner = _inside(loop, top, _called_by(handle, top), place_name, at_instruction)
    root = frames.capture_suspended(waiting, place_name)
    awaiting = next(task for task in asyncio.all_tasks(loop) if waiting in awaited_by(task))
    return Stack((root,), Beside(_with_opening(inner, current), current, waiting, waiter_of(awaiting)))


def _inside(
    loop: Any, top: FrameType, first: FrameType, place_name: PlaceName, at_instruction: bool
) -> Stack:
    """The frames of what the loop runs. The coroutine of a task that only passes on its cancellation need not
    be in the chain."""
    current = current_task(loop)
    asked = coroutine_of(current) if current is not None else None
    stack = frames.capture_stack(top, first, None, place_name, at_instruction, asked)
    is_there = any(frame.generator is asked for frame in stack.frames)
    if current is not None and inspect.iscoroutine(asked) and not is_there:
        raise LoopRefused(reason=f"{words_of(current)} passes on an exception in a way that cannot be read")
    return stack


def words_of_frame(frame: FrameType) -> str:
    """How messages name a frame of a library."""
    return f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_qualname}"


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _running_handle(top: FrameType, root: FrameType | None) -> FrameType | None:
    for frame in _outwards(top):
        if frame.f_code is _RUN_HANDLE:
            return frame
        if frame is root:
            break
    return None


def context_around() -> Context:
    """A copy of the context of the code that runs the loop we are called in; of the current one if none runs,
    or if a kernel runs it."""
    handle = next((frame for frame in _outwards(sys._getframe(1)) if frame.f_code is _RUN_HANDLE), None)
    if handle is None or "ipykernel.kernelapp" in sys.modules:
        return copy_context()
    entered = handle.f_locals["self"]._context
    # An entered context refers to the one that was current before (Python/context.c, context_tp_traverse).
    before = next((each for each in gc.get_referents(entered) if isinstance(each, Context)), Context())
    return before.copy()


def _called_by(handle: FrameType, top: FrameType) -> FrameType:
    """The outermost frame of what the loop runs."""
    return next(frame for frame in _outwards(top) if frame.f_back is handle)


def _layers(handle: FrameType) -> list[tuple[str, FrameType]]:
    found = []
    for frame in _outwards(handle):
        if frame.f_code not in LAYERS:
            break
        found.append((LAYERS[frame.f_code], frame))
    return found


def _left_in_batch(layers: list[tuple[str, FrameType]]) -> int:
    """How many handles the loop still runs before it looks at its timers again."""
    names: Mapping[str, Any] = dict(layers)["run_once"].f_locals
    return int(names["ntodo"]) - int(names["i"]) - 1


def _exception_around(top: FrameType, first: FrameType) -> BaseException | None:
    inside = [*itertools.takewhile(lambda frame: frame is not first, _outwards(top)), first]
    return exception_below(each for frame in inside if (each := RawFrame.of(frame).generator) is not None)


def _with_opening(stack: Stack, current: Any) -> Stack:
    """A task that was cancelled before has to count that again before its coroutine goes on."""
    if not isinstance(current, asyncio.Task):
        return stack
    if getattr(current, "_must_cancel", False):
        stack.within = CancelledMeanwhile(current, getattr(current, "_cancel_message", None))
    if not was_cancelled_before(current):
        return stack
    *inner, root = stack.frames
    return replace(stack, frames=(*inner, frames.with_opening(root, Opening(current.get_loop()))))


def running_generators(stack: Stack | None) -> dict[int, FrameSnapshot]:
    """As ``frames.running_generators``, with the coroutines of the tasks that were cancelled before."""
    found = frames.running_generators(stack) if stack is not None else {}
    loop = asyncio._get_running_loop()
    for task in asyncio.all_tasks(loop) if loop is not None else ():
        coroutine = coroutine_of(task)
        if id(coroutine) not in found and was_cancelled_before(task) and not is_kernels_task(task):
            snapshot = frames.capture_suspended(coroutine)
            found[id(coroutine)] = frames.with_opening(snapshot, Opening(loop))
    return found


def opening_of(task: asyncio.Task[Any], running: Mapping[int, FrameSnapshot]) -> Opening | None:
    """What the coroutine of the task will yield first, if anything; raises LoopRefused if it should and
    cannot."""
    snapshot = running.get(id(coroutine_of(task)))
    if snapshot is not None and snapshot.action.opening:
        opening = snapshot.values[0]
        return opening if isinstance(opening, Opening) else None
    if was_cancelled_before(task):
        raise LoopRefused(reason=f"{words_of(task)} was cancelled, and goes on in a loop that does not run")
    return None
