"""How many bytes an object takes on the way, estimated without writing it, and without asking it."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Collection
from itertools import chain
from typing import Any

SCALARS: dict[type, int] = {
    int: 5, float: 9, complex: 40, bool: 1, type(None): 1, type(...): 4, type(NotImplemented): 4,
}  # fmt: skip
TEXTS = (str, bytes, bytearray)
ATOMS = frozenset((*SCALARS, *TEXTS))
HEAD = 3
"""What pickle writes around a text or container, and for a memo's entry."""
OBJECT = 24
"""What it writes around an object whose class it has met before, about."""
LONG_INTEGER = 1 << 63


def is_atom(obj: Any) -> bool:
    """Whether nothing is inside it and pickle writes it by itself."""
    return type(obj) in ATOMS


def of_atom(obj: Any) -> int:
    """Bytes in the stream (or beside it), about."""
    kind = type(obj)
    if kind is int and not -LONG_INTEGER < obj < LONG_INTEGER:
        return int.bit_length(obj) // 8 + HEAD
    return SCALARS[kind] if kind in SCALARS else len(obj) + HEAD


def is_flat(obj: Any) -> bool:
    """Whether ``obj`` is a container of the built-in types that holds atoms only."""
    inside = _inside(obj)
    return inside is not None and ATOMS.issuperset(map(type, inside()))


def of_object(obj: Any, reduced: Any) -> int:
    """Bytes that are not counted with the objects inside."""
    if type(obj) is pickle.PickleBuffer:
        return obj.raw().nbytes
    inside = _inside(obj)
    if inside is not None:
        return HEAD + len(obj) + _of_atoms(inside())
    if is_scattered(obj):
        return int(obj.nbytes)
    return OBJECT + _texts_in(reduced)


def is_scattered(obj: Any) -> bool:
    """Whether ``obj`` is a numpy array of plain numbers that is not one piece of memory."""
    kind = type(obj)
    if kind.__module__ != "numpy" or kind.__name__ != "ndarray":
        return False
    return not (obj.dtype.hasobject or obj.flags.c_contiguous or obj.flags.f_contiguous)


_PARTS: dict[type, Callable[[Any], Any]] = {
    list: iter,
    tuple: iter,
    set: iter,
    frozenset: iter,
    dict: lambda content: chain(content, content.values()),
}


def _inside(obj: Any) -> Callable[[], Any] | None:
    parts = _PARTS.get(type(obj))
    return None if parts is None else lambda: parts(obj)


def _of_atoms(values: Any) -> int:
    return sum(of_atom(value) for value in values if type(value) in ATOMS)


def _texts_in(reduced: Any) -> int:
    """Bytes that stand in a reduce value itself: arguments and state of many types are texts."""
    if not isinstance(reduced, tuple):
        return 0
    arguments: Collection[Any] = reduced[1] if type(reduced[1]) is tuple else ()
    state = reduced[2] if len(reduced) > 2 else None
    return _of_atoms((*arguments, state))
