"""How a kernel's end is noticed, and brought about where something keeps one that has said it would end."""

from __future__ import annotations

import time

from pyteleport_jupyter.remote.kernel_process import KernelProcess

SETTLE_SECONDS = 0.2
"""So long after the kernel's end its last messages may still be read."""

KERNEL_GRACE = 4.0
"""Seconds between asking a kernel that was the session to end and killing it. Long, because it may have
become a relay that has to tell a kernel further on; one that just ends is waited for no longer than that.
"""

SHUTDOWN_SECONDS = 5.0
"""So long a kernel that has replied to a shutdown request may take to end (the patience of jupyter_client,
``shutdown_wait_time``): a thread of the user's must not keep it for ever.
"""


class KernelEnd:
    """From the reply to a shutdown request, or an end that nobody has asked for, to what is told of it."""

    def __init__(self, kernel: KernelProcess) -> None:
        self._kernel = kernel
        self._exited_at: float | None = None
        self._overdue_at: float | None = None
        self._kill_at: float | None = None
        self._overdue = False

    @property
    def status(self) -> int | None:
        """What is told of it: that of one that was asked for and did not come is 0."""
        return 0 if self._overdue else self._kernel.status()

    def promised(self) -> None:
        """The kernel has replied to a shutdown request."""
        if self._overdue_at is None:
            self._overdue_at = time.monotonic() + SHUTDOWN_SECONDS

    def has_come(self) -> bool:
        """Whether the kernel has ended since this was asked last."""
        if self._kernel.status() is None or self._exited_at is not None:
            return False
        self._exited_at = time.monotonic()
        self._kill_at = None
        return True

    def deadlines(self, silent: bool) -> list[float]:
        """When :meth:`look` is wanted; ``silent``: all that the kernel has said is passed on."""
        times = [at for at in (self._overdue_at, self._kill_at) if at is not None]
        return [*times, self._exited_at + SETTLE_SECONDS] if self._exited_at is not None and silent else times

    def look(self) -> bool:
        """See to a kernel that something keeps: it ends as was asked for. Whether it was killed."""
        now = time.monotonic()
        if self._overdue_at is not None and now >= self._overdue_at:
            self._overdue_at = None
            if self._kernel.status() is None:
                self._overdue = True
                self._kernel.ask_to_end()
                self._kill_at = now + KERNEL_GRACE
        if self._kill_at is not None and now >= self._kill_at:
            self._kernel.end()
            return True
        return False

    def told(self, silent: bool) -> bool:
        """Whether now is the time to tell that it has come; once."""
        due = self._exited_at is not None and time.monotonic() >= self._exited_at + SETTLE_SECONDS and silent
        if due:
            self._exited_at = None
        return due
