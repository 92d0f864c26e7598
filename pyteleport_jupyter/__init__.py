"""Move a live Python session, in the middle of a cell, to another machine.

Nothing heavy is imported here: the relay and the far side import rooms of this package in processes
that have neither IPython nor paramiko.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from pyteleport_jupyter.interruption import Request

__version__ = "0.1.0"
__all__ = ["load_ipython_extension", "request_teleport", "teleport", "teleport_on"]


def teleport(target: str, **options: object) -> None:
    """Go on with the running cell, and the whole session, on ``target``; returns on the far side.

    Options are those of ``%teleport`` (``python``, ``setup``, ``via``, ``lease``, ``quiet``).
    Raises :class:`~pyteleport_jupyter.errors.TeleportError` here, with the session untouched, when the move
    fails.
    """
    from pyteleport_jupyter.departure import depart

    depart(target, **options)


def request_teleport(target: str, **options: Any) -> Request:
    """Move what the main thread runs now to ``target``, at its next safe instruction, without its help.

    May be called from a signal handler and from any thread; returns at once. See
    :func:`pyteleport_jupyter.interruption.request_teleport`.
    """
    from pyteleport_jupyter.interruption import request_teleport as request

    return request(target, **options)


def teleport_on(signum: int, target: str, **options: Any) -> None:
    """When the signal comes, move what runs then to ``target``.

    See :func:`pyteleport_jupyter.interruption.teleport_on`.
    """
    from pyteleport_jupyter.interruption import teleport_on as order

    order(signum, target, **options)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext pyteleport_jupyter``: register ``%teleport``, and requests on the control channel."""
    from pyteleport_jupyter.magics import register

    register(shell)
