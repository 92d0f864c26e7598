"""The way from a teleported program to where it came from: the control socket of its supervisor."""

from __future__ import annotations

import os

from pyteleport_jupyter.remote.control import Control
from pyteleport_jupyter.remote.package_finder import served_from

_control: Control | None = None


def connect(control: Control) -> None:
    """The program of this process has come over ``control``."""
    global _control
    _control = control


def control() -> Control | None:
    """The control socket, None for a program that is at home."""
    return _control


def directory() -> str | None:
    """The directory of the session that this process is as a program, None at home."""
    package = served_from()
    return None if _control is None or package is None else os.path.dirname(package)
