"""What sets the user's terminal right if the relay is killed: a child that waits for that, and does nothing
else.

While a program runs elsewhere its terminal is raw here. Who is killed by SIGKILL can put back nothing, and
the shell behind shows a prompt that echoes nothing.
"""

from __future__ import annotations

import os
import resource
import signal
import termios
from contextlib import suppress
from typing import Any, NoReturn

SANE = b"\x1b[?2004l\x1b[?1000l\x1b[?1049l\x1b[?1l\x1b>\x1b[?25h\x1b[0m\x1b[K"
"""No pasting in brackets, no mouse, the usual screen and keys, a cursor, no colours: what full-screen
programs and prompts leave behind that cannot say farewell (xterm's control sequences).
"""

HINT = "if the terminal looks strange, type: reset"

IGNORED = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP, signal.SIGTTOU)


class TerminalGuard:
    """Watches over the terminal behind descriptor 0 until :meth:`dismiss`."""

    def __init__(self, words: str) -> None:
        """``words``: what the user is told if this process is killed. Must be called while the process has
        one thread. A system that refuses a process has to do without.
        """
        self._alive: int | None = None
        with suppress(OSError, termios.error):
            attributes = termios.tcgetattr(0)
            watched, self._alive = os.pipe()
            pid = os.fork()
            if pid == 0:
                _watch(watched, attributes, words)
            os.close(watched)

    def dismiss(self) -> None:
        """The terminal is as it was."""
        if self._alive is not None:
            with suppress(OSError):
                os.write(self._alive, b".")
            os.close(self._alive)
            self._alive = None


def _watch(watched: int, attributes: list[Any], words: str) -> NoReturn:
    try:
        for number in IGNORED:
            signal.signal(number, signal.SIG_IGN)
        limit = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 4096)
        os.closerange(3, watched)
        os.closerange(watched + 1, limit)
        if not os.read(watched, 1):
            termios.tcsetattr(0, termios.TCSADRAIN, attributes)
            os.write(0, SANE + f"\r\n[pyteleport] {words}; {HINT}\r\n".encode())
    finally:
        os._exit(0)
