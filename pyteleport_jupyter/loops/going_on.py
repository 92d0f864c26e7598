"""How a loop goes on: the call that ran it is made again, by the frame that had made it, on a loop that has
the same to do."""

from __future__ import annotations

import asyncio
import functools
import heapq
import signal
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from pyteleport_jupyter import frames
from pyteleport_jupyter.frames import Stack
from pyteleport_jupyter.loops.arrival import Clock, cell_arrives, take_next_step
from pyteleport_jupyter.loops.reading import context_of, coroutine_of

Call = Callable[[], object]


@dataclass(frozen=True, eq=False)
class LoopCall:
    """A call of user code that runs a loop until something is done.

    ``how``: ``run``, ``Runner.run``, ``run_until_complete``, ``run_forever``; ``future``: what it waits for;
    ``runner``: of ``Runner.run``; ``options``: of ``run``.
    """

    how: str
    future: Any = None
    runner: Any = None
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, layers: list[tuple[str, FrameType]]) -> LoopCall | None:
        """The outermost of the calls that asyncio made, read from its frames; None if it is none of these."""
        names = {name: frame.f_locals for name, frame in layers}
        how = layers[-1][0]
        future = names.get("run_until_complete", {}).get("future")
        if how == "run":
            options = {name: names["run"].get(name) for name in ("debug", "loop_factory")}
            return cls(
                how, future, options={name: value for name, value in options.items() if value is not None}
            )
        if how == "Runner.run":
            return cls(how, future, names["Runner.run"]["self"])
        return cls(how, future) if how in ("run_until_complete", "run_forever") else None

    def again(self, loop: Any) -> Call:
        """The same call, for a loop that has come in place of the first one."""
        if self.how == "run_forever":
            return functools.partial(loop.run_forever)
        if self.how == "run_until_complete":
            return functools.partial(loop.run_until_complete, self.future)
        _leave_interrupts_to_runner()
        _give_task(loop, self.future)
        if self.how == "Runner.run":
            if self.runner._set_event_loop:
                asyncio.set_event_loop(loop)
            return functools.partial(self.runner.run, coroutine_of(self.future))
        options = dict(self.options)
        if "loop_factory" in options:
            options["loop_factory"] = lambda: loop
        else:
            _give_loop(loop)
        return functools.partial(asyncio.run, coroutine_of(self.future), **options)


def _leave_interrupts_to_runner() -> None:
    """The handler of the first runner may have come along; the runner that is about to start sets its own,
    but only in place of the usual one."""
    handler: Any = signal.getsignal(signal.SIGINT)
    if getattr(getattr(handler, "func", None), "__func__", None) is asyncio.Runner.__dict__["_on_sigint"]:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _give_task(loop: Any, task: Any) -> None:
    """The next ``create_task`` of the loop, which is that of the runner, gives this task."""

    def create_task(coroutine: Any, **names: Any) -> Any:
        del loop.create_task
        return task

    loop.create_task = create_task


def _give_loop(loop: Any) -> None:
    """The next ``new_event_loop``, which is that of the runner, gives this loop."""
    events: Any = asyncio.events
    real = events.new_event_loop

    def new_event_loop() -> Any:
        events.new_event_loop = real
        return loop

    events.new_event_loop = new_event_loop


@dataclass(eq=False)
class Interlude:
    """What runs within a call that runs a loop (implements ``frames.Within``).

    ``now``: the clock of the loop; ``current``: the running task, or the handle whose function runs;
    ``left``: handles that the loop runs after it before it looks at its timers.
    """

    stack: Stack
    loop: Any
    now: float
    current: Any
    call: LoopCall
    left: int

    def enter(self, value: object, arrived: Call | None) -> Call:
        """The call that runs the loop again, with what was running first in its queue."""
        loop, queue = self.loop, self.loop._ready
        loop.time = Clock(self.now)
        now, later, timers = list(queue)[: self.left], list(queue)[self.left :], list(loop._scheduled)
        if now and _callback(now[-1]) is put_back:
            # It moved before in the same batch.
            _, kept, kept_timers = _arguments(now.pop())
            later, timers = [*kept, *later], [*kept_timers, *timers]
        queue.clear()
        loop._scheduled.clear()
        rest = asyncio.Handle(put_back, (loop, later, timers), loop, Context())
        queue.extend([first_handle(self.stack, self.current, value, arrived), *now, rest])
        return self.call.again(self.loop)


@dataclass(eq=False)
class Beside:
    """A task that goes on while the cell awaits (implements ``frames.Within``).

    ``waiting``: the coroutine of the cell, whose code IPython will run; ``waits_for``: the future that the
    cell waits for, or None.
    """

    stack: Stack
    current: Any
    waiting: Any
    waits_for: Any

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        cell_arrives(self.waiting)

    def enter(self, value: object, arrived: Call | None) -> Call:
        """The task is the next that the loop runs; what the cell calls is not asked for. What ``arrived``
        lets come is for the cell."""
        if arrived is not None:
            arrived()
        frames.hand_out(self.waiting, self.waits_for)
        if self.waits_for is not None:
            self.waits_for._asyncio_future_blocking = True
        loop: Any = asyncio.get_running_loop()
        loop._ready.appendleft(first_handle(self.stack, self.current, value))
        return [None].pop


@dataclass(eq=False)
class CancelledMeanwhile:
    """A task that moves was cancelled while it ran, perhaps by itself: it is to be told at its next await
    (implements ``frames.Within``, with no frames of its own)."""

    task: Any
    message: Any
    stack: Stack = field(default_factory=lambda: Stack(()))

    def enter(self, value: object, arrived: Call | None) -> Call:
        """What the innermost frame calls."""
        if arrived is not None:
            arrived()
        return functools.partial(cancel_and_return, self.task, self.message, frames.awaited(value))


def cancel_and_return(task: Any, message: Any, value: list[object]) -> object:
    """Called in the task itself."""
    task.cancel(message)
    return value.pop()


def _callback(handle: Any) -> Any:
    return handle._callback


def _arguments(handle: Any) -> Any:
    return handle._args


def put_back(loop: Any, handles: list[asyncio.Handle], timers: list[asyncio.TimerHandle]) -> None:
    """The last of what a loop runs before it looks at its timers again. What comes after that was kept from
    the loop, which runs all that is in its queue when it begins, and looks at its timers first."""
    loop._ready.extendleft(reversed(handles))
    for timer in timers:
        heapq.heappush(loop._scheduled, timer)


def first_handle(stack: Stack, current: Any, value: object, arrived: Call | None = None) -> asyncio.Handle:
    """What lets the frames of ``stack`` go on in the loop; the innermost call returns ``value``, and is the
    first that can be interrupted."""
    if isinstance(current, asyncio.Task):
        step, *arguments = take_next_step(current)
        frames.resume_call(stack, value, arrived)  # loads the coroutine, whose first step is that of the task
        return asyncio.Handle(step, tuple(arguments), current.get_loop(), context_of(current))
    current._callback, current._args = frames.resume_call(stack, value, arrived), ()
    return current  # type: ignore[no-any-return]
