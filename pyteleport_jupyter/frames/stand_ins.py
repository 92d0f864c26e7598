"""Stand-ins: an operation of C that has only just called a special method of its operand is done again, on an
object whose special method is the rest of the interrupted one.

So C itself does what follows the method: it checks the type of the result, ends the loop, takes the default.
"""

from __future__ import annotations

import inspect
import weakref
from types import CodeType, FunctionType
from typing import Any, cast


class StandIn:
    """Base of the classes made here; each has one special method, which the resume gives it."""

    method = ""

    def __reduce__(self) -> tuple[Any, ...]:
        return make_stand_in, (self.method, class_name(self))


def class_name(standing_for: object) -> str:
    """The name of an object's class, which messages of C may tell."""
    # A metaclass may have another idea of it.
    return str(vars(type)["__name__"].__get__(type(standing_for)))


def make_stand_in(method: str, name: str) -> StandIn:
    """An object of a class of its own, called ``name``, with a special method still to be given."""
    made: StandIn = type(name, (StandIn,), {"method": method})()
    _alive.add(made)
    return made


_alive: weakref.WeakSet[StandIn] = weakref.WeakSet()


def stand_ins_alive() -> tuple[StandIn, ...]:
    """Those that are in use."""
    return tuple(_alive)


class AttributeStandIn(StandIn):
    """One whose attribute is the rest of what was looking it up; ``__getattr__`` is that of the object."""

    def __init__(self, owner: object) -> None:
        self.owner = owner

    def __reduce__(self) -> tuple[Any, ...]:
        return make_attribute_stand_in, (self.method, self.owner)


def make_attribute_stand_in(name: str, owner: object) -> StandIn:
    """An object of a class of its own for ``owner``, the attribute still to be given."""
    made = type(class_name(owner), (AttributeStandIn,), {"method": name})
    return cast(StandIn, made(owner))


def owner_of(operand: object) -> object:
    """What an attribute is asked of: the object itself, or the one that a stand-in stands for."""
    # The attribute may have any name, also that of one of ours: the instance's own dict has no other.
    return vars(operand)["owner"] if isinstance(operand, AttributeStandIn) else operand


def give_method(stand_in: StandIn, function: Any) -> None:
    """Let ``function`` be the special method: it is called with the stand-in, as the interrupted one was with
    the object."""
    method, kind = stand_in.method, type(stand_in)
    if not isinstance(stand_in, AttributeStandIn):
        setattr(kind, method, function)
        return
    owner = stand_in.owner
    fallback = inspect.getattr_static(type(owner), "__getattr__", None)
    if isinstance(fallback, FunctionType):
        # Bound: it is asked with the name only, and has to work on the object.
        kind.__getattr__ = fallback.__get__(owner)  # type: ignore[attr-defined]
    setattr(kind, method, property(function))


def method_of(stand_in: StandIn, name: str) -> CodeType | None:
    """The very code object that runs as special method ``name``; None if it has none."""
    found: Any = inspect.getattr_static(type(stand_in), name, None)
    return getattr(getattr(found, "__func__", found), "__code__", None)
