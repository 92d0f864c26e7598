"""The line of progress in a terminal: one line, written over, and gone when what it tells of is over."""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import suppress

from pyteleport_jupyter.errors import TeleportError
from pyteleport_jupyter.progress_line import SHORTEST_UPDATE, shipping_in_words
from pyteleport_jupyter.session import current_place
from pyteleport_jupyter.terminal_line import ERASE, TerminalLine, write_to_terminal


class TerminalProgress:
    """What the user reads of a move before it is one."""

    def __init__(self, host: str, *, quiet: bool, doing: str = "teleporting to") -> None:
        self._move = f"{doing} {host}"
        self._line = None if quiet else TerminalLine()
        self._finished: list[str] = []
        self._current, self._since, self._shown_at = "", 0.0, 0.0
        self._notes: list[str] = []

    def stage(self, name: str) -> None:
        """A stage begins."""
        if self._current:
            self._finished.append(f"{self._current} {time.monotonic() - self._since:.1f} s")
        self._current, self._since = name, time.monotonic()
        self.doing("")

    def shipped(self, total: int, sent: int) -> None:
        """``sent`` of ``total`` bytes have left; then they are made objects again there."""
        if self._current != "ship":
            self.stage("ship")
        if sent >= total:
            self.stage("restore")
        elif time.monotonic() - self._shown_at >= SHORTEST_UPDATE:
            self.doing(shipping_in_words(sent, total, time.monotonic() - self._since))

    def doing(self, words: str) -> None:
        """How far the stage is."""
        self._shown_at = time.monotonic()
        if self._line is not None:
            stages = " · ".join([*self._finished, f"{self._current} {words}".rstrip()])
            self._line.show(f"{self._move}: {stages} …")

    def note(self, sentence: str) -> None:
        """Something that the user should know of this move."""
        self._notes.append(sentence)

    def notes(self) -> list[str]:
        """What was noted."""
        return self._notes

    def clear(self) -> None:
        """The line is gone."""
        if self._line is not None:
            self._line.clear()

    def failed(self, error: TeleportError) -> None:
        """The error says all."""
        self.clear()


def say_end_of_cell(succeeded: bool) -> None:
    """In the midst of the terminal's bytes, where nothing that the cell printed comes behind it. Terminals
    show nothing of a command of the operating system (OSC) that they do not know.
    """
    stream = sys.__stdout__
    if stream is not None:
        with suppress(OSError, ValueError):
            stream.flush()
            os.write(stream.fileno(), f"\x1b]7077;pyteleport;{'ok' if succeeded else 'error'}\x07".encode())


END_OF_CELL = re.compile(r"\x1b\]7077;pyteleport;(ok|error)\x07")
"""What :func:`say_end_of_cell` says."""


def say_home() -> None:
    """The line of progress that the far side began ends here."""
    place = current_place()
    write_to_terminal(f"{ERASE}home again on {place.host} (pid {place.pid})\n".encode())
