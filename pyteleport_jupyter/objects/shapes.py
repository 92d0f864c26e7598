"""Classes whose instances pickle would make or fill by the user's code, which has done its work."""

from __future__ import annotations

import copyreg
import dis
import pickle
from collections import namedtuple
from collections.abc import Callable
from types import FunctionType
from typing import Any

from pyteleport_jupyter.objects import names

HEAP_TYPE = 1 << 9
"""``Py_TPFLAGS_HEAPTYPE``: the class was made by Python code (or as if)."""


def reducer_of_shape(kind: type) -> Callable[[Any, Any], Any] | None:
    """For a class that is pickled by default: the reducer that its looks call for; None for most."""
    if _answers_for_another(kind):
        return reduce_past_class
    if issubclass(kind, dict | list):
        return reduce_filled
    if _shares_attributes(kind):
        return reduce_sharing
    if _is_made_without_new(kind):
        return reduce_past_new
    if _value_of(kind):
        return reduce_value
    if hasattr(kind, "__getattr__") and not hasattr(kind, "__setstate__"):
        return reduce_delegating
    return None


def reduce_filled(obj: Any, reduction: Any) -> Any:
    """Subclasses of dict and list: filled past their own ``__setitem__`` or ``append``, which have seen what
    is in them."""
    reduced: Any = object.__reduce_ex__(obj, pickle.HIGHEST_PROTOCOL)
    function, args, state, items, pairs = reduced
    setter = fill_and_set if hasattr(type(obj), "__setstate__") else fill
    return function, args, (list(items or ()), dict(pairs or ()), state), None, None, setter


def fill(obj: Any, content: tuple[list[Any], dict[Any, Any], Any]) -> None:
    """Put items and attributes into an empty container, without asking it."""
    items, pairs, state = content
    if isinstance(obj, list):
        list.extend(obj, items)
    else:
        dict.update(obj, pairs)
    if state is not None:
        set_state(obj, state)


def fill_and_set(obj: Any, content: tuple[list[Any], dict[Any, Any], Any]) -> None:
    """As :func:`fill`, for one that sets its state itself."""
    items, pairs, state = content
    fill(obj, (items, pairs, None))
    if state is not None:
        obj.__setstate__(state)


def reduce_delegating(obj: Any, reduction: Any) -> Any:
    """Objects with a ``__getattr__``: pickle would ask an empty one for ``__setstate__``, maybe for ever."""
    reduced: Any = object.__reduce_ex__(obj, pickle.HIGHEST_PROTOCOL)
    function, args, *rest = reduced
    state, items, pairs = ([*rest, None, None, None])[:3]
    return (
        (function, args, state, items, pairs)
        if state is None
        else (function, args, state, items, pairs, set_state)
    )


def _is_made_without_new(kind: type) -> bool:
    """Whether its ``__new__`` is passed by: it has done its work, or cannot do without arguments.

    That of a class that is imported there is asked where it can be: it may know the one instance that is
    there already.
    """
    new = kind.__new__
    if (
        not isinstance(new, FunctionType)
        or hasattr(kind, "__getnewargs__")
        or hasattr(kind, "__getnewargs_ex__")
    ):
        return False
    is_plain = all(ancestor.__flags__ & HEAP_TYPE for ancestor in kind.__mro__ if ancestor is not object)
    wants_arguments = new.__code__.co_argcount - len(new.__defaults__ or ()) > 1
    return is_plain and (wants_arguments or not names.is_importable(kind))


def reduce_past_new(obj: Any, reduction: Any) -> Any:
    """Objects whose class has a ``__new__`` that is passed by."""
    reduced: Any = object.__reduce_ex__(obj, pickle.HIGHEST_PROTOCOL)
    return object.__new__, (type(obj),), *reduced[2:]


def _answers_for_another(kind: type) -> bool:
    """Whether its instances are proxies, which would speak of what they stand for if pickle asked them."""
    asked = ("__getattribute__", "__class__")
    return kind.__flags__ & HEAP_TYPE != 0 and any(
        name in vars(ancestor)
        for name in asked
        for ancestor in kind.__mro__
        if ancestor.__flags__ & HEAP_TYPE and isinstance(vars(ancestor).get(name), FunctionType | property)
    )


