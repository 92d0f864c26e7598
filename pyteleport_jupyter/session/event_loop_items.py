"""Items of the event loop: the user's tasks and timers in it, and the task in which the cell itself runs."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from pyteleport_jupyter.errors import LoopRefused
from pyteleport_jupyter.loops.arrival import new_future
from pyteleport_jupyter.loops.in_kernel import continue_in, read_users_part
from pyteleport_jupyter.loops.reading import context_of, coroutine_of
from pyteleport_jupyter.loops.states import LoopState
from pyteleport_jupyter.session.item import Item, Phase
from pyteleport_jupyter.session.running_cell import RunningCell, in_task_of_user


def capture_event_loop(shell: Any, cell: RunningCell | None) -> LoopState | None:
    """What the loop has to do for the user."""
    loop = asyncio._get_running_loop()
    state = None if loop is None else read_users_part(loop)
    if state is not None and cell is None:
        raise LoopRefused(reason="tasks wait in it, and no cell runs with which they could go on")
    if state is None or cell is None or cell.loop_time is None:
        return state
    return replace(state, now=cell.loop_time)


def restore_event_loop(shell: Any, state: LoopState) -> None:
    """Called when the cell goes on: not before may the tasks."""
    continue_in(asyncio.get_running_loop(), state)


def cell_task() -> asyncio.Task[Any] | None:
    """The task that ipykernel runs a cell with a top-level await in; user code may hold it
    (``current_task()``)."""
    loop: Any = asyncio._get_running_loop()
    code = InteractiveShell.run_cell_async.__code__
    tasks = asyncio.all_tasks(loop) if loop is not None else ()
    return next((task for task in tasks if getattr(coroutine_of(task), "cr_code", None) is code), None)


def in_context_of_cell(function: Callable[..., object], *arguments: Any) -> None:
    """Call ``function`` so that the context variables are those of the cell, also from a task that was made
    by an earlier one: ipykernel keeps in them which request it answers."""
    task = cell_task() if in_task_of_user() else None
    context = context_of(task) if task is not None else None
    if context is None:
        function(*arguments)
    else:
        context.copy().run(function, *arguments)


_arriving: list[tuple[asyncio.Task[Any], asyncio.AbstractEventLoop]] = []
"""The task of the cell that has arrived, if something refers to it, until ipykernel runs the cell."""


def arriving_cell_task() -> asyncio.Task[Any]:
    """The task that the cell will go on in: not begun, but with an identity."""
    if not _arriving:
        loop = asyncio.get_running_loop()
        _arriving.append((new_future(asyncio.Task, loop), loop))
    return _arriving[0][0]


def run_in_arriving_task(shell: Any) -> None:
    """Let the next cell with a top-level await run in the task that has arrived: ipykernel makes a task of
    what ``run_cell_async`` returns, which a task already is."""
    if not _arriving:
        return
    (task, loop), real = _arriving.pop(), shell.run_cell_async

    @functools.wraps(real)
    def run_cell_async(*arguments: Any, **names: Any) -> asyncio.Task[Any]:
        shell.__dict__.pop("run_cell_async", None)
        asyncio.Task.__init__(task, real(*arguments, **names), loop=loop)
        return task

    shell.run_cell_async = run_cell_async


def context_variables(shell: Any, streams: dict[str, object]) -> Iterator[tuple[str, ContextVar[Any]]]:
    """The variables of ipykernel, by name: tasks of the user carry them, as they tell which cell output is
    of."""
    kernel = getattr(shell, "kernel", None)
    parts = {"kernel": kernel, "displayhook": shell.displayhook, "display_pub": shell.display_pub, **streams}
    for part, owner in parts.items():
        for name, value in getattr(owner, "__dict__", {}).items():
            if isinstance(value, ContextVar):
                yield f"context variable:{part}.{name}", value


ITEMS: tuple[Item, ...] = (Item("event loop", Phase.RESUME, capture_event_loop, restore_event_loop),)
