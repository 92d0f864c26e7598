"""Interrupts for cells that are named: one that has not begun yet is stopped when it does, and one that is
over lets the next one alone.

Asked in the thread of the control channel, while cells run in the main thread. Each side first says what it
does and then looks at what the other one has said, so that one of them notices. What can still get lost on
the way to the user's code is asked for once more where that begins (IPython catches exceptions in callbacks),
and sent again until it is noticed: a signal that comes when the main thread has given up the interpreter, and
has not entered the system call it is about to sleep in, wakes nobody up.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

STOPS_LIMIT = 64
"""So many cells that have not begun may be stopped."""

PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
"""Seconds after which an interrupt that nobody has noticed is sent again: code in C may take its time."""


class Stops:
    """Those of one kernel. ``interrupt`` sends SIGINT to it and its children."""

    def __init__(self, interrupt: Callable[[], object]) -> None:
        self._interrupt = interrupt
        self._asked: deque[str] = deque(maxlen=STOPS_LIMIT)
        self._running: str | None = None
        self._noticed = False

    def ask(self, request: str) -> None:
        """Interrupt the cell that came with ``request``."""
        self._asked.append(request)
        if self._running == request:
            self._interrupt()
            threading.Thread(target=self._insist, args=(request,), name="stop", daemon=True).start()

    def _insist(self, request: str) -> None:
        for pause in PAUSES:
            time.sleep(pause)
            # With another handler, of the user's, nobody knows whether it was called.
            if self._noticed or self._running != request or signal.getsignal(signal.SIGINT) != self._notice:
                return
            with suppress(OSError):
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def _notice(self, number: int, frame: FrameType | None) -> None:
        self._noticed = True
        raise KeyboardInterrupt

    def trim(self, error: BaseException | None) -> None:
        """Take our own frame out of the traceback of ``error``."""
        entry = error.__traceback__ if error else None
        while entry is not None and entry.tb_next is not None:
            if entry.tb_next.tb_frame.f_code is Stops._notice.__code__:
                entry.tb_next = None
            else:
                entry = entry.tb_next

    @property
    def asked(self) -> bool:
        """Whether the cell that runs is to be interrupted."""
        return self._running in self._asked

    @contextmanager
    def can_stop(self, request: str) -> Iterator[None]:
        """Within the block that cell runs. Raises KeyboardInterrupt."""
        self._noticed = False
        self._running = request
        _take(signal.default_int_handler, self._notice)
        try:
            if self.asked:
                raise KeyboardInterrupt
            yield
        finally:
            self._running = None
            _take(self._notice, signal.default_int_handler)


def _take(before: Any, handler: Any) -> None:
    """Let ``handler`` have interrupts where ``before`` has them now."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) == before:
        signal.signal(signal.SIGINT, handler)