def reduce_past_class(obj: Any, reduction: Any) -> Any:
    """Proxies: their own attributes and slots, without asking them for anything."""
    kind = type(obj)
    if any(hasattr(kind, name) for name in ("__getnewargs__", "__getnewargs_ex__")):
        return NotImplemented
    if not _has_plain_state(kind):
        return NotImplemented
    attributes = names.attributes_of(obj)
    slots = {}
    for name in copyreg._slotnames(kind):  # type: ignore[attr-defined]
        try:
            slots[name] = object.__getattribute__(obj, name)
        except AttributeError:
            continue
    return object.__new__, (kind,), (attributes, slots), None, None, set_state


def _shares_attributes(kind: type) -> bool:
    """Whether its methods may give one ``__dict__`` to several instances: they store into ``__dict__``."""
    functions = [value for ancestor in kind.__mro__ for value in list(vars(ancestor).values())]
    codes = [value.__code__ for value in functions if isinstance(value, FunctionType)]
    stores = any(
        instruction.opname == "STORE_ATTR" and instruction.argval == "__dict__"
        for code in codes
        if "__dict__" in code.co_names
        for instruction in dis.get_instructions(code)
    )
    return stores and _has_plain_state(kind)


def _has_plain_state(kind: Any) -> bool:
    """Whether the class leaves it to ``object`` what is pickled of its instances."""
    return kind.__getstate__ is object.__getstate__ and not hasattr(kind, "__setstate__")


def reduce_sharing(obj: Any, reduction: Any) -> Any:
    """Objects that may have one ``__dict__`` in common: it is the same one there, too."""
    reduced: Any = object.__reduce_ex__(obj, pickle.HIGHEST_PROTOCOL)
    slots = reduced[2][1] if isinstance(reduced[2], tuple) else None
    return *reduced[:2], (names.attributes_of(obj), slots), None, None, set_shared


def set_shared(obj: Any, state: tuple[Any, Any]) -> None:
    """Give ``obj`` this very ``__dict__``, and its slots."""
    attributes, slots = state
    object.__setattr__(obj, "__dict__", attributes)
    set_state(obj, (None, slots))


VALUES = (tuple, str, bytes, int, float, complex)


def _value_of(kind: type) -> Any:
    """The builtin class that holds the value, if pickle would give it to a ``__new__`` in Python, which wants
    what the user gave it."""
    own: Any = kind
    builtin: Any = next((ancestor for ancestor in kind.__mro__ if ancestor in VALUES), None)
    if builtin is None or not isinstance(kind.__new__, FunctionType) or hasattr(kind, "__getnewargs_ex__"):
        return None
    if _is_named_tuple_made_anew(kind):
        return tuple
    return builtin if own.__getnewargs__ is builtin.__getnewargs__ else None


def reduce_value(obj: Any, reduction: Any) -> Any:
    """Subclasses of tuple, str, numbers: made by the builtin's ``__new__``, which takes the value."""
    reduced: Any = object.__reduce_ex__(obj, pickle.HIGHEST_PROTOCOL)
    if _is_named_tuple_made_anew(type(obj)):
        return tuple.__new__, (type(obj), tuple(tuple.__iter__(obj))), *reduced[2:]
    return _value_of(type(obj)).__new__, *reduced[1:]


def _is_named_tuple_made_anew(kind: type) -> bool:
    """Whether it is a named tuple with a ``__new__`` of the user's, which does not take the fields."""
    own: Any = kind
    if not issubclass(kind, tuple) or not isinstance(getattr(kind, "__getnewargs__", None), FunctionType):
        return False
    maker = next(ancestor for ancestor in kind.__mro__ if "__new__" in vars(ancestor))
    return own.__getnewargs__.__code__ == NEW_ARGUMENTS and "_fields" not in vars(maker)


NEW_ARGUMENTS = vars(namedtuple("Empty", ""))["__getnewargs__"].__code__
"""Of all named tuples."""


def set_state(obj: Any, state: Any) -> None:
    """Set instance attributes and slots without asking the object, as pickle does by default."""
    attributes, slots = state if isinstance(state, tuple) else (state, None)
    if attributes:
        object.__getattribute__(obj, "__dict__").update(attributes)
    for name, value in (slots or {}).items():
        object.__setattr__(obj, name, value)
