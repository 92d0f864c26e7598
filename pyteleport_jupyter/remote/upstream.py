"""The way from a teleported program to where it came from: the control socket of its supervisor."""

from __future__ import annotations

from pyteleport_jupyter.remote.control import Control

_control: Control | None = None


def connect(control: Control) -> None:
    """The program of this process has come over ``control``."""
    global _control
    _control = control


def control() -> Control | None:
    """The control socket, None for a program that is at home."""
    return _control
