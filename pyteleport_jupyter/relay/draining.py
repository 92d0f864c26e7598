"""Bringing the kernel's queues to rest (can be undone), and taking everything out of them (cannot)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import zmq

from pyteleport_jupyter.relay.kernel_internals import (
    KernelParts,
    PartsMissing,
    ShellQueue,
    call_in,
    is_waiting,
    parts_of,
    request_of,
    request_tasks,
)

REST_SECONDS = 3.0
"""How long requests that are being answered besides the cell (control, comms in subshells) may take to end.
"""
LOOK_SECONDS = 0.001
BUSY_SUBSHELL = "another cell is running in a subshell"
ABORT_MARKER = b"stop aborting"
"""A message of one frame which ipykernel sends to itself; it is no request."""


@contextmanager
def reception_stopped(parts: KernelParts) -> Iterator[None]:
    """No request is taken from the shell and control sockets any more; giving up sets reception going again.

    ZMQStream's ``on_recv`` looks for messages that came in between by itself (``_update_handler``).
    """
    streams = [(parts.shell_stream, parts.shell_loop), (parts.control_stream, parts.control_loop)]
    streams += [(queue.stream, queue.loop) for queue in parts.queues if not queue.in_main_thread]
    callbacks = [stream._recv_callback for stream, _ in streams]
    try:
        for stream, loop in streams:
            call_in(loop, stream.stop_on_recv)
        yield
    finally:
        for (stream, loop), callback in zip(streams, callbacks, strict=True):
            loop.add_callback(stream.on_recv, callback, copy=False)


def wait_for_subshells(parts: KernelParts) -> None:
    """Wait until no cell runs in a subshell. Raises PartsMissing: its thread would not answer, nor could it
    be moved.
    """
    subshells = [queue for queue in parts.queues if not queue.in_main_thread]
    _wait(lambda: not any(queue.lock.locked() for queue in subshells), BUSY_SUBSHELL)


def wait_for_rest(parts: KernelParts) -> None:
    """Wait until the service threads have passed on or answered all that they had. Raises PartsMissing.

    A request in a subshell that has begun cannot be moved: it would run twice, or end in the middle.
    """
    _wait(partial(_idle, parts.shell_loop), "its shell channel is busy")
    _wait(partial(_idle, parts.control_loop), "it is still answering on the control channel (a debugger?)")
    _wait(partial(_all_sent, parts), "its replies do not get out")
    for queue in parts.queues:
        if not queue.in_main_thread:
            _wait(partial(_at_rest, parts, queue), BUSY_SUBSHELL)
    if len(parts_of(parts.kernel).queues) != len(parts.queues):
        raise PartsMissing("a subshell has just been made or ended")


def _wait(condition: Callable[[], Any], otherwise: str) -> None:
    deadline = time.monotonic() + REST_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise PartsMissing(otherwise)
        time.sleep(LOOK_SECONDS)


SERVICE_COROUTINES = ("shell_channel_thread_main", "dispatch_control")
"""The methods of ipykernel 7's Kernel that the loops of its service threads run, one task for each message.
"""


def _idle(loop: Any) -> bool:
    """Whether no message is under way on a service thread's loop."""

    def busy() -> bool:
        coroutines = [task.get_coro() for task in asyncio.all_tasks(loop.asyncio_loop)]
        return any(getattr(c, "__name__", "") in SERVICE_COROUTINES for c in coroutines)

    return not call_in(loop, busy)


def _all_sent(parts: KernelParts) -> bool:
    return not call_in(parts.shell_loop, parts.shell_stream.sending)


def _at_rest(parts: KernelParts, queue: ShellQueue) -> bool:
    """Whether a subshell has nothing to do. Its thread is not asked while it is seen to be busy: it would
    not answer.
    """
    return not queue.lock.locked() and not call_in(queue.loop, partial(request_tasks, parts, queue))


def receive_all(socket: Any) -> list[list[bytes]]:
    """Every message that lies in a socket; to be called in the thread the socket belongs to."""
    messages: list[list[bytes]] = []
    try:
        while True:
            messages.append(socket.recv_multipart(zmq.NOBLOCK))
    except zmq.Again:
        return messages


def take_queued(parts: KernelParts) -> list[list[bytes]]:
    """The shell requests already taken off the network and not begun, oldest first for each shell.

    Those of subshells are taken in their own threads, which are idle.
    """
    taken: list[list[bytes]] = []
    for queue in parts.queues:
        if queue.in_main_thread:
            taken += _take(parts, queue)
        else:
            taken += call_in(queue.loop, partial(_take, parts, queue))
    return taken


def _take(parts: KernelParts, queue: ShellQueue) -> list[list[bytes]]:
    begun = [request_of(coroutine) for coroutine in request_tasks(parts, queue) if is_waiting(coroutine)]
    arrived = receive_all(queue.socket)
    return [message for message in begun + arrived if message != [ABORT_MARKER]]
