"""Signals between the last point where the cell can still be stopped and the relay's own handlers.

A KeyboardInterrupt, or whatever else a user's handler raises, would leave the kernel half taken apart. So
handlers are replaced by one that does nothing, and Python's wakeup descriptor writes the number of each
signal into a pipe which the relay inherits: not one is lost up to the system call itself. The signal mask
is no help, since it is each thread's own and any thread takes the signal.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from pyteleport_jupyter.relay.processes import read_numbers

Handler = Callable[[int, FrameType | None], Any] | int | signal.Handlers | None


@dataclass(frozen=True)
class NotedSignals:
    """Pipe with one byte for each signal that came; ``write_fd`` does not block."""

    read_fd: int
    write_fd: int

    def numbers(self) -> list[int]:
        """The signals noted so far, taken out of the pipe."""
        return read_numbers(self.read_fd)


def python_handlers() -> dict[int, Handler]:
    """The signals whose handlers are Python functions; exec would put them back to their default, death for
    most.
    """
    return {
        number: handler for number in signal.valid_signals() if callable(handler := signal.getsignal(number))
    }


@contextmanager
def signals_noted() -> Iterator[NotedSignals]:
    """From here on signals are noted and nothing else. Giving up puts the handlers back and delivers what
    was noted.

    They are noted twice: in the pipe for the relay, and in a list for the case that we give up, since a
    signal may still come when the pipe is closed and its handler is not back yet.
    """
    missed: list[int] = []
    read_fd, write_fd = os.pipe()
    os.set_blocking(read_fd, False)
    os.set_blocking(write_fd, False)
    noted = NotedSignals(read_fd, write_fd)
    handlers = python_handlers()
    wakeup = signal.set_wakeup_fd(write_fd, warn_on_full_buffer=False)
    try:
        for number in handlers:
            signal.signal(number, lambda number, frame: missed.append(number))
        yield noted
    finally:
        signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
        os.close(read_fd)
        os.close(write_fd)
        _put_back(handlers)
        # SIGINT last: what it raises would keep the others from being delivered.
        for number in sorted(missed, key=lambda number: number == signal.SIGINT):
            signal.raise_signal(number)


def _put_back(handlers: dict[int, Handler]) -> None:
    """Put all handlers back, SIGINT's last, whatever those that are back already raise meanwhile."""
    try:
        for number in sorted(handlers, key=lambda number: number == signal.SIGINT):
            signal.signal(number, handlers[number])
            del handlers[number]
    finally:
        if handlers:
            _put_back(handlers)


@contextmanager
def interrupts_postponed() -> Iterator[None]:
    """Within the block SIGINT only raises KeyboardInterrupt when the block is over. For what must be said to
    the far side before anything else happens, and takes no longer than a user waits for Ctrl-C.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if came:
            signal.raise_signal(signal.SIGINT)


def ready_for_exec() -> None:
    """Last act before exec: what must neither kill the relay before it has handlers nor reach it at all.

    SIGINT waits in the mask, which is inherited, until the relay takes it. Other signals that the user had
    handlers for (except SIGTERM: it shall end the relay) are ignored, which is inherited too. Timers
    survive exec and would kill.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    for number in python_handlers():
        if number not in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_IGN)
    for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
        signal.setitimer(timer, 0)
    signal.alarm(0)
