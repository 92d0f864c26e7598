"""What a kernel that leaves its home notes for the day when it comes back."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from pyteleport_jupyter.homecoming import history
from pyteleport_jupyter.relay.onward import MOST_NAMES, named_in
from pyteleport_jupyter.relay.way_home import means_home
from pyteleport_jupyter.session.environment import environment_at_start
from pyteleport_jupyter.session.place import HOME, current_place
from pyteleport_jupyter.settings import STAYING, configured

PACKAGE = "pyteleport_jupyter"


def home_record(kernel: Any, home: bool | None) -> dict[str, Any] | None:
    """How the process of ``kernel`` becomes it again; None where it is not at home. JSON-able.

    ``home`` is what the user says about coming back, None: nothing.
    """
    if current_place().target != HOME:
        return None
    app = kernel.parent
    return {
        "python": sys.executable,
        "flags": interpreter_flags(),
        "environment": environment_at_start(),
        "connection_file": os.path.abspath(app.abs_connection_file),
        "profile": app.profile,
        "extension": PACKAGE in kernel.shell.extension_manager.loaded,
        "history": history.as_record(kernel.shell),
        "allowed": _allowed(kernel.shell) if home is None else home,
        "named": _named(kernel.shell),
        "options": {name: configured[name] for name in STAYING & configured.keys()},
    }


def _allowed(shell: Any) -> bool | None:
    """What the user has typed so far may say that it will come home; what is typed later may say it too."""
    return any(map(means_home, shell.history_manager.input_hist_raw)) or None


def _named(shell: Any) -> list[str]:
    """What the user may have said that it will go to."""
    said: set[str] = set().union(*map(named_in, shell.history_manager.input_hist_raw))
    return sorted(said)[:MOST_NAMES]


def interpreter_flags() -> list[str]:
    """The options that this interpreter was started with."""
    found: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    return found
