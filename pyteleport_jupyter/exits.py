"""Notes what is registered with ``atexit``, which does not tell it to anybody: a program takes it along.

At the bottom of the package and loaded with it, since only what is registered from then on can be noted.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable
from typing import Any

Handler = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]

noted: list[Handler] = []
"""Everything that was registered since, in order, and not taken back."""

_register, _unregister = atexit.register, atexit.unregister


def register(function: Callable[..., Any], /, *arguments: Any, **keywords: Any) -> Callable[..., Any]:
    """``atexit.register``, noted."""
    registered = _register(function, *arguments, **keywords)
    noted.append((function, arguments, keywords))
    return registered


def unregister(function: Callable[..., Any]) -> None:
    """``atexit.unregister``, noted."""
    noted[:] = [handler for handler in noted if handler[0] != function]
    _unregister(function)


def watch() -> None:
    """Begin to note."""
    if atexit.register is _register:
        atexit.register, atexit.unregister = register, unregister


class _Spy:
    """Compared with every registered function by ``atexit.unregister``; equal to none."""

    def __init__(self) -> None:
        self.seen: list[Callable[..., Any]] = []

    def __eq__(self, other: object) -> bool:
        if callable(other):
            self.seen.append(other)
        return False

    __hash__ = None  # type: ignore[assignment]


def functions() -> list[Callable[..., Any]]:
    """All functions that are registered, noted or not, in no particular order."""
    spy = _Spy()
    _unregister(spy)  # type: ignore[arg-type]
    return spy.seen
