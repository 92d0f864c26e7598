"""Classes of the notebook, made again without running the hooks of the user a second time."""

from __future__ import annotations

import abc
import enum
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any, cast

from pyteleport_jupyter.objects import names
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces

HEAP_TYPE, IMMUTABLE_TYPE = 1 << 9, 1 << 8
"""``Py_TPFLAGS_HEAPTYPE``: the class was made by Python code (or as if). ``Py_TPFLAGS_IMMUTABLETYPE``: by C,
which keeps what it is made of to itself."""

MADE_BY_TYPE = frozenset({"__dict__", "__weakref__", "_abc_impl", "__slotnames__"})
"""Entries of a class dict that belong to the class object itself, or that copyreg caches there."""

FUNCTIONS = frozenset({types.FunctionType, classmethod, staticmethod, property})
"""What the objects of a class may need while they are unpickled."""

GIVEN_AT_BIRTH = ("__module__", "__qualname__", "__slots__", "__orig_bases__", "__class__")
"""Entries that the making of a class looks at, or that cannot be set afterwards."""

MADE_DIRECTLY = frozenset({"builtins.type", "typing._TypedDictMeta", "typing_extensions._TypedDictMeta"})
"""Metaclasses that do nothing for a class whose attributes are given, or that do not take what they made."""

MADE_BY_ENUM = frozenset(
    {
        "_generate_next_value_", "_member_names_", "_member_map_", "_member_type_", "_value2member_map_",
        "_unhashable_values_", "_unhashable_values_map_", "_hashable_values_", "_use_args_", "_new_member_",
        "_value_repr_", "__new__", "_sort_order_",
    }
)  # fmt: skip
"""Entries that ``enum`` makes for each enumeration."""


@reduces(type, subclasses=True)
def reduce_class(made: type, reduction: Reduction) -> Any:
    """By name if importable; else an empty class first, then its attributes."""
    if reduction.by_name(made):
        return NotImplemented
    if made in names.UNNAMED_TYPES:
        return names.find_variable, names.UNNAMED_TYPES[made]
    elsewhere = names.found_elsewhere(made)
    if elsewhere is not None:
        reduction.modules.add(elsewhere[0])
        return names.find_variable, elsewhere
    maker = names.TYPES_OF_RESULTS.get(f"{made.__module__}.{made.__qualname__}")
    if maker is not None and names.type_of_result(*maker) is made:
        return names.type_of_result, maker
    if not made.__flags__ & HEAP_TYPE or made.__flags__ & IMMUTABLE_TYPE:
        raise CannotMove("its type is built in and has no name that can be imported")
    if issubclass(made, Enum):
        return make_enum, _enum_arguments(made), _enum_state(made), None, None, set_enum
    return make_class, _class_arguments(made), _class_state(made), None, None, set_class


def _class_arguments(made: type) -> tuple[Any, ...]:
    content = vars(made)
    at_birth = {name: content[name] for name in GIVEN_AT_BIRTH if name in content}
    at_birth["__qualname__"] = made.__qualname__
    if isinstance(content.get("__dict__"), property):
        at_birth["__dict__"] = content["__dict__"]
    return type(made), made.__name__, made.__bases__, at_birth


class Behaviour:
    """The functions of a class, set before anything else: an instance may be among its other attributes."""

    def __init__(self, made: type, content: dict[str, Any]) -> None:
        self.made, self.content = made, content

    def __reduce__(self) -> tuple[Any, ...]:
        return set_attributes, (self.made, self.content)


def _class_state(made: type) -> tuple[Behaviour, dict[str, Any], list[type]]:
    content = _class_content(made)
    functions = {name: value for name, value in content.items() if type(value) in FUNCTIONS}
    # Places are kept for the others, in order.
    first = {name: functions.get(name) for name in content if name in functions or not name.startswith("__")}
    rest = {name: value for name, value in content.items() if name not in functions}
    return Behaviour(made, first), rest, _registered(made)


def _class_content(made: type) -> dict[str, Any]:
    left_out = {*MADE_BY_TYPE, "__slots__", "__qualname__", "__class__"}
    content = {name: value for name, value in vars(made).items() if name not in left_out}
    return {name: value for name, value in content.items() if not _is_made_by_type(value, made)}


def _is_made_by_type(value: Any, made: type) -> bool:
    descriptors = MemberDescriptorType | GetSetDescriptorType
    return isinstance(value, descriptors) and value.__objclass__ is made


def _registered(made: type) -> list[type]:
    """Virtual subclasses of an abstract base class."""
    if not isinstance(made, abc.ABCMeta):
        return []
    registry = abc._get_dump(made)[0]  # type: ignore[attr-defined]
    return [registered for weak in registry if (registered := weak()) is not None]


