"""The table of reducers: what travels in a way of its own, what is rebuilt, what is refused and why.

A reducer takes ``(object, Reduction)`` and returns what ``pickle`` calls a reduce value (a tuple of two to
six parts, see "object.__reduce__" in the documentation of pickle), a name, or ``NotImplemented`` for pickle's
own way.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

Reducer = Callable[[Any, Any], Any]
"""Takes the object and the ``Reduction``: not named here, since that looks reducers up in this table."""
ReducerKind = TypeVar("ReducerKind", bound=Reducer)


class CannotMove(pickle.PicklingError):
    """An object that cannot travel; ``reason`` is a clause for the user, without the object's name."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Row:
    """One line of the table. ``kind`` is a type, or ``module.qualname`` of one that need not be imported."""

    kind: type | str
    reducer: Reducer
    subclasses: bool


_rows: dict[type | str, Row] = {}


def reduces(*kinds: type | str, subclasses: bool = False) -> Callable[[ReducerKind], ReducerKind]:
    """Enter the decorated reducer for ``kinds``, and for their subclasses if asked.

    The nearest class of the method resolution order wins. What is entered later replaces what was there, so
    that users can have their own reducers.
    """

    def enter(reducer: ReducerKind) -> ReducerKind:
        for kind in kinds:
            _rows[kind] = Row(kind, reducer, subclasses)
        return reducer

    return enter


def refuses(reason: str, *kinds: str, subclasses: bool = True) -> None:
    """Enter ``kinds`` as never moved, for ``reason`` (a clause: ``"a network connection stays here"``)."""

    def refuse(refused: Any, reduction: Any) -> Any:
        raise CannotMove(reason)

    refuse.__doc__ = f"Refused: {reason}."
    reduces(*kinds, subclasses=subclasses)(refuse)


def rows() -> Iterator[Row]:
    """All lines of the table, in the order of entry."""
    return iter(tuple(_rows.values()))


def reducer_for(kind: type) -> Reducer | None:
    """The reducer that is entered for ``kind``, or None."""
    for ancestor in kind.__mro__:
        row = _rows.get(ancestor) or _rows.get(f"{ancestor.__module__}.{ancestor.__qualname__}")
        if row is not None and (row.subclasses or ancestor is kind):
            return row.reducer
    return None
