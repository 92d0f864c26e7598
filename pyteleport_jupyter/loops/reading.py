"""From live tasks, futures, handles and loops to their states. Reads only.

Facts about asyncio used here (Modules/_asynciomodule.c, Lib/asyncio/base_events.py, 3.11 to 3.14): a task is
called by a ``TaskStepMethWrapper`` in the queue of its loop, or by its ``task_wakeup`` among the callbacks of
the future that it waits for; both know their task. ``_ready`` is the queue, ``_scheduled`` the heap of
timers.
"""

from __future__ import annotations

import asyncio
import collections.abc
import ctypes
import gc
import inspect
import re
import sys
from contextvars import Context
from types import CoroutineType
from typing import Any, Final

from pyteleport_jupyter.errors import TaskRefused
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

KERNELS: Final = frozenset({"ipykernel", "IPython", "tornado", "zmq", "jupyter_client", "pyteleport_jupyter"})
"""Packages whose tasks and callbacks are those of a kernel, where there is one: they stay, as there are
others over there."""

STEPS = frozenset({"TaskStepMethWrapper"})
WAKE_UPS = frozenset({"task_wakeup", "TaskWakeupMethWrapper"})


def task_called_by(function: Any) -> asyncio.Task[Any] | None:
    """The task whose next step ``function`` is; None for any other callable."""
    owner = getattr(function, "__self__", None)
    if not isinstance(owner, asyncio.Task):
        return None
    is_step = type(function).__name__ in STEPS or getattr(function, "__name__", "") in WAKE_UPS
    return owner if is_step else None


def read_callback(function: Any, context: Context | None) -> Callback:
    """Raises TaskRefused for a task that is about to be told of an error of its own making."""
    task = task_called_by(function)
    if task is None:
        return Callback(function, None, context)
    if any(isinstance(each, BaseException) for each in gc.get_referents(function)):
        raise TaskRefused(task=words_of(task), waits_for="an error that it is about to be told of")
    return Callback(None, task, context)


def read_future(future: asyncio.Future[Any]) -> FutureState:
    """The state of a future, or of the future in a task."""
    outcome, value, unseen = _outcome(future)
    entries: Any = getattr(future, "_callbacks", None) or ()
    # What waits in a kernel for a task of the user is there, too, when that goes on.
    read = [read_callback(*entry) for entry in entries if entry[0] is not _stops_loop]
    callbacks = [each for each in read if each.task is None or not is_kernels_task(each.task)]
    return FutureState(outcome, value, unseen, tuple(callbacks), attributes_of(future))


def attributes_of(future: asyncio.Future[Any]) -> dict[str, Any]:
    """What was set on a future; its class has no ``__dict__`` to be asked for."""
    return dict(_get_dict(future, None))


_get_dict = ctypes.pythonapi.PyObject_GenericGetDict
_get_dict.restype = ctypes.py_object
_get_dict.argtypes = (ctypes.py_object, ctypes.c_void_p)

_base_events: Any = asyncio.base_events
_stops_loop = _base_events._run_until_complete_cb
"""``run_until_complete`` adds it, and will again."""


def _outcome(future: asyncio.Future[Any]) -> tuple[Outcome, Any, bool]:
    if not future.done():
        return Outcome.PENDING, None, False
    if future.cancelled():
        return Outcome.CANCELLED, getattr(future, "_cancel_message", None), False
    # Not by result() and exception(): they would count as having looked.
    private: Any = future
    if private._exception is not None:
        return Outcome.EXCEPTION, private._exception, private._log_traceback
    return Outcome.RESULT, private._result, False


def read_task(task: asyncio.Task[Any], opening: Opening | None = None) -> TaskState:
    """The state of a task, done or not; ``opening``: what its coroutine will yield first."""
    waits_for = getattr(task, "_fut_waiter", None)
    return TaskState(
        future=read_future(task),
        coroutine=coroutine_of(task),
        name=task.get_name(),
        context=context_of(task),
        phase=_phase(task, waits_for),
        waits_for=waits_for,
        cancels=task.cancelling(),
        must_cancel=bool(getattr(task, "_must_cancel", False)),
        message=getattr(task, "_cancel_message", None),
        logs_destroy=bool(getattr(task, "_log_destroy_pending", True)),
        opening=opening,
    )


def was_cancelled_before(task: asyncio.Task[Any]) -> bool:
    """Whether the coroutine of a task that goes on was told of a cancellation, which the task still
    counts."""
    told = task.cancelling() - bool(getattr(task, "_must_cancel", False))
    return not task.done() and told > 0 and is_started(coroutine_of(task))


