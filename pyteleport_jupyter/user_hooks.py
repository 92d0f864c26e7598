"""What users add to a move: reducers of their own, and what is to be done before leaving and after arriving.

All of it travels with the session, so that it works in the next move too. A callback that fails before the
cut calls the move off; after it there is nothing to call off, so it is said where the cell prints.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pyteleport_jupyter.errors import HookFailed

Callback = TypeVar("Callback", bound=Callable[[], object])

_before_leaving: list[Callable[[], object]] = []
_after_arriving: list[Callable[[], object]] = []


def before_leave(callback: Callback) -> Callback:
    """Call ``callback()`` before each move, when nothing has been sent: to close what cannot come along.

    If it raises, nothing moves. If it returns a function, that is called, here, should the move fail.
    """
    return _registered(_before_leaving, callback)


def after_arrive(callback: Callback) -> Callback:
    """Call ``callback()`` on the far side of each move, before the cell goes on: to open it again."""
    return _registered(_after_arriving, callback)


def _registered(callbacks: list[Callable[[], object]], callback: Callback) -> Callback:
    if not callable(callback):
        raise TypeError(f"a function without arguments is wanted, not {callback!r}")
    if callback not in callbacks:
        callbacks.append(callback)
    return callback


def forget(callback: Callable[[], object]) -> None:
    """Do not call it any more."""
    for callbacks in (_before_leaving, _after_arriving):
        if callback in callbacks:
            callbacks.remove(callback)


@contextmanager
def leaving() -> Iterator[None]:
    """Around a move: calls what is to be called before it, and what that returned if the block fails.

    Raises HookFailed.
    """
    undo: list[Callable[[], object]] = []
    try:
        for callback in tuple(_before_leaving):
            undone = _call(callback)
            if callable(undone):
                undo.append(undone)
        yield
    except BaseException:
        for callback in reversed(undo):
            _call_and_tell(callback)
        raise


def arrived() -> None:
    """Calls what is to be called on the far side; what fails is told on stderr."""
    for callback in tuple(_after_arriving):
        _call_and_tell(callback)


def _call(callback: Callable[[], object]) -> object:
    try:
        return callback()
    except Exception as error:
        raise HookFailed(hook=_name(callback), reason=_words(error)) from error


def _call_and_tell(callback: Callable[[], object]) -> None:
    try:
        callback()
    except Exception as error:
        print(f"pyteleport: {_name(callback)} failed: {_words(error)}", file=sys.stderr)


def _name(callback: Callable[[], object]) -> str:
    return str(getattr(callback, "__qualname__", None) or type(callback).__qualname__)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def capture() -> dict[str, Any] | None:
    """All that was added, as it travels; None if that is nothing."""
    from pyteleport_jupyter.objects.user_reducers import registered

    state = {"before": list(_before_leaving), "after": list(_after_arriving), "reducers": registered()}
    return state if any(state.values()) else None


def restore(state: dict[str, Any]) -> None:
    """Add it here, in place of what a former visit of the session has left."""
    from pyteleport_jupyter.objects.user_reducers import register

    _before_leaving[:], _after_arriving[:] = state["before"], state["after"]
    register(state["reducers"])
