"""The private parts of ipykernel that a cut-over touches: one entry of a table for each series, and a
self-test.

ipykernel 7 hands a shell request through four places before it runs: the shell ROUTER, a task on the loop
of the "Shell channel" thread (``Kernel.shell_channel_thread_main``), an inproc PAIR to the main thread or
to a subshell, and two tasks there (``ipykernel.utils._async_in_context.run_in_context`` awaiting
``Kernel.shell_main``, which waits for the lock of its shell). A request may lie in any of them when the
kernel is replaced; all of them have to be looked through.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

ANSWER_SECONDS = 2.0
"""How long a service thread may take to answer; they only pass messages on, so this is generous."""


class PartsMissing(Exception):
    """This kernel is not built as the table says; the text says what differs."""


@dataclass(frozen=True)
class ShellQueue:
    """The way of requests into the main shell or into one subshell.

    ``loop`` is the tornado loop of the shell's thread; the main thread's loop stands still during a
    cut-over, since the cell that asked for it runs there.
    """

    name: str
    loop: Any
    stream: Any
    socket: Any
    lock: asyncio.Lock
    in_main_thread: bool


@dataclass(frozen=True)
class KernelParts:
    """Everything of a kernel that a cut-over reads, stops or closes."""

    kernel: Any
    app: Any
    shell_stream: Any
    shell_loop: Any
    control_stream: Any
    control_loop: Any
    control_lock: asyncio.Lock
    iopub: Any
    iopub_loop: Any
    stdin_socket: Any
    queues: tuple[ShellQueue, ...]
    outputs: tuple[Any, ...]
    request_code: CodeType


def _parts_of_seven(kernel: Any) -> KernelParts:
    """ipykernel 7: shellchannel.py, subshell_manager.py, iostream.py, utils.py."""
    thread = kernel.shell_channel_thread
    if thread is None or kernel.control_thread is None:
        raise PartsMissing("its channels are not served by threads of their own")
    manager = thread.manager
    pair = manager._shell_channel_to_main
    main = ShellQueue("main", kernel.io_loop, pair.to_stream, pair.to_socket, kernel._main_asyncio_lock, True)
    return KernelParts(
        kernel=kernel,
        app=kernel.parent,
        shell_stream=kernel.shell_stream,
        shell_loop=thread.io_loop,
        control_stream=kernel.control_stream,
        control_loop=kernel.control_thread.io_loop,
        control_lock=kernel._control_lock,
        # A stream since 7.2; either has close(linger=...).
        iopub=getattr(kernel.iopub_thread, "_xpub_stream", None) or kernel.iopub_thread.socket,
        iopub_loop=kernel.iopub_thread.io_loop,
        stdin_socket=kernel.stdin_socket,
        queues=(main, *_subshells(manager)),
        outputs=(kernel._stdout, kernel._stderr),
        request_code=_request_code(kernel),
    )


def _subshells(manager: Any) -> Iterator[ShellQueue]:
    with manager._lock_cache:
        cache = dict(manager._cache)
    for name, thread in cache.items():
        pair = thread.shell_channel_to_subshell
        yield ShellQueue(name, thread.io_loop, pair.to_stream, pair.to_socket, thread.asyncio_lock, False)


def _request_code(kernel: Any) -> CodeType:
    """The code of the coroutine that is made for each request of a shell: ``run_in_context``, in 7.0
    ``shell_main``.
    """
    from ipykernel import utils

    wrapper = getattr(utils, "_async_in_context", None)
    if wrapper is None:
        code: CodeType = kernel.shell_main.__func__.__code__
        return code
    for constant in wrapper.__code__.co_consts:
        names = constant.co_varnames if isinstance(constant, CodeType) else ()
        if "args" in names and "coro" in names:
            found: CodeType = constant
            return found
    raise PartsMissing("its requests are dispatched in another way")


PARTS: dict[int, Callable[[Any], KernelParts]] = {7: _parts_of_seven}
"""Major version of ipykernel: how its parts are found."""


def parts_of(kernel: Any) -> KernelParts:
    """Find the parts of a running kernel. Raises PartsMissing."""
    import ipykernel

    major = ipykernel.version_info[0]
    if major not in PARTS:
        raise PartsMissing(f"ipykernel {ipykernel.__version__} is not known")
    try:
        return PARTS[major](kernel)
    except (AttributeError, ImportError, TypeError, ValueError, LookupError) as error:
        raise PartsMissing(f"ipykernel {ipykernel.__version__} is built differently ({error})") from None


def call_in(loop: Any, function: Callable[[], Any], seconds: float = ANSWER_SECONDS) -> Any:
    """Run ``function`` on a service thread's loop and return its result. Raises PartsMissing when it does
    not answer.
    """
    done = threading.Event()
    results: list[Any] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:
            failures.append(error)
        done.set()

    loop.add_callback(run)
    if not done.wait(seconds):
        raise PartsMissing("one of its service threads does not answer")
    if failures:
        raise PartsMissing(f"{type(failures[0]).__name__}: {failures[0]}") from failures[0]
    return results[0]


def request_tasks(parts: KernelParts, queue: ShellQueue) -> list[Any]:
    """Coroutines of the requests already taken off the sockets by ``queue``, oldest first.

    Must run in the queue's own thread. Tasks are numbered when they are made (asyncio names them ``Task-N``).
    """
    tasks = [(task.get_name(), task.get_coro()) for task in asyncio.all_tasks(queue.loop.asyncio_loop)]
    requests = [(_number(name), c) for name, c in tasks if getattr(c, "cr_code", None) is parts.request_code]
    return [coroutine for _, coroutine in sorted(requests, key=lambda numbered: numbered[0])]


def _number(name: str) -> int:
    number = name.rpartition("-")[2]
    return int(number) if number.isdigit() else 0


def check_kernel(kernel: Any) -> str | None:
    """The self-test: why this kernel cannot be replaced by exec, or None when it can."""
    try:
        _check(kernel)
    except PartsMissing as reason:
        return str(reason)
    return None


def _check(kernel: Any) -> None:
    parts = parts_of(kernel)
    _check_process(parts)
    _check_sockets(parts)
    for loop in (parts.shell_loop, parts.control_loop, parts.iopub_loop):
        call_in(loop, lambda: None)
    _check_dispatch(parts)
    _check_relay()


def _check_process(parts: KernelParts) -> None:
    from ipykernel.kernelapp import IPKernelApp

    if not isinstance(parts.app, IPKernelApp) or parts.app.kernel is not parts.kernel:
        raise PartsMissing("it is part of another application")
    if threading.current_thread() is not threading.main_thread():
        raise PartsMissing("its cells do not run in the main thread")
    if not sys.executable or not os.access(sys.executable, os.X_OK):
        raise PartsMissing(f"its interpreter ({sys.executable}) cannot be started")


def _check_sockets(parts: KernelParts) -> None:
    from pyteleport_jupyter.relay.sockets import addresses_of, listening

    addresses = addresses_of(parts.app)
    missing = [name for name, address in addresses.items() if address not in listening()]
    if missing:
        raise PartsMissing(f"it does not listen for {', '.join(missing)}")


def _check_dispatch(parts: KernelParts) -> None:
    """The request that runs now must be found where the table says that requests run."""
    main = parts.queues[0]
    if not main.lock.locked():
        return
    running = [c for c in request_tasks(parts, main) if not is_waiting(c)]
    if not running:
        raise PartsMissing("its running request was not found")


def _check_relay() -> None:
    """What exec will need is there, and compiled: the relay then starts with files that were read a moment
    ago.
    """
    try:
        import pyteleport_jupyter.relay.program  # noqa: F401
    except ImportError as error:
        raise PartsMissing(f"the relay cannot be loaded ({error})") from error


def is_waiting(coroutine: Any) -> bool:
    """Whether nothing of the request has run yet, so that it can be done elsewhere instead."""
    if inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
        return True
    if coroutine.cr_frame is None:
        return False
    inner = coroutine.cr_frame.f_locals.get("coro", coroutine)
    if inspect.getcoroutinestate(inner) == inspect.CORO_CREATED:
        return True
    awaited = inner.cr_await
    if getattr(awaited, "cr_code", None) is asyncio.Lock.__aenter__.__code__:
        return True
    comm_task = inner.cr_frame.f_locals.get("comm_task") if inner.cr_frame else None
    return comm_task is not None and inspect.getcoroutinestate(comm_task.get_coro()) == inspect.CORO_CREATED


def request_of(coroutine: Any) -> list[bytes]:
    """The message, as frames, that a request's coroutine was made for."""
    found = coroutine.cr_frame.f_locals
    frames = found["args"][-1] if "args" in found else found["msg"]
    return [bytes(getattr(frame, "bytes", frame)) for frame in frames]
