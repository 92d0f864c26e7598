"""What of an object can change: for each kind of part how it is looked at, and how it is set in place.

A look holds the very objects inside, so two looks are the same where all inside is identical: no value is
compared, no code of the user runs. Only what keeps its contents in C without showing them is digested.
"""

from __future__ import annotations

import hashlib
import sys
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import is_
from types import CellType, FunctionType
from typing import Any

from pyteleport_jupyter.objects import names

Look = tuple[Any, ...]


@dataclass(frozen=True)
class Part:
    """``look(obj)`` is what is compared and sent; ``put(obj, look)`` makes another object look like that."""

    belongs: Callable[[Any], bool]
    look: Callable[[Any], Look]
    put: Callable[[Any, Look], None]


def same(before: Look, now: Look) -> bool:
    """Whether two looks hold the same objects in the same places (bytes: the same bytes)."""
    if len(before) == 1 and type(before[0]) is bytes:
        return before == now
    return len(before) == len(now) and all(map(is_, before, now))


def _put_list(obj: Any, look: Look) -> None:
    list.__setitem__(obj, slice(None), look)


def _look_dict(obj: Any) -> Look:
    kind = OrderedDict if isinstance(obj, OrderedDict) else dict
    return tuple(each for pair in kind.items(obj) for each in pair)


def _put_dict(obj: Any, look: Look) -> None:
    kind = OrderedDict if isinstance(obj, OrderedDict) else dict
    kind.clear(obj)
    for key, value in zip(look[::2], look[1::2], strict=True):
        kind.__setitem__(obj, key, value)


def _put_set(obj: Any, look: Look) -> None:
    set.clear(obj)
    set.update(obj, look)


def _put_deque(obj: Any, look: Look) -> None:
    deque.clear(obj)
    deque.extend(obj, look)


def _put_bytes(obj: Any, look: Look) -> None:
    bytearray.__setitem__(obj, slice(None), look[0])


def _attributes(obj: Any) -> Look:
    return tuple(each for pair in (names.attributes_of(obj) or {}).items() for each in pair)


def _put_attributes(obj: Any, look: Look) -> None:
    attributes = names.attributes_of(obj)
    if attributes is not None:
        _put_dict(attributes, look)


def slots_of(kind: type) -> tuple[str, ...]:
    """The names of all slots of instances of ``kind``."""
    slots = (vars(each).get("__slots__", ()) for each in kind.__mro__)
    found = (name for each in slots for name in ((each,) if isinstance(each, str) else each))
    return tuple(name for name in found if name not in ("__dict__", "__weakref__"))


def _slots(obj: Any) -> Look:
    found = ((name, getattr(obj, name)) for name in slots_of(type(obj)) if hasattr(obj, name))
    return tuple(each for pair in found for each in pair)


def _put_slots(obj: Any, look: Look) -> None:
    wanted = dict(zip(look[::2], look[1::2], strict=True))
    for name in slots_of(type(obj)):
        if name in wanted:
            object.__setattr__(obj, name, wanted[name])
        elif hasattr(obj, name):
            object.__delattr__(obj, name)


def _is_plain(obj: Any) -> bool:
    """Whether all that an instance has is in its attributes, slots and items."""
    kind = type(obj)
    own_state = getattr(kind, "__getstate__", None) is not getattr(object, "__getstate__", None)
    return names.reduces_by_default(kind) and not own_state and not hasattr(kind, "__setstate__")


def _cell(obj: Any) -> Look:
    try:
        return (obj.cell_contents,)
    except ValueError:
        return ()


def _put_cell(obj: Any, look: Look) -> None:
    if look:
        obj.cell_contents = look[0]
    else:
        del obj.cell_contents


_OF_FUNCTION = ("__code__", "__defaults__", "__kwdefaults__")
_NOT_OF_CLASS = frozenset({"__dict__", "__weakref__", "__abstractmethods__", "_abc_impl"})


def _function(obj: Any) -> Look:
    return tuple(getattr(obj, name) for name in _OF_FUNCTION)


