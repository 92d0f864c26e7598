"""What the variables hold from which an instruction's operand was loaded, found without running user code."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable, Mapping
from typing import Final, cast

from .boundary import Site, contents
from .dialect import SPOKEN
from .layout import NULL


def loaded_callable(site: Site) -> object:
    """What the variable or attribute holds from which the callable of a ``[NULL, callable]`` call was loaded.

    NULL if it came from anything else (a call, an item, a conditional), or if the variable is gone.
    """
    return _loaded(site, site.index, len(site.after))


def attribute_called(site: Site) -> str | None:
    """Name of the attribute from which the callable of a ``[NULL, callable]`` call was loaded, if any."""
    index = _producer(site, site.index, len(site.after))
    if index is None:
        return None
    producer = site.flow.instructions[index]
    shift = SHIFTS.get(producer.name)
    return None if shift is None else site.code.co_names[producer.argument >> shift]


def loaded_operand(site: Site, depth: int) -> object:
    """As :func:`loaded_callable`, for the operand in stack slot ``depth`` of the interrupted instruction."""
    return _loaded(site, site.index, depth)


def is_made_tuple(site: Site, depth: int) -> bool:
    """Whether the operand in stack slot ``depth`` is a tuple that the code has made for this instruction."""
    index = _producer(site, site.index, depth)
    if index is None:
        return False
    producer = site.flow.instructions[index]
    return producer.name in MAKES_TUPLE or (producer.name, producer.argument) == LIST_TO_TUPLE


def _loaded(site: Site, user: int, depth: int) -> object:
    """Value of the variable that filled stack slot ``depth``, as instruction ``user`` finds it."""
    index = _producer(site, user, depth)
    if index is None:
        return NULL
    producer = site.flow.instructions[index]
    if producer.name in ATTRIBUTES:
        owner = _loaded(site, index, len(site.flow.before[index]) - 1)
        name = site.code.co_names[producer.argument >> SPOKEN.attribute_shift]
        return NULL if owner is NULL else inspect.getattr_static(owner, name, NULL)
    look_up = VARIABLES.get(producer.name)
    return look_up(site, producer.argument) if look_up else NULL


def _producer(site: Site, user: int, depth: int) -> int | None:
    """The last instruction before ``user``, in the order of the code, that may have written slot
    ``depth``."""
    before, after = site.flow.before, site.flow.after
    for index in range(user - 1, -1, -1):
        writes = index in after and (
            len(after[index]) == depth + 1 or len(before[index]) <= depth < len(after[index])
        )
        if writes and not site.flow.instructions[index].name.startswith(LEAVE_TOP_ALONE):
            return index
    return None


LEAVE_TOP_ALONE: Final = ("PRECALL", "KW_NAMES", "NOP", "POP_TOP", "POP_JUMP", "JUMP_FORWARD")
"""Beginnings of names of instructions that write nothing onto the stack."""
SHIFTS: Final = {"LOAD_ATTR": SPOKEN.attribute_shift, "LOAD_METHOD": 0, "LOAD_SUPER_ATTR": 2}
"""Bits of the argument of these instructions below the index of the name."""
MAKES_TUPLE: Final = frozenset({"BUILD_TUPLE", "LIST_TO_TUPLE"})
LIST_TO_TUPLE: Final = ("CALL_INTRINSIC_1", 6)
"""From 3.12 on (INTRINSIC_LIST_TO_TUPLE in pycore_intrinsics.h)."""
ATTRIBUTES: Final = frozenset({"LOAD_ATTR", "LOAD_METHOD"})


def _global(site: Site, argument: int) -> object:
    return _named(site, site.code.co_names[argument >> 1])


def _name(site: Site, argument: int) -> object:
    name, names = site.code.co_names[argument], site.raw.locals
    if isinstance(names, dict) and name in names:
        return cast(object, names[name])
    return _named(site, name)


def _named(site: Site, name: str) -> object:
    scopes: tuple[Mapping[str, object], ...] = (site.frame.f_globals, site.frame.f_builtins)
    return next((scope[name] for scope in scopes if name in scope), NULL)


def _local(site: Site, argument: int) -> object:
    return contents(site.raw.slot(argument))


VARIABLES: Final[dict[str, Callable[[Site, int], object]]] = {
    "LOAD_GLOBAL": _global,
    "LOAD_NAME": _name,
    "LOAD_CONST": lambda site, argument: cast(object, site.code.co_consts[argument]),
    "LOAD_FAST": _local,
    "LOAD_FAST_BORROW": _local,
    "LOAD_FAST_CHECK": _local,
    "LOAD_DEREF": _local,
    "LOAD_CLASSDEREF": _local,
    "LOAD_BUILD_CLASS": lambda site, argument: builtins.__build_class__,
}
