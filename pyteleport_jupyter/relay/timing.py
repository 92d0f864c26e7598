"""How long the relay of a kernel waits for what, in seconds."""

from __future__ import annotations

AFTER_BUSY = 0.05
"""Seconds between the far kernel's ``busy`` and an interrupt that had to wait for it. The kernel says busy
just before it puts its SIGINT handler in place (ipykernel kernelbase.py, ``pre_handler_hook``); an
interrupt in between would be ignored."""

AFTER_LINK = 0.2
"""Seconds between a new link and what had to wait for one: the far side says first what has ended there
meanwhile, and a Stop for a cell that is over must not hit the next one."""

SETTLE_SECONDS = 10.0
"""Longest wait for that ``busy``; then control messages pass as ever."""

SHUTDOWN_SECONDS = 3.0
"""How long a shutdown request waits for a lost link; managers lose patience after 5 s (jupyter_client,
``shutdown_wait_time``)."""
