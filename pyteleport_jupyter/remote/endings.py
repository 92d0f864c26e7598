"""The end of a process that was told to end."""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK_SECONDS = 0.002


def wait_for_end(has_ended: Callable[[], bool], seconds: float) -> None:
    """Until it has, or for so long."""
    deadline = time.monotonic() + seconds
    while not has_ended() and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
