"""What tests may ask of a host, whichever way it is made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import psutil


class Host(Protocol):
    """A running host. Paths and names are as seen on the host, unless they say otherwise."""

    name: str
    """Its ssh alias. Also its hostname, if ``has_own_system``."""
    user: str
    home: str
    runtime_directory: str
    ip: str
    """Address for ports that its processes open (such as a kernel's)."""
    python: str
    """Path of its interpreter."""
    has_own_system: bool
    """Whether hostname, users, files and processes are its own, and not those of the machine pytest runs on.
    """

    def command(self, argv: Sequence[str], options: Sequence[str] = ()) -> list[str]:
        """The command line that, run by pytest, runs ``argv`` on the host as its user."""

    def outside(self, path: str) -> Path:
        """Where a path of the host is found by pytest."""

    def processes(self) -> list[psutil.Process]:
        """What runs there, apart from the sshd that listens."""

    def listening(self) -> set[str]:
        """Sockets that accept connections, ``tcp 127.0.0.1:22`` or ``unix /path``, apart from sshd's."""

    def watched_folders(self) -> list[Path]:
        """Folders (as pytest finds them) in which something could be left behind."""

    def cut(self) -> None:
        """Pull the cable: packets vanish in both directions, no connection is closed."""

    def heal(self) -> None:
        """Put the cable back."""

    def kill_connections(self) -> None:
        """Reset every ssh connection to this host, on both ends, as a firewall would."""

    def log(self) -> str:
        """What its sshd has said."""

    def close(self) -> None:
        """Take it down with everything on it."""
