"""The loop of a kernel: what the user has in it moves, the machinery of the kernel stays."""

from __future__ import annotations

import asyncio
from typing import Any

from pyteleport_jupyter.loops.arrival import Clock, schedule
from pyteleport_jupyter.loops.obstacles import check_loop, package_of
from pyteleport_jupyter.loops.reading import KERNELS, is_kernels_task, task_called_by
from pyteleport_jupyter.loops.states import LoopState


def read_users_part(loop: Any) -> LoopState | None:
    """What ``loop`` has to do for the user; None if that is nothing. Raises TaskRefused or LoopRefused."""
    check_loop(loop, in_kernel=True)
    now = loop.time()
    tasks = tuple(task for task in asyncio.all_tasks(loop) if not is_kernels_task(task))
    ready = tuple(handle for handle in loop._ready if is_users(loop, handle))
    timers = tuple(timer for timer in loop._scheduled if is_users(loop, timer))
    if not (tasks or ready or timers):
        return None
    return LoopState(now, ready, timers, tasks, (), {}, (), False, 0)


def is_users(loop: Any, handle: Any) -> bool:
    """Whether a handle calls code of the user, or does something that a task of the user waits for."""
    function = handle._callback
    if function is None:
        return False
    task = task_called_by(function)
    if task is not None:
        return not is_kernels_task(task)
    if getattr(function, "__self__", None) is loop or package_of(function) in KERNELS:
        return False
    futures = [each for each in handle._args or () if isinstance(each, asyncio.Future)]
    return all(_is_users_future(each) for each in futures)


def _is_users_future(future: Any) -> bool:
    for function, _ in getattr(future, "_callbacks", None) or ():
        task = task_called_by(function)
        if is_kernels_task(task) if task is not None else package_of(function) in KERNELS:
            return False
    return True


def continue_in(loop: Any, state: LoopState) -> None:
    """Let a running loop do what another one had to do for the user.

    Its clock goes on from that of the other loop: the user's code may have kept points of time. What the
    loop had to do at some time of its own clock is put off or brought forward by as much.
    """
    before, loop.time = loop.time(), Clock(state.now)
    shift = loop.time() - before
    for timer in loop._scheduled:
        timer._when += shift
    schedule(loop, state)
