"""What an interrupted call was given, read from the stack of the frame that called.

The interpreter keeps the operands of a call where they are until it is over, with two exceptions:
``functools.partial`` borrows the slot before the first argument, and an iterable in ``f(*iterable)`` is let
go of as soon as a tuple was made of it.
"""

from __future__ import annotations

import functools
from typing import Final, NamedTuple, cast

from .boundary import Callee, Site, contents
from .flow import stored_slots
from .layout import CO_VARARGS, NULL, argument_count
from .liveness import address_in_slot
from .producers import is_made_tuple, loaded_operand


class Arguments(NamedTuple):
    """As the callable gets them: ``self`` of a method pair comes first."""

    positional: tuple[object, ...]
    keywords: dict[str, object]


def call_arguments(site: Site) -> Arguments | None:
    """The arguments of a CALL, CALL_KW or CALL_FUNCTION_EX; None if they are not there any more."""
    if site.instruction.name == "CALL_FUNCTION_EX":
        return _spread(site)
    first, count = _first(site), site.instruction.argument
    arguments = tuple(site.stack_slot(first + index) for index in range(count))
    names = _keyword_names(site, first + count)
    positional = count - len(names)
    return Arguments(
        (*_receiver(site), *arguments[:positional]), dict(zip(names, arguments[positional:], strict=True))
    )


def parameters_of(callee: Callee) -> tuple[object, ...] | None:
    """What the positional parameters of a running function were bound to, with those of ``*args``; None if it
    has assigned to one."""
    code = callee.code
    if stored_slots(code) & set(range(argument_count(code))):
        return None
    values = [contents(callee.raw.slot(index)) for index in range(argument_count(code))]
    rest = values[code.co_argcount + code.co_kwonlyargcount] if code.co_flags & CO_VARARGS else ()
    return (*values[: code.co_argcount], *cast("tuple[object, ...]", rest))


CALLABLE_SLOTS: Final = 2
"""The callable, and NULL or ``self``."""


def _first(site: Site) -> int:
    return len(site.after) - 1 + CALLABLE_SLOTS


def _receiver(site: Site) -> tuple[object, ...]:
    """``self`` of a method pair ``[function, self]``. A partial may have borrowed the slot beside it."""
    base = _first(site) - CALLABLE_SLOTS
    callable_slot, beside = site.stack_slot(base), site.stack_slot(base + 1)
    if callable_slot is NULL or beside is NULL or isinstance(callable_slot, functools.partial):
        return ()
    return (beside,)


def _spread(site: Site) -> Arguments | None:
    first = _first(site)
    # The slot of the mapping is there only if there is one, from 3.14 on always.
    mapping = site.stack_slot(first + 1) if len(site.before) > first + 1 else NULL
    if not is_made_tuple(site, first) and id(loaded_operand(site, first)) != address_in_slot(site, first):
        return None
    unpacked = site.stack_slot(first)
    if type(unpacked) is not tuple:
        return None
    return Arguments(unpacked, dict(mapping) if isinstance(mapping, dict) else {})


def _keyword_names(site: Site, slot_behind: int) -> tuple[str, ...]:
    """Up to 3.12 an instruction before the call names them, from 3.13 on they are the topmost slot."""
    if site.instruction.name == "CALL_KW":
        return cast("tuple[str, ...]", site.stack_slot(slot_behind))
    before = [each for each in site.flow.instructions[: site.index] if each.name != "PRECALL"][-1:]
    if not before or before[0].name != "KW_NAMES":
        return ()
    return cast("tuple[str, ...]", site.code.co_consts[before[0].argument])
