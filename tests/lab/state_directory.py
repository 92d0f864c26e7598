"""Where a lab keeps its files, and how what a killed lab has left is found and removed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "pyteleport-lab-"
LOCK = "lock"


class StateDirectory:
    """A private folder, locked for as long as its owner lives.

    The lock is what tells a folder in use from one that was left: process ids mean nothing across namespaces.
    """

    def __init__(self) -> None:
        """Make it, after removing those of labs that were killed."""
        remove_abandoned()
        # Under a name that nobody looks for, until it is locked.
        made = Path(tempfile.mkdtemp(prefix=f".{PREFIX}"))
        self._lock = os.open(made / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.path = made.rename(made.with_name(made.name.removeprefix(".")))

    def remove(self) -> None:
        """Delete it with all its files."""
        shutil.rmtree(self.path)
        os.close(self._lock)


def remove_abandoned() -> None:
    """Delete our folders that nobody has locked."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            remove_if_abandoned(folder)


def remove_if_abandoned(folder: Path) -> None:
    """Delete ``folder`` if its lock can be had. Raises OSError otherwise, and where it is not ours."""
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(lock)
