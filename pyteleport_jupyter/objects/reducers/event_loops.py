"""What runs in an event loop of asyncio: :mod:`pyteleport_jupyter.loops` knows how it goes on, entered in the
table."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterable
from contextvars import Context, ContextVar
from typing import Any

from pyteleport_jupyter.loops import arrival, reading
from pyteleport_jupyter.loops.capture import opening_of
from pyteleport_jupyter.loops.obstacles import check_loop, check_task
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces


@reduces(asyncio.Future, subclasses=True)
def reduce_future(future: asyncio.Future[Any], reduction: Reduction) -> Any:
    """Pending with what it will call, or done with its outcome."""
    made = (type(future), future.get_loop())
    return arrival.new_future, made, reading.read_future(future), None, None, arrival.future_arrives


@reduces(asyncio.Task, subclasses=True)
def reduce_task(task: asyncio.Task[Any], reduction: Reduction) -> Any:
    """Done, or with its coroutine and what it waits for."""
    if reading.is_kernels_task(task):
        raise CannotMove("it is the task in which the kernel runs its cells")
    if not task.done() and task is not reading.current_task(task.get_loop()):
        check_task(task)
    state = reading.read_task(task, opening_of(task, reduction.running))
    return arrival.new_future, (type(task), task.get_loop()), state, None, None, arrival.task_arrives


@reduces("_asyncio.FutureIter")
def reduce_wait(wait: Any, reduction: Reduction) -> Any:
    """What an ``await`` of a future holds."""
    futures = [each for each in gc.get_referents(wait) if isinstance(each, asyncio.Future)]
    if not futures:
        raise CannotMove("what it waited for is done")
    return iter_future, (futures[0],)


def iter_future(future: asyncio.Future[Any]) -> Any:
    """What an ``await`` asks a future for."""
    return future.__await__()


@reduces(asyncio.Handle, asyncio.TimerHandle)
def reduce_handle(handle: asyncio.Handle, reduction: Reduction) -> Any:
    """The function that a loop is to call."""
    state = reading.read_handle(handle)
    return arrival.new_handle, (type(handle),), state, None, None, arrival.handle_arrives


@reduces(asyncio.AbstractEventLoop, subclasses=True)
def reduce_loop(loop: Any, reduction: Reduction) -> Any:
    """A new loop with the same to do. (The loop of a kernel travels by name.)"""
    if loop.is_closed():
        return arrival.new_loop, (asyncio.SelectorEventLoop,), (None,), None, None, arrival.loop_arrives
    if loop.is_running() and loop is not asyncio._get_running_loop():
        raise CannotMove("another thread runs it")
    check_loop(loop)
    return arrival.new_loop, (type(loop),), (reading.read_loop(loop),), None, None, arrival.loop_arrives


@reduces(Context)
def reduce_context(context: Context, reduction: Reduction) -> Any:
    """A context with the same values."""
    return Context, (), [_readable(*item) for item in context.items()], None, None, fill_context


SETTING_DECIMAL = "decimal_context"
"""Name of the variable in which C keeps the context of ``decimal``; it can be reached by ``setcontext``
only."""


def _readable(variable: ContextVar[Any], value: Any) -> tuple[Any, Any]:
    decimal = sys.modules.get("decimal")
    if variable.name == SETTING_DECIMAL and decimal is not None and isinstance(value, decimal.Context):
        return SETTING_DECIMAL, value
    if type(value).__name__ == "PyCapsule":
        return None, None
    return variable, value


def fill_context(context: Context, items: Iterable[tuple[Any, Any]]) -> None:
    """Set the values in a new context."""
    context.run(_set_all, items)


def _set_all(items: Iterable[tuple[Any, Any]]) -> None:
    for variable, value in items:
        if variable == SETTING_DECIMAL:
            sys.modules["decimal"].setcontext(value)
        elif variable is not None:
            variable.set(value)
