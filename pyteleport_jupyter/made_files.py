"""Files and folders that a restore makes, noted so that they can be taken away again should the move fail.

Whoever restores may be killed at any instruction, so the cleaning up is another's: the supervisor's, by a
journal in the session's own directory. Where nobody keeps one nothing is noted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from stat import S_ISDIR

JOURNAL_NAME = "made"

LARGEST_JOURNAL = 16 << 20

_journal: int | None = None


@contextmanager
def noting(directory: str) -> Iterator[None]:
    """Within the block what is made is noted in the journal of the session's ``directory``."""
    global _journal
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    _journal = os.open(os.path.join(directory, JOURNAL_NAME), flags, 0o600)
    try:
        yield
    finally:
        descriptor, _journal = _journal, None
        os.close(descriptor)


def file_grows(descriptor: int, path: str, size: int, made: bool) -> None:
    """To be called before the file of that ``path``, just opened, is written, up to ``size`` bytes; ``made``:
    it was not there.
    """
    before = None if made else os.fstat(descriptor).st_size
    _note(os.fstat(descriptor), path=path, size=size, before=before)


def make_folders(path: str) -> None:
    """As ``os.makedirs(path, exist_ok=True)``. Raises OSError."""
    if path and not os.path.isdir(path):
        make_folders(os.path.dirname(path))
        with suppress(FileExistsError):
            os.mkdir(path)
            _note(os.lstat(path), path=path)


def tree_made(path: str) -> None:
    """To be called for a folder that has just been made and in which all will be ours."""
    _note(os.lstat(path), path=path, tree=True)


def _note(status: os.stat_result, **facts: object) -> None:
    if _journal is not None:
        note = {"device": status.st_dev, "inode": status.st_ino, **facts}
        os.write(_journal, json.dumps(note).encode() + b"\n")


def undo(directory: str) -> None:
    """Take away again what the journal in ``directory`` tells of, newest first, as far as it is what was
    made.
    """
    try:
        with open(os.path.join(directory, JOURNAL_NAME), "rb") as file:
            lines = file.read(LARGEST_JOURNAL).split(b"\n")
    except OSError:
        return
    for line in reversed(lines[:-1]):
        with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
            _undo(json.loads(line))


def _undo(note: dict[str, object]) -> None:
    path, before = str(note["path"]), note.get("before")
    status = os.lstat(path)
    if (status.st_dev, status.st_ino) != (note["device"], note["inode"]):
        return
    if S_ISDIR(status.st_mode):
        _remove_folder(path, whole=bool(note.get("tree")))
    elif status.st_size > int(str(note["size"])):
        return  # Somebody else has written to it.
    elif before is None:
        os.unlink(path)
    elif status.st_size > int(str(before)):
        os.truncate(path, int(str(before)))


def _remove_folder(path: str, whole: bool) -> None:
    if whole:
        # Only here: a supervisor that need not do this does without it.
        import shutil

        shutil.rmtree(path, ignore_errors=True)
    else:
        os.rmdir(path)