def make_class(metaclass: Any, name: str, bases: tuple[type, ...], at_birth: dict[str, Any]) -> type:
    """The class without its attributes. Metaclasses of libraries do their work, the user's did theirs."""
    with _hooks_silenced(metaclass, bases):
        if f"{metaclass.__module__}.{metaclass.__qualname__}" in MADE_DIRECTLY:
            return cast(type, type.__new__(metaclass, name, bases, dict(at_birth)))
        if names.is_importable(metaclass):
            return _make_like_a_statement(metaclass, name, bases, at_birth)
        library = next(
            kind for kind in metaclass.__mro__ if names.is_importable(kind) and "__new__" in vars(kind)
        )
        made: type = library.__new__(metaclass, name, bases, dict(at_birth))
        return made


def _make_like_a_statement(
    metaclass: Any, name: str, bases: tuple[type, ...], at_birth: dict[str, Any]
) -> type:
    content = dict(at_birth)
    written = content.pop("__orig_bases__", bases)
    return types.new_class(name, written, {"metaclass": metaclass}, lambda body: body.update(content))


@contextmanager
def _hooks_silenced(metaclass: type, bases: tuple[type, ...]) -> Iterator[None]:
    """Hooks of the notebook's classes have run when the class was made; their effects travel as data."""
    silent = {
        "__init_subclass__": (bases, classmethod(_no_hook)),
        "__setattr__": ((metaclass,), type.__setattr__),
    }
    hooks: dict[tuple[type, str], Any] = {
        (kind, name): vars(kind)[name]
        for name, (roots, _) in silent.items()
        for root in roots
        for kind in root.__mro__
        if name in vars(kind) and kind.__flags__ & HEAP_TYPE and not names.is_importable(kind)
    }
    for kind, name in hooks:
        type.__setattr__(kind, name, silent[name][1])
    try:
        yield
    finally:
        for (kind, name), hook in hooks.items():
            type.__setattr__(kind, name, hook)


def _no_hook(made: type, /, **arguments: Any) -> None:
    """Takes the place of a hook that must not run twice."""


def set_attributes(made: type, content: dict[str, Any]) -> None:
    """Set them past any ``__setattr__`` of a metaclass."""
    for name, value in content.items():
        type.__setattr__(made, name, value)


def set_class(made: type, state: tuple[None, dict[str, Any], list[type]]) -> None:
    """Set all attributes but the functions, which are there, and enter virtual subclasses."""
    _, content, registered = state
    set_attributes(made, content)
    _enter_in_cache(made)
    for kind in registered:  # there are some only if the metaclass is one of abc's
        abc.ABCMeta.register(cast(abc.ABCMeta, made), kind)


def _enter_in_cache(made: Any) -> None:
    """Let ``Model[int]`` of pydantic be this class and no other: it keeps those that it has made."""
    given = vars(made).get("__pydantic_generic_metadata__") or {}
    generics: Any = sys.modules.get("pydantic._internal._generics")
    if given.get("origin") is not None and hasattr(generics, "set_cached_generic_type"):
        origin, arguments = given["origin"], given["args"]
        generics.set_cached_generic_type(origin, arguments, made, origin, arguments)


def _enum_arguments(made: type[Enum]) -> tuple[Any, ...]:
    members = {name: member.value for name, member in made.__members__.items()}
    return type(made), made.__name__, made.__qualname__, made.__module__, made.__bases__, members


def _enum_state(made: type[Enum]) -> tuple[dict[str, Any], dict[str, Any]]:
    content = _class_content(made)
    own = {
        name: value
        for name, value in content.items()
        if name not in MADE_BY_ENUM and name not in made.__members__
    }
    attributes = {name: member.__dict__ for name, member in made.__members__.items()}
    return own, attributes


def make_enum(
    metaclass: Any, name: str, qualname: str, module: str, bases: tuple[type, ...], members: dict[str, Any]
) -> type:
    """An enumeration with its members, made by ``enum`` (the way of cloudpickle)."""
    with _hooks_silenced(metaclass, bases):
        body = metaclass.__prepare__(name, bases)
        for member, value in members.items():
            body[member] = enum.member(value)  # a function, or a class, would be none of itself
        made: type = metaclass.__new__(metaclass, name, bases, body)
    type.__setattr__(made, "__qualname__", qualname)
    type.__setattr__(made, "__module__", module)
    return made


def set_enum(made: type[Enum], state: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Set attributes of the class, and of each member."""
    content, attributes = state
    set_attributes(made, content)
    for name, own in attributes.items():
        made.__members__[name].__dict__.update(own)
