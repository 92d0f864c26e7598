"""Where sessions were started from this machine: a file with mode 0600 in the user's state directory.

Nothing secret is in it. What lets one go on with a session lies beside its supervisor, on its own machine,
where only who may log in as its user can read it.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TextIO

from pyteleport_jupyter.options import Options
from pyteleport_jupyter.remote.sessions_there import identifier_of
from pyteleport_jupyter.session.place import HOME, current_place
from pyteleport_jupyter.targets import Target
from pyteleport_jupyter.transports.requests import Landed

ENTRIES_LIMIT = 100
"""Most sessions remembered; the oldest are forgotten first."""

FILE_LIMIT = 1 << 20


@dataclass(frozen=True)
class Entry:
    """One session, as it was started: ``target`` as the user said it, ``python`` the interpreter found
    there.
    """

    id: str
    target: str
    python: str
    setup: str = ""
    via: str | None = None
    started: float = 0.0


def state_directory() -> Path:
    """Where programs of this user keep such things (XDG base directories)."""
    said = os.environ.get("XDG_STATE_HOME", "")
    base = Path(said) if os.path.isabs(said) else Path.home() / ".local" / "state"
    return base / "pyteleport"


def note(entry: Entry) -> None:
    """Remember ``entry``. A full disk or a home that cannot be written to must not stop a move."""
    with suppress(OSError), _opened() as file:
        kept = [each for each in _entries(file.read(FILE_LIMIT)) if each.id != entry.id]
        kept = [*kept, entry][-ENTRIES_LIMIT:]
        file.seek(0)
        file.truncate()
        json.dump([asdict(each) for each in kept], file, indent=1)


def noted() -> list[Entry]:
    """All that is remembered, oldest first."""
    try:
        with open(state_directory() / "sessions.json", encoding="utf-8") as file:
            return _entries(file.read(FILE_LIMIT))
    except OSError:
        return []


def known_places() -> list[Entry]:
    """The youngest entry of each target, youngest first: where one may look for sessions."""
    return list({entry.target: entry for entry in noted()}.values())[::-1]


@contextmanager
def _opened() -> Iterator[TextIO]:
    """The file, ours alone for a moment; made where there is none."""
    directory = state_directory()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(directory / "sessions.json", flags, 0o600), "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _entries(text: str) -> list[Entry]:
    """What is in the file; what is no entry of ours is left out."""
    try:
        found = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    return [entry for each in found if (entry := _entry(each))] if isinstance(found, list) else []


def _entry(record: Any) -> Entry | None:
    names = {field.name for field in fields(Entry)}
    try:
        entry = Entry(**{name: value for name, value in record.items() if name in names})
    except (AttributeError, TypeError):
        return None
    return entry if isinstance(entry.id, str) and isinstance(entry.target, str) else None


def remember(landed: Landed, target: Target, options: Options) -> None:
    """A session of this machine is about to live there. What leaves another machine is not noted on it:
    nothing may stay there.
    """
    if current_place().target == HOME:
        name = identifier_of(landed.directory)
        note(Entry(name, target.text, landed.python, options.setup, options.via, time.time()))
