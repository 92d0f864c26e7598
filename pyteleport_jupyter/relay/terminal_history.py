"""Lines that were typed at the prompt of a session that is elsewhere, written into the history here.

They are text from elsewhere for a database of texts: bounded, and nothing is ever run.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import Any

TYPED = "typed"
"""What the far side calls it."""

LINE_LIMIT = 32 << 10
"""Longest text of one cell that is written down."""

TOTAL_LIMIT = 8 << 20
"""Most text of all."""

SECONDS = 1.0
"""So long another IPython may hold the database."""

_ENTER = "INSERT OR REPLACE INTO history VALUES (?, ?, ?, ?)"
_COUNT = "UPDATE sessions SET end = datetime('now', 'localtime'), num_cmds = ? WHERE session = ?"


class TerminalHistory:
    """The database ``file``, in which the session has the number ``session`` (IPython/core/history.py)."""

    def __init__(self, file: str, session: int) -> None:
        self._file = file
        self._session = session
        self._room = TOTAL_LIMIT

    def note(self, command: dict[str, Any]) -> None:
        """Write down a line. What makes no sense, or finds no room, is left out."""
        line, source, raw = (command.get(name) for name in ("line", "source", "raw"))
        if not (isinstance(line, int) and isinstance(source, str) and isinstance(raw, str)):
            return
        size = len(source) + len(raw)
        if not 0 < line < 1 << 31 or size > 2 * LINE_LIMIT or size > self._room:
            return
        self._room -= size
        row = (self._session, line, source, raw)
        with suppress(sqlite3.Error), closing(sqlite3.connect(self._file, timeout=SECONDS)) as file, file:
            file.execute(_ENTER, row)
            file.execute(_COUNT, (line, self._session))