def _phase(task: asyncio.Task[Any], waits_for: Any) -> Phase:
    if task is current_task(task.get_loop()):
        return Phase.RUNNING
    if waits_for is None:
        return Phase.READY
    if not task.done() and not isinstance(waits_for, asyncio.Future):
        kind = f"a {type(waits_for).__module__}.{type(waits_for).__qualname__}"
        raise TaskRefused(task=words_of(task), waits_for=f"{kind}, which is no future of asyncio")
    return Phase.WAITING


def current_task(loop: Any) -> asyncio.Task[Any] | None:
    """The task of ``loop`` that is running, in the thread that is asked."""
    return asyncio.current_task(loop) if loop is asyncio._get_running_loop() else None


def context_of(task: asyncio.Task[Any]) -> Context | None:
    """The context that the steps of a task run in; 3.11 has no method for it."""
    if hasattr(task, "get_context"):
        found: Context = task.get_context()
        return found
    # TaskObj_traverse visits the context of the task before those of its callbacks.
    return next((each for each in gc.get_referents(task) if isinstance(each, Context)), None)


def coroutine_of(task: asyncio.Task[Any]) -> Any:
    """The coroutine of a task; None if it ended within the call that made the task (there 3.12.1's
    ``get_coro`` crashes)."""
    return getattr(task, "_coro", None)


def waiter_of(task: asyncio.Task[Any]) -> Any:
    """The future that a task waits for, or None."""
    return getattr(task, "_fut_waiter", None)


def awaited_by(task: asyncio.Task[Any]) -> list[Any]:
    """The coroutines of a task, each awaited by the one before."""
    found, coroutine = [], coroutine_of(task)
    while isinstance(coroutine, CoroutineType):
        found.append(coroutine)
        coroutine = coroutine.cr_await
    return found


def words_of(task: asyncio.Task[Any]) -> str:
    """How messages name a task."""
    coroutine: Any = coroutine_of(task)
    name = getattr(coroutine, "__qualname__", type(coroutine).__qualname__)
    return f"{task.get_name()} ({name})"


def read_handle(handle: asyncio.Handle) -> HandleState:
    """The state of a handle or timer."""
    private: Any = handle
    callback = read_callback(private._callback, private._context)
    when = handle.when() if isinstance(handle, asyncio.TimerHandle) else None
    return HandleState(private._loop, callback, tuple(private._args or ()), handle.cancelled(), when)


def read_loop(loop: Any) -> LoopState:
    """All that a loop of a program has to do, without what it runs at the moment."""
    return LoopState(
        now=loop.time(),
        ready=tuple(loop._ready),
        timers=tuple(loop._scheduled),
        tasks=tuple(asyncio.all_tasks(loop)),
        generators=tuple(loop._asyncgens),
        settings={
            "debug": loop.get_debug(),
            "slow_callback_duration": loop.slow_callback_duration,
            "exception_handler": loop.get_exception_handler(),
            "task_factory": loop.get_task_factory(),
        },
        signals=tuple(getattr(loop, "_signal_handlers", {}).items()),
        stopping=loop._stopping,
        task_number=next_task_number(),
    )


class Nothing(collections.abc.Coroutine[Any, Any, Any]):
    """The coroutine of tasks that are made to count."""

    def send(self, value: Any) -> Any:
        raise StopIteration

    def throw(self, *error: Any) -> Any:
        raise StopIteration

    def close(self) -> None:
        pass

    def __await__(self) -> Any:
        return iter(())


class _NoLoop:
    def call_soon(self, *arguments: Any, **names: Any) -> None:
        pass

    def get_debug(self) -> bool:
        return False


_last_read = (0, 0)
"""Number of the last task that was made to count, and what was told then."""


def next_task_number() -> int:
    """The N of the ``Task-N`` that the next task will be called. Telling takes one number, but not again
    while no other task is made."""
    global _last_read
    number, (last, told) = count_one_task(), _last_read
    _last_read = (number, told if number == last + 1 else number)
    return _last_read[1]


def count_one_task() -> int:
    """The number that a new task gets, which is never used."""
    task: Any = asyncio.Task(Nothing(), loop=_NoLoop())  # type: ignore[arg-type]
    task._log_destroy_pending = False
    found = re.fullmatch(r"Task-(\d+)", task.get_name())
    return int(found[1]) if found else 0


def is_started(coroutine: Any) -> bool:
    """Whether a coroutine has run at all."""
    return (
        isinstance(coroutine, CoroutineType) and inspect.getcoroutinestate(coroutine) != inspect.CORO_CREATED
    )


def is_kernels_task(task: asyncio.Task[Any]) -> bool:
    """Whether a task is the machinery of a kernel: that is told by where its coroutine was written."""
    coroutine: Any = coroutine_of(task)
    frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
    name = frame.f_globals.get("__name__", "") if frame is not None else ""
    return "ipykernel.kernelapp" in sys.modules and name.partition(".")[0] in KERNELS
