"""Where this session is now, and where it came from."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass, replace
from typing import Any

HOME = "home"
"""Target of a session that has not moved."""

LOCAL = "local"
"""Target of a session in a fresh process on the host that it was on."""


@dataclass(frozen=True)
class Place:
    """One process that a session lives in: ``host`` for people, ``target`` as it was asked for, ``home`` =
    first host.
    """

    host: str
    target: str
    pid: int
    home: str

    def sentence(self) -> str:
        """``this session runs on cartesius (pid 17980), its home is laptop``."""
        where = f"in a process of its own on {self.host}" if self.target == LOCAL else f"on {self.host}"
        here = f"this session runs {where} (pid {self.pid})"
        return here if self.target == HOME else f"{here}, its home is {self.home}"


_place: Place | None = None


def current_place() -> Place:
    """The place of this process; its first one where nothing has moved."""
    if _place is not None:
        return replace(_place, pid=os.getpid())
    host = socket.gethostname()
    return Place(host=host, target=HOME, pid=os.getpid(), home=host)


def set_place(place: Place) -> None:
    """The session in this process has arrived at ``place``; its pid is that of this process."""
    global _place
    _place = replace(place, pid=os.getpid())


def place_at(target: str, host: str) -> Place:
    """Where the session of this process will be when it has moved to ``target``, which is called ``host``."""
    here = current_place()
    return Place(host=here.host if target == LOCAL else host, target=target, pid=0, home=here.home)


def own_directory() -> str | None:
    """The directory of the session that this kernel is, None where it is none of ours."""
    core = sys.modules.get("IPython.core.getipython")
    shell: Any = core.get_ipython() if core else None
    file = getattr(getattr(getattr(shell, "kernel", None), "parent", None), "abs_connection_file", None)
    return None if file is None else os.path.dirname(os.path.abspath(file))
