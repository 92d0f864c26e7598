"""The history database at home: the session goes on in it under its old number, and what was typed elsewhere
is added.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any


def as_record(shell: Any) -> dict[str, Any]:
    """Where the session's lines are written, on the day of departure."""
    manager = shell.history_manager
    return {
        "file": str(manager.hist_file),
        "session": int(getattr(manager, "session_number", 0)),
        "enabled": bool(manager.enabled),
    }


def options(record: dict[str, Any]) -> list[str]:
    """For the kernel's command line: the same file, or none."""
    return [f"--HistoryManager.hist_file={record['file']}", f"--HistoryManager.enabled={record['enabled']}"]


def go_on(shell: Any, record: dict[str, Any]) -> None:
    """Give the new session number back and go on with the old one. A broken database must not keep a session
    from coming home.
    """
    manager = shell.history_manager
    if not record["enabled"] or record["file"] == ":memory:":
        return
    with suppress(Exception):
        number = record["session"]
        with manager.db_input_cache_lock:
            with manager.db as database:
                database.execute("DELETE FROM sessions WHERE session = ?", (manager.session_number,))
                # Its cell is stored once more when it goes on.
                lines = (number, shell.execution_count)
                database.execute("DELETE FROM history WHERE session = ? AND line >= ?", lines)
                last = database.execute("SELECT max(line) FROM history WHERE session = ?", (number,))
                known = last.fetchone()[0] or 0
            manager.session_number = number
            manager.db_input_cache[:] = [row for row in manager.db_input_cache if row[0] > known]
        manager.writeout_cache()
