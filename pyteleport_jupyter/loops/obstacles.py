"""What cannot move because it goes on outside Python: threads, sockets, processes. Told by task, before
anything moves."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterable, Iterator
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType
from typing import Any, Final

from pyteleport_jupyter.errors import LoopRefused, TaskRefused
from pyteleport_jupyter.frames.priming import PREFIXES
from pyteleport_jupyter.loops.reading import KERNELS, coroutine_of, is_kernels_task, words_of

STAYS: Final[dict[str, str]] = {
    "asyncio.streams": "a network connection, or a pipe (a stream)",
    "asyncio.subprocess": "a process that was started here",
    "asyncio.base_subprocess": "a process that was started here",
    "asyncio.selector_events": "a socket",
    "asyncio.unix_events": "a pipe or process of this machine",
    "asyncio.sslproto": "a network connection",
    "asyncio.threads": "a thread (to_thread)",
    "asyncio.base_events": "a network connection or server",
}
"""Modules of asyncio whose coroutines wait for what stays here."""

LINKS_TO_EXECUTOR: Final = "_chain_future.<locals>._call_check_cancel"
"""Name of the callback that a future has which stands for one of a thread or process (asyncio.futures)."""


def check_loop(loop: Any, in_kernel: bool = False) -> None:
    """Raises TaskRefused or LoopRefused, naming the first thing in ``loop`` that cannot move."""
    if type(loop) is not asyncio.SelectorEventLoop:
        name = f"{type(loop).__module__}.{type(loop).__qualname__}"
        raise LoopRefused(reason=f"it is a {name}, and only asyncio's own loop can be continued")
    for task in asyncio.all_tasks(loop):
        if not (in_kernel and is_kernels_task(task)):
            check_task(task)
    watched = [
        function for function in _watching(loop) if not (in_kernel and package_of(function) in KERNELS)
    ]
    if watched:
        name = getattr(watched[0], "__qualname__", repr(watched[0]))
        raise LoopRefused(reason=f"it watches a connection, pipe or process of this machine ({name})")


def check_task(task: asyncio.Task[Any]) -> None:
    """Raises TaskRefused for one that waits for what stays here."""
    if not isinstance(coroutine_of(task), CoroutineType | GeneratorType):
        raise TaskRefused(
            task=words_of(task), waits_for=f"{coroutine_of(task)!r}, which is not written in Python"
        )
    for frame in waiting_frames(coroutine_of(task)):
        what = STAYS.get(frame.f_globals.get("__name__", ""))
        if what is not None:
            raise TaskRefused(task=words_of(task), waits_for=what)
    waits_for: Any = getattr(task, "_fut_waiter", None)
    for function, _ in getattr(waits_for, "_callbacks", None) or ():
        if getattr(function, "__qualname__", "") == LINKS_TO_EXECUTOR:
            raise TaskRefused(task=words_of(task), waits_for="a thread or process of an executor")


def waiting_frames(coroutine: Any) -> Iterator[FrameType]:
    """The frames of a suspended coroutine and of what it waits for, from the outside."""
    while type(coroutine) in PREFIXES:
        prefix = PREFIXES[type(coroutine)]
        frame = getattr(coroutine, prefix + "frame")
        if frame is not None:
            yield frame
        name = "gi_yieldfrom" if isinstance(coroutine, GeneratorType) else prefix + "await"
        coroutine = _driven(getattr(coroutine, name))


def _driven(awaited: Any) -> Any:
    """The async generator behind an ``asend()``."""
    if type(awaited).__name__ not in ("async_generator_asend", "async_generator_athrow", "coroutine_wrapper"):
        return awaited
    kinds = (AsyncGeneratorType, CoroutineType)
    return next((each for each in gc.get_referents(awaited) if isinstance(each, kinds)), None)


def _watching(loop: Any) -> Iterable[Any]:
    """What the loop calls when a file descriptor of this process is ready, without its own."""
    for key in loop._selector.get_map().values():
        for handle in key.data:
            if handle is not None and handle._callback != loop._read_from_self:
                yield handle._callback


def package_of(function: Any) -> str:
    """The package that a callable was written in."""
    while hasattr(function, "func"):
        function = function.func
    module = getattr(function, "__module__", None) or type(getattr(function, "__self__", None)).__module__
    return str(module).partition(".")[0]
