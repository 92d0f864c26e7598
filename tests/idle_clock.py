"""A clock that goes on while an event loop waits, and a millionth of a second when it is read.

So what happens after how long does not depend on the machine. An event loop reads ``time.monotonic`` and sleeps in
its selector (``BaseEventLoop.time`` and ``_run_once`` in asyncio/base_events.py, 3.11 to 3.14): those two are all
that has to be replaced. No two timers are due at the same time, for the loop does not say which of them comes
first. Each process starts at another time, as each host does.
"""

from __future__ import annotations

import selectors
import time
from typing import Any

TICK = 1e-6


def start() -> None:
    """From now on, and for all event loops of this process."""
    now = time.monotonic()
    look = selectors.DefaultSelector.select

    def wait(self: Any, timeout: float | None = None) -> list[Any]:
        nonlocal now
        ready = look(self, 0 if timeout is not None else None)
        if not ready and timeout is not None and timeout > 0:
            now += timeout
        return ready

    def read() -> float:
        nonlocal now
        now += TICK
        return now

    time.monotonic = read
    selectors.DefaultSelector.select = wait  # type: ignore[method-assign]
