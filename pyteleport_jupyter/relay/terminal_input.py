"""The user's terminal while a program runs elsewhere: raw, its size, whether in front, and as it was."""

from __future__ import annotations

import contextlib
import os
import signal
import termios
import tty
from typing import Any

from pyteleport_jupyter.wire.waiting import ready

INTERRUPT_BYTE = b"\x03"
READ_SIZE = 4096


class LocalTerminal:
    """The terminal behind stdin, if it is one. Only a process in front may touch it; one in the background
    waits until it is.
    """

    def __init__(self, is_terminal: bool) -> None:
        self.is_terminal = is_terminal
        self.is_raw = False
        self._saved: list[Any] | None = None
        if is_terminal:
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)

    @property
    def in_front(self) -> bool:
        """Whether its keys are for us."""
        if not self.is_terminal:
            return True
        try:
            return os.tcgetpgrp(0) == os.getpgrp()
        except OSError:
            return False

    def make_raw(self) -> None:
        """Every key goes to the far side as it is: the terminal there does what this one did."""
        if not self.is_terminal or self.is_raw or not self.in_front:
            return
        with contextlib.suppress(termios.error):
            self._saved = termios.tcgetattr(0)
            tty.setraw(0, termios.TCSADRAIN)
            self.is_raw = True

    def restore(self) -> None:
        """As it was before."""
        if self.is_raw and self._saved is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(0, termios.TCSADRAIN, self._saved)
        self.is_raw = False

    def typed_ahead(self) -> bytes:
        """Keys that nobody has read, as a terminal that is not raw gives them."""
        keys = b""
        while self.is_raw and ready([0], [], 0)[0] and (data := os.read(0, READ_SIZE)):
            keys += data
        return keys.replace(b"\r", b"\n")

    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        size = os.get_terminal_size(0)
        return size.lines, size.columns


def terminal_descriptor() -> int:
    """Where the user's terminal can be written to."""
    return next((number for number in (1, 2, 0) if _is_terminal(number)), 1)


def _is_terminal(number: int) -> bool:
    try:
        return os.isatty(number)
    except OSError:
        return False