def _put_function(obj: Any, look: Look) -> None:
    for name, value in zip(_OF_FUNCTION, look, strict=True):
        setattr(obj, name, value)


def _class(obj: Any) -> Look:
    return tuple(each for pair in vars(obj).items() if pair[0] not in _NOT_OF_CLASS for each in pair)


def _put_class(obj: Any, look: Look) -> None:
    wanted = dict(zip(look[::2], look[1::2], strict=True))
    for name in vars(obj).keys() - wanted.keys() - _NOT_OF_CLASS:
        type.__delattr__(obj, name)
    for name, value in wanted.items():
        if vars(obj).get(name) is not value:
            type.__setattr__(obj, name, value)


def is_array(obj: Any) -> bool:
    """Whether this is an array of numpy, which is not imported for the question."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and type(obj) is numpy.ndarray


def form_of_array(obj: Any) -> tuple[str, tuple[int, ...]]:
    """What must be alike for the contents of one array to fit into another."""
    return repr(obj.dtype), obj.shape


def look_at_array(obj: Any, fingerprint: Callable[[memoryview], bytes]) -> Look:
    """Objects as they are, numbers as their ``fingerprint``."""
    if obj.dtype.hasobject:
        return (*obj.flat,)
    flat = obj if obj.flags.c_contiguous else obj.T if obj.flags.f_contiguous else obj.copy()
    return (fingerprint(memoryview(flat.reshape(-1).view("u1") if obj.size else b"")),)


def _array(obj: Any) -> Look:
    return look_at_array(obj, lambda memory: hashlib.sha256(memory).digest())


def _put_array(obj: Any, look: Look) -> None:
    writable = obj.flags.writeable
    if not writable:
        # What is read-only for the user is so by a flag; where the memory itself is, numpy refuses.
        obj.flags.writeable = True
    obj[...] = look[0]
    obj.flags.writeable = writable


def _is_notebooks(obj: Any) -> bool:
    return not names.is_importable(obj)


LIST, DICT, SET, DEQUE, BYTES, CELL, FUNCTION, CLASS, ATTRIBUTES, SLOTS, ARRAY = (
    "list", "dict", "set", "deque", "bytes", "cell", "function", "class", "attributes", "slots", "array",
)  # fmt: skip

PARTS: dict[str, Part] = {
    LIST: Part(lambda obj: isinstance(obj, list), lambda obj: (*list.__iter__(obj),), _put_list),
    DICT: Part(lambda obj: isinstance(obj, dict), _look_dict, _put_dict),
    SET: Part(lambda obj: isinstance(obj, set), lambda obj: (*set.__iter__(obj),), _put_set),
    DEQUE: Part(lambda obj: isinstance(obj, deque), lambda obj: (*deque.__iter__(obj),), _put_deque),
    BYTES: Part(lambda obj: isinstance(obj, bytearray), lambda obj: (bytes(obj),), _put_bytes),
    CELL: Part(lambda obj: type(obj) is CellType, _cell, _put_cell),
    FUNCTION: Part(lambda obj: type(obj) is FunctionType and _is_notebooks(obj), _function, _put_function),
    CLASS: Part(lambda obj: isinstance(obj, type) and _is_notebooks(obj), _class, _put_class),
    ARRAY: Part(is_array, _array, _put_array),
    SLOTS: Part(lambda obj: _is_plain(obj) and bool(slots_of(type(obj))), _slots, _put_slots),
    ATTRIBUTES: Part(
        lambda obj: (
            not isinstance(obj, type) and names.attributes_of(obj) is not None and _has_attributes(obj)
        ),
        _attributes,
        _put_attributes,
    ),
}
"""All parts by name. An object may have several: the items of a list of a subclass, and its attributes."""


def _has_attributes(obj: Any) -> bool:
    return _is_plain(obj) or type(obj) is FunctionType or isinstance(obj, list | dict | set | deque)


def parts_of(obj: Any) -> Iterator[str]:
    """Names of the parts that ``obj`` has."""
    return (name for name, part in PARTS.items() if part.belongs(obj))
