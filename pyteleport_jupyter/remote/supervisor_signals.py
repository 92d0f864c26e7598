"""Signals of a supervisor: those that it passes on to a program, and those that wake it."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable

SIGNALS = frozenset(
    {
        signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP, signal.SIGCONT,
        signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGWINCH, signal.SIGKILL,
    }
)  # fmt: skip
"""Signals that are passed on."""


def wake_on_signals(terminate: Callable[..., None]) -> socket.socket:
    """A socket that becomes readable when a child changes or we are told to end."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    signal.set_wakeup_fd(theirs.detach(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, terminate)
    return ours
