"""Signals wait until a program is whole again.

A handler that raises while frames are being restored would raise in none of them: no ``except`` and no
``finally`` of the user would see it. The process that becomes the program has one thread, so its signal mask
holds them back, from before it starts to the innermost frame; then they come
(:data:`..scripts.arrived.LET_COME`).

Runs in the first stage, too: a module in C in place of ``signal``, which is dear.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from typing import Final
else:
    import _signal

LEFT_ALONE: Final = frozenset(
    {
        _signal.SIGKILL, _signal.SIGSTOP, _signal.SIGTSTP, _signal.SIGTTIN, _signal.SIGTTOU, _signal.SIGCONT,
        _signal.SIGCHLD, _signal.SIGPIPE, _signal.SIGSEGV, _signal.SIGBUS, _signal.SIGFPE, _signal.SIGILL,
        _signal.SIGABRT, _signal.SIGTRAP, _signal.SIGSYS,
    }
)  # fmt: skip
"""What cannot wait, belongs to the terminal's jobs, or tells of an error of the process itself."""


def hold() -> None:
    """From here on signals wait; also across ``exec``, and in children."""
    _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals() - LEFT_ALONE)
