"""From states back to live tasks, futures, handles and loops.

While a pickle is loaded, empty ones are made, so that everything may refer to everything. When all is there,
:func:`finish_restore` fills them: C tells a task neither to start in the middle nor what it waits for, so
each task makes its first step here, in which its restored coroutine does nothing but yield the future that it
was waiting for. No user code runs, and nothing is put into the queue of a loop behind the user's back: the
loops are kept from scheduling meanwhile.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

from pyteleport_jupyter import frames
from pyteleport_jupyter.loops.reading import Nothing, count_one_task
from pyteleport_jupyter.loops.states import (
    Callback,
    FutureState,
    HandleState,
    LoopState,
    Opening,
    Outcome,
    Phase,
    TaskState,
)

MOST_COUNTED = 100_000
"""Most tasks that are made only so that the names of later ones go on counting."""


@dataclass
class _Arrivals:
    """What was made empty, with what it is to be."""

    futures: dict[int, tuple[Any, FutureState]] = field(default_factory=dict)
    tasks: dict[int, tuple[Any, TaskState]] = field(default_factory=dict)
    handles: dict[int, tuple[Any, HandleState]] = field(default_factory=dict)
    loops: dict[int, tuple[Any, LoopState | None]] = field(default_factory=dict)
    cells: list[Any] = field(default_factory=list)


_arrivals = _Arrivals()

_next_steps: dict[int, tuple[Any, ...]] = {}
"""By ``id`` of the running task: what makes its next step, with the arguments."""


def new_future(kind: type[Any], loop: Any) -> Any:
    """A pending future of a class, without asking the class. Of a task it is the part that others may wait
    for."""
    is_task = issubclass(kind, asyncio.Task)
    base: Any = asyncio.Task if is_task else asyncio.Future
    future = base.__new__(kind)
    asyncio.Future.__init__(future, loop=loop)
    return future


def future_arrives(future: Any, state: FutureState) -> None:
    """To be filled at the end."""
    _arrivals.futures[id(future)] = (future, state)


def task_arrives(task: Any, state: TaskState) -> None:
    """To be filled at the end."""
    _arrivals.tasks[id(task)] = (task, state)


def new_handle(kind: Any) -> Any:
    """An empty handle; a heap may compare it before it is filled."""
    return kind.__new__(kind)


def handle_arrives(handle: Any, state: HandleState) -> None:
    """To be filled at the end."""
    if state.when is not None:
        handle._when = state.when
    _arrivals.handles[id(handle)] = (handle, state)


def new_loop(kind: type[Any]) -> Any:
    """A loop with nothing to do."""
    return kind()


def loop_arrives(loop: Any, state: tuple[LoopState | None]) -> None:
    """To be filled at the end; None for one that is closed."""
    _arrivals.loops[id(loop)] = (loop, state[0])


def cell_arrives(coroutine: Any) -> None:
    """The suspended coroutine of a cell: its code is what IPython will run, so it must stay as it is."""
    _arrivals.cells.append(coroutine)


def abandon_restore() -> None:
    """To be called instead of :func:`finish_restore`, if loading failed."""
    global _arrivals
    _arrivals = _Arrivals()
    _next_steps.clear()
    frames.abandon_restore()


def finish_restore() -> None:
    """As ``frames.finish_restore``, and fill all that has to do with event loops."""
    global _arrivals
    arrived, _arrivals = _arrivals, _Arrivals()
    _next_steps.clear()
    for coroutine in arrived.cells:
        frames.hold_back(coroutine)
    for _, state in arrived.tasks.values():
        if state.future.outcome is Outcome.PENDING and not _is_primed_by_frames(state):
            frames.hold_back(state.coroutine)
    frames.finish_restore()
    _Filling(arrived).run()


def _is_primed_by_frames(state: TaskState) -> bool:
    return state.phase is Phase.READY and state.opening is None


@dataclass(frozen=True)
class _Filling:
    """One restore: ``steps`` makes the next step of a task, by its ``id``."""

    arrived: _Arrivals
    steps: dict[int, tuple[Any, ...]] = field(default_factory=dict)

    def run(self) -> None:
        loops = {id(each): each for each in self._loops()}
        with _collecting(loops.values()) as scheduled:
            for future, state in self.arrived.futures.values():
                _settle(future, state)
            for task, task_state in self.arrived.tasks.values():
                self._begin(task, task_state, scheduled)
            for task, task_state in self.arrived.tasks.values():
                self._go_to_phase(task, task_state, scheduled)
            for future, state in self._all_futures():
                self._add_callbacks(future, state.callbacks)
            self._wait_for_done(scheduled)
        for handle, handle_state in self.arrived.handles.values():
            self._fill_handle(handle, handle_state)
        for loop, loop_state in self.arrived.loops.values():
            fill_loop(loop, loop_state)

    def _loops(self) -> Iterator[Any]:
        for future in (*self.arrived.futures.values(), *self.arrived.tasks.values()):
            yield future[0].get_loop()

    def _all_futures(self) -> Iterator[tuple[Any, FutureState]]:
        yield from self.arrived.futures.values()
        yield from ((task, state.future) for task, state in self.arrived.tasks.values())

    def _begin(self, task: Any, state: TaskState, scheduled: list[Any]) -> None:
        loop = task.get_loop()
        coroutine = state.coroutine if state.coroutine is not None else Nothing()
        asyncio.Task.__init__(task, coroutine, loop=loop, name=state.name, context=state.context)
        self.steps[id(task)] = (scheduled.pop()[0],)
        task._log_destroy_pending = state.logs_destroy
        _settle(task, state.future)

    def _go_to_phase(self, task: Any, state: TaskState, scheduled: list[Any]) -> None:
        """All but the first step of those that wait, which belongs to the callbacks of what they wait for."""
        if state.future.outcome is not Outcome.PENDING:
            return
        if state.opening is not None:
            self._count_cancels(task, state, state.opening)
        if state.phase is Phase.READY:
            if state.opening is not None:
                frames.hand_out(state.coroutine, None)
                self._step(task)
                self.steps[id(task)] = (scheduled.pop()[0],)
            _cancel_again(task, state)
        if state.phase is Phase.RUNNING:
            _next_steps[id(task)] = self.steps[id(task)]

    def _count_cancels(self, task: Any, state: TaskState, opening: Opening) -> None:
        self._step(task)
        for _ in range(state.cancels - state.must_cancel):
            task.cancel()
        self.steps[id(task)] = (opening.wake_up, opening)

    def _step(self, task: Any) -> None:
        step, *arguments = self.steps[id(task)]
        with _as_if_loop_ran(task.get_loop()):
            step(*arguments)

    def _add_callbacks(self, future: Any, callbacks: Iterable[Callback]) -> None:
        for callback in callbacks:
            if callback.task is None:
                future.add_done_callback(callback.function, context=callback.context)
            else:
                self._wait(callback.task, future)

    def _wait(self, task: Any, future: Any) -> None:
        state = self.arrived.tasks[id(task)][1]
        frames.hand_out(state.coroutine, future)
        future._asyncio_future_blocking = True
        self._step(task)

    def _wait_for_done(self, scheduled: list[Any]) -> None:
        """Tasks whose future is done are called soon: what calls them comes from their first step."""
        for task, state in self.arrived.tasks.values():
            pending = state.future.outcome is Outcome.PENDING
            if pending and state.phase is Phase.WAITING and state.waits_for.done():
                self._wait(task, state.waits_for)
                callback, arguments, _ = scheduled.pop()
                self.steps[id(task)] = (callback, *arguments)
                _cancel_again(task, state)

    def _fill_handle(self, handle: Any, state: HandleState) -> None:
        task = state.callback.task
        given = (state.callback.function, *state.args) if task is None else self.steps[id(task)]
        function, *arguments = given
        if state.when is None:
            asyncio.Handle.__init__(handle, function, arguments, state.loop, state.callback.context)
        else:
            context = state.callback.context
            asyncio.TimerHandle.__init__(handle, state.when, function, arguments, state.loop, context)
        if state.cancelled:
            handle.cancel()


def _cancel_again(task: Any, state: TaskState) -> None:
    """What a task was not told of yet; before 3.13 it may also be a cancellation that was taken back."""
    if not state.must_cancel:
        return
    for _ in range(max(state.cancels - task.cancelling(), 1)):
        task.cancel(state.message)
    if task.cancelling() > state.cancels:
        task.uncancel()


def _settle(future: Any, state: FutureState) -> None:
    """Give a future without callbacks its outcome, not by the methods of its class (tasks have none)."""
    for name, value in state.attributes.items():
        object.__setattr__(future, name, value)
    if state.outcome is Outcome.RESULT:
        asyncio.Future.set_result(future, state.value)
    elif state.outcome is Outcome.EXCEPTION:
        asyncio.Future.set_exception(future, state.value)
        if not state.unseen:
            future._log_traceback = False
    elif state.outcome is Outcome.CANCELLED:
        asyncio.Future.cancel(future, state.value)


Scheduled = tuple[Any, tuple[Any, ...], Context | None]


@contextmanager
def _collecting(loops: Iterable[Any]) -> Iterator[list[Scheduled]]:
    """What tasks and futures want to be called soon goes into a list instead of the queues of their loops."""
    scheduled: list[Scheduled] = []

    def call_soon(callback: Any, *arguments: Any, context: Context | None = None) -> None:
        scheduled.append((callback, arguments, context))

    loops = list(loops)
    for loop in loops:
        loop.call_soon = call_soon
    try:
        yield scheduled
    finally:
        for loop in loops:
            del loop.call_soon


@contextmanager
def _as_if_loop_ran(loop: Any) -> Iterator[None]:
    """A step of a task is refused while another task of its loop is running, or (3.14) while the loop is
    not."""
    running = asyncio._get_running_loop()
    current = asyncio.current_task(loop) if running is loop else None
    tasks: Any = asyncio.tasks
    if current is not None:
        tasks._leave_task(loop, current)
    asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(running)
        if current is not None:
            tasks._enter_task(loop, current)


def take_next_step(task: Any) -> tuple[Any, ...]:
    """What makes the next step of the task that was running, with its arguments. Once only."""
    return _next_steps.pop(id(task))


@dataclass
class Clock:
    """The time of a loop that has come in place of another one. It goes on from ``now`` when it is first
    asked, so the move takes no time: what was to come in two seconds comes in two seconds."""

    now: float
    started: float | None = None

    def __call__(self) -> float:
        if self.started is None:
            self.started = time.monotonic()
        return self.now + time.monotonic() - self.started


def fill_loop(loop: Any, state: LoopState | None) -> None:
    """Give a new loop what another one had to do."""
    if state is None:
        loop.close()
        return
    loop.time = Clock(state.now)
    loop.set_debug(state.settings["debug"])
    loop.slow_callback_duration = state.settings["slow_callback_duration"]
    loop.set_exception_handler(state.settings["exception_handler"])
    loop.set_task_factory(state.settings["task_factory"])
    signals: Any = state.signals
    for number, handle in signals:
        loop.add_signal_handler(number, handle._callback, *handle._args)
    loop._asyncgens.update(state.generators)
    schedule(loop, state)
    if state.stopping:
        loop.stop()
    _count_tasks_up_to(state.task_number)


def schedule(loop: Any, state: LoopState) -> None:
    """Put handles into the queue of a loop, and timers, whose times are of the loop's clock."""
    loop._ready.extend(state.ready)
    for timer in state.timers:
        _schedule_timer(loop, timer)


def _schedule_timer(loop: Any, timer: Any) -> None:
    heapq.heappush(loop._scheduled, timer)
    timer._scheduled = True
    if timer.cancelled():
        loop._timer_cancelled_count += 1


def _count_tasks_up_to(number: int) -> None:
    for _ in range(min(number, MOST_COUNTED)):
        if count_one_task() >= number - 1:
            return
