"""Named points at which the tests make things go wrong; nothing happens unless ``TELEPORT_FAULT`` says so.

``TELEPORT_FAULT=name[:nth][:action]`` with action ``raise`` (default), ``kill``, ``hang``, ``exit``,
``parent`` (which is killed) or ``children`` (all that have it for their parent are). The names are those of
the calls to :func:`fault`; the variable is read once, when the process starts.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable


class FaultInjected(OSError):
    """Raised at a fault point; an OSError, because what it stands for is one."""


def _raise(name: str) -> None:
    raise FaultInjected(f"fault injected at {name}")


def _kill_children(name: str) -> None:
    for task in os.listdir("/proc/self/task"):
        with open(f"/proc/self/task/{task}/children", encoding="ascii") as children:
            for child in children.read().split():
                os.kill(int(child), signal.SIGKILL)


_ACTIONS: dict[str, Callable[[str], object]] = {
    "raise": _raise,
    "kill": lambda name: os.kill(os.getpid(), signal.SIGKILL),
    "hang": lambda name: time.sleep(3600),
    "exit": lambda name: os._exit(9),
    "parent": lambda name: os.kill(os.getppid(), signal.SIGKILL),
    "children": _kill_children,
}

_wanted, _nth, _action = ([*os.environ.get("TELEPORT_FAULT", "").split(":"), "", ""])[:3]
_seen = 0


def fault(name: str) -> None:
    """Do what ``TELEPORT_FAULT`` asks for at the point ``name``; a comparison of two strings otherwise."""
    global _seen
    if name != _wanted:
        return
    _seen += 1
    if _seen == int(_nth or 1):
        print(f"fault {name}", file=sys.__stderr__)
        _ACTIONS[_action or "raise"](name)
