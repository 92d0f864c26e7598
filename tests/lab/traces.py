"""What is on a host, as something that can be compared: to prove that nothing was left behind."""

from __future__ import annotations

import fnmatch
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from .hosts import Host

ORDINARY = (
    ".ipython*",  # IPython's profile and history
    ".cache/matplotlib*",
    ".config/matplotlib*",
    ".cache/fontconfig*",
    ".config",
    ".cache",
    ".cache/fish*",
    ".cache/jedi*",  # of completion
    ".cache/pyteleport-jupyter",
    ".cache/pyteleport-jupyter/rates.json",  # how fast links were: on the side that the user sits at
    ".cache/pyteleport-jupyter/package-*",  # ready to be sent, on that side too
    ".config/fish*",
    ".local",
    ".local/share",
    ".local/share/fish*",
    ".local/share/jupyter",
    ".local/share/jupyter/runtime",
    ".local/share/jupyter/nbsignatures.db",
    ".local/share/jupyter/notebook_secret",
    ".jupyter",
    ".jupyter/migrated",
    ".local/state",
    ".local/state/pyteleport",  # our record of where sessions were started
    ".local/state/pyteleport/sessions.json",
    ".bash_history",
    ".python_history",
    ".ssh/known_hosts*",
)
"""What any shell, IPython or matplotlib leaves in a home without us, and the record that ``%teleport list``
reads. Nothing else is allowed to stay.
"""

SETTLING_SECONDS = 15.0
"""How long a host may take to become clean again, by default."""


@dataclass(frozen=True)
class Traces:
    """Everything of a host that could be left over."""

    processes: frozenset[str]
    """``PID COMMAND LINE``"""
    files: frozenset[str]
    """Files, folders, sockets and links, by path on the host."""
    sockets: frozenset[str]

    def beyond(self, before: Traces) -> list[str]:
        """What is here and was not there, one line each; sockets of processes come with their process."""
        return [
            *(f"process {line}" for line in sorted(self.processes - before.processes)),
            *(f"file {path}" for path in sorted(self.files - before.files)),
            *(f"socket {name}" for name in sorted(self.sockets - before.sockets)),
        ]


def describe(process: psutil.Process) -> str | None:
    """``PID COMMAND LINE``, or None if it has just ended."""
    try:
        words = process.cmdline() or [process.name()]
        return f"{process.pid} {' '.join(words)[:200]}"
    except psutil.Error:
        return None


def entries(folder: Path) -> Iterator[tuple[Path, str]]:
    """(path, path relative to ``folder``) of everything below, without other filesystems mounted there."""
    try:
        device = folder.stat().st_dev
    except FileNotFoundError:
        return
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        with os.scandir(here) as found:
            for entry in found:
                status = entry.stat(follow_symlinks=False)
                if status.st_dev != device:
                    continue
                path = Path(entry.path)
                yield path, str(path.relative_to(folder))
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)


def is_ordinary(relative: str) -> bool:
    """Whether Jupyter and shells leave this without us."""
    return any(fnmatch.fnmatchcase(relative, pattern) for pattern in ORDINARY)


def traces(host: Host) -> Traces:
    """What is on the host now."""
    lines = {line for process in host.processes() if (line := describe(process))}
    root = str(host.outside("/")).rstrip("/")
    files = set()
    for folder in host.watched_folders():
        try:
            files |= {str(path).removeprefix(root) for path, name in entries(folder) if not is_ordinary(name)}
        except FileNotFoundError:
            # A folder vanished while it was read: read again.
            return traces(host)
    return Traces(frozenset(lines), frozenset(files), frozenset(host.listening()))


def leftovers(host: Host, before: Traces, seconds: float = SETTLING_SECONDS) -> list[str]:
    """What is on the host beyond ``before``, given some time to go away. Empty: clean."""
    deadline = time.monotonic() + seconds
    while (found := traces(host).beyond(before)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
