"""Signals between the last point where the cell can still be stopped and the relay's own handlers.

A KeyboardInterrupt, or whatever else a user's handler raises, would leave the kernel half taken apart. So
handlers are replaced by one that does nothing, and Python's wakeup descriptor writes the number of each
signal into a pipe which the relay inherits: not one is lost up to the system call itself. The signal mask
is no help, since it is each thread's own and any thread takes the signal.
"""

from __future__ import annotations

import os
import signal
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


def _do_nothing(number: int, frame: FrameType | None) -> None:
    """The wakeup descriptor has noted the signal."""


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
    """
    read_fd, write_fd = os.pipe()
    os.set_blocking(read_fd, False)
    os.set_blocking(write_fd, False)
    noted = NotedSignals(read_fd, write_fd)
    handlers = python_handlers()
    wakeup = signal.set_wakeup_fd(write_fd, warn_on_full_buffer=False)
    try:
        for number in handlers:
            signal.signal(number, _do_nothing)
        yield noted
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
        missed = noted.numbers()
        os.close(read_fd)
        os.close(write_fd)
        for number in missed:
            signal.raise_signal(number)


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
