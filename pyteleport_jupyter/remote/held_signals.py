"""Signals wait until a program is whole again.

A handler that raises while frames are being restored would raise in none of them: no ``except`` and no
``finally`` of the user would see it. The process that becomes the program has one thread, so its signal mask
holds them back, from before it starts to the innermost frame; then they come
(:data:`..scripts.arrived.LET_COME`).
"""

from __future__ import annotations

import signal
from typing import Final

LEFT_ALONE: Final = frozenset(
    {
        signal.SIGKILL, signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGCONT,
        signal.SIGCHLD, signal.SIGPIPE, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL,
        signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS,
    }
)  # fmt: skip
"""What cannot wait, belongs to the terminal's jobs, or tells of an error of the process itself."""


def hold() -> None:
    """From here on signals wait; also across ``exec``, and in children."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals() - LEFT_ALONE)
