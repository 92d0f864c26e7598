"""One line at the terminal that tells how far something is: written over, and gone when it is over."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

ERASE = "\r\x1b[K"


class TerminalLine:
    """Written to the terminal itself: what a cell's output is redirected to is the user's."""

    def __init__(self) -> None:
        self._is_shown = False

    def show(self, text: str) -> None:
        """Show ``text`` in place of what was shown."""
        self._is_shown = True
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        write_to_terminal(ERASE.encode() + _fitting(text))

    def clear(self) -> None:
        """The line is gone."""
        if self._is_shown:
            self._is_shown = False
            write_to_terminal(ERASE.encode())


def write_to_terminal(text: bytes) -> None:
    """Past all streams; a process without a terminal says nothing."""
    with suppress(OSError), open("/dev/tty", "wb", buffering=0) as terminal:
        terminal.write(text)


def _fitting(text: str) -> bytes:
    """No longer than the terminal's line: what wraps cannot be written over."""
    with suppress(OSError):
        text = text[: os.get_terminal_size(1).columns - 1]
    return text.encode()
