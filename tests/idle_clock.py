"""A clock that goes on only while an event loop waits: what happens after how long does not depend on the machine.

An event loop reads ``time.monotonic`` and sleeps in its selector (``BaseEventLoop.time`` and ``_run_once`` in
asyncio/base_events.py, 3.11 to 3.14), so those two are all that has to be replaced. Each process starts at another
time, as each host does.
"""

from __future__ import annotations

import selectors
import time
from typing import Any


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

    time.monotonic = lambda: now
    selectors.DefaultSelector.select = wait  # type: ignore[method-assign]
