"""Instances of subclasses of containers and values of the standard library.

Their bases pickle them by calling the class (``cls(items)``, ``cls(year, ...)``) and putting items in with
its methods. Where the user has written ``__init__``, ``__new__`` or ``__setitem__`` that fails or, worse,
does something a second time; and many bases forget attributes. So the base's code alone makes and fills them.
"""

from __future__ import annotations

import collections
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

HEAP_TYPE = 1 << 9
"""``Py_TPFLAGS_HEAPTYPE``: the class was made by Python code (or as if)."""


def _nothing(obj: Any) -> Any:
    return ()


def _arguments(obj: Any) -> tuple[Any, ...]:
    """What the base itself would call the class with."""
    return tuple(base_of(type(obj)).__reduce_ex__(obj, 4)[1])


@dataclass(frozen=True)
class Making:
    """How objects of a base are made: ``base.__new__`` with ``given``, then ``fill`` with the other three, of
    which ``extra`` is what else it keeps outside of ``__dict__``.
    """

    given: Callable[[Any], tuple[Any, ...]] = _nothing
    items: Callable[[Any], list[Any]] = _nothing
    pairs: Callable[[Any], Any] = _nothing
    extra: Callable[[Any], Any] = lambda obj: None
    fill: Callable[[Any, list[Any], dict[Any, Any], Any], object] = lambda obj, items, pairs, extra: None


def _fill_ordered(obj: Any, items: list[Any], pairs: dict[Any, Any], extra: Any) -> None:
    for key, value in pairs.items():
        collections.OrderedDict.__setitem__(obj, key, value)


def _fill_defaults(obj: Any, items: list[Any], pairs: dict[Any, Any], factory: Any) -> None:
    collections.defaultdict.__init__(obj, factory)
    dict.update(obj, pairs)


FROM_ARGUMENTS = Making(given=_arguments)

MAKINGS: dict[str, Making] = {
    "builtins.set": Making(
        items=lambda obj: list(set.__iter__(obj)),
        fill=lambda obj, items, pairs, extra: set.update(obj, items),
    ),
    "builtins.frozenset": Making(given=lambda obj: (list(frozenset.__iter__(obj)),)),
    "builtins.bytearray": Making(
        extra=lambda obj: bytes(memoryview(obj)),
        fill=lambda obj, items, pairs, extra: bytearray.extend(obj, extra),
    ),
    "collections.deque": Making(
        items=lambda obj: list(collections.deque.__iter__(obj)),
        extra=lambda obj: obj.maxlen,
        fill=lambda obj, items, pairs, extra: collections.deque.__init__(obj, items, extra),
    ),
    "collections.OrderedDict": Making(
        pairs=lambda obj: collections.OrderedDict.items(obj), fill=_fill_ordered
    ),
    "collections.defaultdict": Making(
        pairs=dict.items, extra=lambda obj: obj.default_factory, fill=_fill_defaults
    ),
    "collections.Counter": Making(
        pairs=dict.items, fill=lambda obj, items, pairs, extra: dict.update(obj, pairs)
    ),
    "random.Random": Making(
        extra=lambda obj: base_of(type(obj)).getstate(obj),
        fill=lambda obj, items, pairs, extra: base_of(type(obj)).setstate(obj, extra),
    ),
    "datetime.date": FROM_ARGUMENTS,
    "datetime.datetime": FROM_ARGUMENTS,
    "datetime.time": FROM_ARGUMENTS,
    "datetime.timedelta": FROM_ARGUMENTS,
    "fractions.Fraction": Making(given=lambda obj: (obj.numerator, obj.denominator)),
    "decimal.Decimal": FROM_ARGUMENTS,
}
"""By the name of the base: not all are imported. Others are pickled by their classes well enough."""


def base_of(kind: Any) -> Any:
    """The base in :data:`MAKINGS` that makes objects of ``kind``; None if that is one of these itself, or if
    a class in between says how its objects are pickled, or is written in C.
    """
    base: Any = next((ancestor for ancestor in kind.__mro__ if _name(ancestor) in MAKINGS), None)
    if base is None or base is kind:
        return None
    between = kind.__mro__[: kind.__mro__.index(base)]
    if any(HOOKS & vars(each).keys() or not each.__flags__ & HEAP_TYPE for each in between):
        return None
    return base if kind.__reduce_ex__ is base.__reduce_ex__ and kind.__reduce__ is base.__reduce__ else None


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


HOOKS = frozenset(
    {"__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__"}
)
"""Methods by which a class says how it is pickled."""


def reduce_descendant(obj: Any, reduction: Any) -> Any:
    """Made and filled by the base's code; attributes and slots come along."""
    base = base_of(type(obj))
    making = MAKINGS[_name(base)]
    state: Any = object.__getstate__(obj)
    attributes, slots = state if type(state) is tuple else (state, None)
    content = (list(making.items(obj)), dict(making.pairs(obj)), (attributes, slots, making.extra(obj)))
    return make_descendant, (base, type(obj), *making.given(obj)), content, None, None, fill_descendant


def make_descendant(base: Any, kind: type, *given: Any) -> Any:
    """An object of ``kind`` as ``base`` makes it."""
    return base.__new__(kind, *given)


def fill_descendant(obj: Any, content: tuple[list[Any], dict[Any, Any], tuple[Any, Any, Any]]) -> None:
    """Put in items, attributes and slots, past the methods of its class."""
    items, pairs, (attributes, slots, extra) = content
    MAKINGS[_name(base_of(type(obj)))].fill(obj, items, pairs, extra)
    if attributes:
        object.__getattribute__(obj, "__dict__").update(attributes)
    for name, value in (slots or {}).items():
        object.__setattr__(obj, name, value)
