"""Move a live Python session, in the middle of a cell, to another machine.

Nothing heavy is imported here: the relay and the far side import rooms of this package in processes
that have neither IPython nor paramiko.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pyteleport_jupyter import exits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from IPython.core.interactiveshell import InteractiveShell

    from pyteleport_jupyter.excursion import Away
    from pyteleport_jupyter.interruption import Request
    from pyteleport_jupyter.inventory import Plan

__version__ = "0.1.0"
__all__ = [
    "after_arrive",
    "away",
    "bash_teleport",
    "before_leave",
    "fork",
    "load_ipython_extension",
    "parent",
    "plan",
    "reduces",
    "request_teleport",
    "teleport",
    "teleport_on",
]


def teleport(target: str, **options: object) -> None:
    """Go on with the running cell, and the whole session, on ``target``; returns on the far side.

    In a script, or at the prompt of ``python``, it is the running program that goes on there. Options are
    those of ``%teleport`` (``python``, ``setup``, ``via``, ``lease``, ``quiet``); for programs also
    ``abandon_threads`` (leave behind threads, which cannot move) and ``home`` (whether it may come home; if
    not said, it may where its own code names ``"home"``).
    Raises :class:`~pyteleport_jupyter.errors.TeleportError` here, with the session untouched, when the move
    fails.
    """
    if _in_shell():
        from pyteleport_jupyter.departure import depart
    else:
        from pyteleport_jupyter.scripts.setting_out import depart

    depart(target, **options)


def bash_teleport(*argv: str, python: str = "python3", before: str = "") -> None:
    """Go on with the running program wherever ``argv`` ends in a shell; returns there.

    The command line that starts us is appended to ``argv`` as its last argument, for that shell:
    ``bash_teleport("ssh", "cartesius", "conda activate py39;")``, or ``bash_teleport("bash", "-c")`` for a
    fresh process here. ``before`` is a shell line that is run ahead of it, ``python`` the interpreter there.
    Raises :class:`~pyteleport_jupyter.errors.TeleportError` here, with the program as it was, when the move
    fails.
    """
    if _in_shell():
        from pyteleport_jupyter.errors import NotInProgram

        raise NotInProgram(reason='in IPython it is %teleport "cmd:COMMAND" that does this')
    from pyteleport_jupyter.scripts.setting_out import depart_by

    depart_by(argv, python, before)


if "IPython" not in sys.modules:
    exits.watch()


def away(target: str, **options: Any) -> Away:
    """``with away("cartesius"): ...`` runs the block on ``target``; behind it the session is where it was.

    Also when the block raises: the exception goes on here. If there is no way back, the session goes on
    there, and says so on stderr. Options are those of :func:`teleport`.
    """
    from pyteleport_jupyter.excursion import Away

    return Away(teleport, target, options)


def fork(target: str | Sequence[str], n: int | None = None, **options: Any) -> Any:
    """A copy of the running program goes on on ``target``, and this one here; each is told which it is.

    As with ``os.fork`` the call returns twice: here a handle of the copy (:class:`.scripts.forks.Copy`:
    ``wait``, ``poll``, ``kill``, ``stdin``, ``stdout``, ``stderr``, ``send``, ``recv``), there None. With
    several targets, or ``n`` copies on one, it returns a list of handles here, and there the copy's number,
    from 0 on. Options are those of :func:`teleport`. Raises TeleportError, and then there is no copy.

    In a notebook it is the session that is copied, in the midst of the running cell: the handle is a
    :class:`.copies.Copy` (``id``, ``status``, ``wait``, ``kill``, ``detach``).
    """
    if _in_shell():
        from pyteleport_jupyter.copies import fork as make_copy

        return make_copy(target, n, options)
    from pyteleport_jupyter.scripts.forks import fork as make_copies

    return make_copies(target, n, options, sys._getframe(1))


def parent() -> Any:
    """In a copy: the program that it is a copy of, with ``send(object)`` and ``recv(timeout=None)``.

    What ``recv`` gets is unpickled. Both raise EOFError when the other side has ended, ``recv`` TimeoutError.
    """
    from pyteleport_jupyter.scripts.forks import parent as peer

    return peer()


def plan(target: str | None = None) -> Plan:
    """What a move of this session would take along, make again there, and leave behind; nothing is sent.

    An iterable of :class:`pyteleport_jupyter.inventory.Row` (``name``, ``type``, ``nbytes``, ``verdict``,
    ``reason``, ``path``) with totals, shown as a table by notebooks and consoles. With ``target`` it also
    tells the time that the bytes will take, if an earlier move there has measured the link. Raises
    TargetUnknown.
    """
    from pyteleport_jupyter.inventory import plan as take_stock

    return take_stock(target)


def _in_shell() -> bool:
    """Whether IPython runs here; it is not imported for this. One that was embedded in a program, and has
    been left, does not: it has let go of the builtins.
    """
    core = sys.modules.get("IPython.core.getipython")
    shell = None if core is None else core.get_ipython()
    return shell is not None and not (
        getattr(shell, "embedded", False) and not shell.builtin_trap._nested_level
    )


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


def reduces(*kinds: type | str, subclasses: bool = False) -> Any:
    """Let objects of these types move the way the decorated function says: as ``__reduce__`` would.

    See :func:`pyteleport_jupyter.objects.user_reducers.reduces`. A class can have a method
    ``__teleport_reduce__`` instead.
    """
    from pyteleport_jupyter.objects.user_reducers import reduces as enter

    return enter(*kinds, subclasses=subclasses)


def before_leave(callback: Any) -> Any:
    """Call ``callback()`` before each move; see :func:`pyteleport_jupyter.user_hooks.before_leave`."""
    from pyteleport_jupyter.user_hooks import before_leave as register

    return register(callback)


def after_arrive(callback: Any) -> Any:
    """Call ``callback()`` there after each move; see :func:`pyteleport_jupyter.user_hooks.after_arrive`."""
    from pyteleport_jupyter.user_hooks import after_arrive as register

    return register(callback)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext pyteleport_jupyter``: register ``%teleport``, and requests on the control channel."""
    from pyteleport_jupyter.magics import register

    register(shell)
