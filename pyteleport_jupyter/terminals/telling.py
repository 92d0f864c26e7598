"""The line of progress in a terminal: one line, written over, and gone when what it tells of is over."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress

from pyteleport_jupyter.errors import TeleportError
from pyteleport_jupyter.session import current_place

ERASE = "\r\x1b[K"


class TerminalProgress:
    """Written to the terminal itself: what a cell's output is redirected to is the user's."""

    def __init__(self, host: str, *, quiet: bool) -> None:
        self._host = host
        self._quiet = quiet
        self._finished: list[str] = []
        self._current, self._since = "", 0.0
        self._notes: list[str] = []

    def stage(self, name: str) -> None:
        """A stage begins."""
        if self._current:
            self._finished.append(f"{self._current} {time.monotonic() - self._since:.1f} s")
        self._current, self._since = name, time.monotonic()
        self._write(f"{ERASE}teleporting to {self._host}: {' · '.join([*self._finished, name])} …")

    def note(self, sentence: str) -> None:
        """Something that the user should know of this move."""
        self._notes.append(sentence)

    def notes(self) -> list[str]:
        """What was noted."""
        return self._notes

    def clear(self) -> None:
        """The line is gone."""
        if self._current:
            self._write(ERASE)
            self._current = ""

    def failed(self, error: TeleportError) -> None:
        """The error says all."""
        self.clear()

    def _write(self, text: str) -> None:
        if self._quiet:
            return
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        with suppress(OSError), open("/dev/tty", "wb", buffering=0) as terminal:
            terminal.write(_fitting(text))


def say_home() -> None:
    """The line of progress that the far side began ends here."""
    place = current_place()
    with suppress(OSError), open("/dev/tty", "wb", buffering=0) as terminal:
        terminal.write(f"{ERASE}home again on {place.host} (pid {place.pid})\n".encode())


def _fitting(text: str) -> bytes:
    """No longer than the terminal's line: what wraps cannot be written over."""
    with suppress(OSError):
        text = text[: os.get_terminal_size(1).columns + len(ERASE) - 1]
    return text.encode()
