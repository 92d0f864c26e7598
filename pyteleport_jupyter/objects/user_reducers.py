"""Reducers that users write: by type, or as a method of their classes. What they return is looked at."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from pyteleport_jupyter.objects import table
from pyteleport_jupyter.objects.table import CannotMove

METHOD = "__teleport_reduce__"
"""As ``__reduce__``, for moves only."""

Reduce = TypeVar("Reduce", bound=Callable[..., Any])


@dataclass(frozen=True)
class UserReducer:
    """A user's function as a row of the table; ``function`` takes the object, or the object and ours."""

    function: Callable[..., Any]
    takes_reduction: bool

    def __call__(self, obj: Any, reduction: Any) -> Any:
        """What the function returns. Raises CannotMove, naming it, if that is no reduce value."""
        arguments = (obj, reduction) if self.takes_reduction else (obj,)
        return checked(_name(self.function), lambda: self.function(*arguments))

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self.function.__doc__ or f"As {_name(self.function)} says."


@dataclass(frozen=True)
class Registered:
    """One call of :func:`reduces`."""

    kind: type | str
    function: Callable[..., Any]
    subclasses: bool


_registered: dict[type | str, Registered] = {}


def reduces(*kinds: type | str, subclasses: bool = False) -> Callable[[Reduce], Reduce]:
    """Let objects of these types travel the way the decorated function says.

    It gets the object and returns what ``__reduce__`` would: ``(callable, arguments)`` and, if wanted, a
    state. A type may be given as ``"module.Name"``. It counts for ``subclasses`` only if that is said.
    Numbers, strings and plain lists, tuples, dicts and sets cannot be had.
    """
    if not kinds or not all(isinstance(kind, type | str) for kind in kinds):
        raise TypeError('say the types: reduces(Connection), or reduces("module.Connection")')

    def enter(function: Reduce) -> Reduce:
        for kind in kinds:
            _enter(Registered(kind, function, subclasses))
        return function

    return enter


def _enter(entry: Registered) -> None:
    _registered[entry.kind] = entry
    adapter = UserReducer(entry.function, _takes_two(entry.function))
    table.reduces(entry.kind, subclasses=entry.subclasses)(adapter)


def registered() -> list[tuple[type | str, Callable[..., Any], bool]]:
    """All that users have entered, as plain tuples."""
    return [(entry.kind, entry.function, entry.subclasses) for entry in _registered.values()]


def register(entries: Iterable[tuple[type | str, Callable[..., Any], bool]]) -> None:
    """Enter them here."""
    for kind, function, subclasses in entries:
        _enter(Registered(kind, function, subclasses))


def reducer_of_class(kind: type) -> table.Reducer | None:
    """The reducer of a class that has a method ``__teleport_reduce__``, else None."""
    owner = next((ancestor for ancestor in kind.__mro__ if METHOD in vars(ancestor)), None)
    return None if owner is None else _reduce_by_method


def _reduce_by_method(obj: Any, reduction: Any) -> Any:
    kind = type(obj)
    return checked(f"{kind.__qualname__}.{METHOD}", lambda: getattr(kind, METHOD)(obj))


def checked(name: str, reduce: Callable[[], Any]) -> Any:
    """What ``reduce()`` gives. Raises CannotMove with ``name`` if it fails, or if pickle could not use it."""
    try:
        reduced = reduce()
    except (CannotMove, RecursionError):
        raise
    except Exception as error:
        raise CannotMove(f"its reducer {name} failed: {type(error).__name__}: {error}") from error
    fault = fault_of(reduced)
    if fault:
        raise CannotMove(f"its reducer {name} returned {fault}")
    return reduced


def fault_of(reduced: Any) -> str:
    """What is wrong with a reduce value, as a clause; empty if pickle can use it."""
    if reduced is NotImplemented or isinstance(reduced, str):
        return ""
    if not isinstance(reduced, tuple) or not 2 <= len(reduced) <= 6:
        return f"{_short(reduced)}, not a tuple of a callable and its arguments"
    if not callable(reduced[0]):
        return f"{_short(reduced[0])} as what makes the object, which cannot be called"
    if not isinstance(reduced[1], tuple):
        return f"{_short(reduced[1])} as arguments, not a tuple"
    return ""


def _short(obj: Any) -> str:
    text = (
        repr(obj)
        if isinstance(obj, int | float | str | bytes | tuple | type(None))
        else type(obj).__qualname__
    )
    return text if len(text) <= 60 else f"{text[:50]}…"


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        wanted = [
            each
            for each in inspect.signature(function).parameters.values()
            if each.default is each.empty and each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        return False
    return len(wanted) > 1


def _name(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__)
