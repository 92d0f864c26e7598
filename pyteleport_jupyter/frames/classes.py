"""Class statements: what ``__build_class__`` was given, and how to call it again with the rest of a body."""

from __future__ import annotations

import builtins
import functools
import types
from collections.abc import Callable
from types import FunctionType
from typing import Any, cast

from .boundary import Site
from .layout import NULL

ClassArguments = tuple[str, tuple[object, ...], dict[str, object]]
"""Name, bases as written, keywords (``metaclass`` among them)."""


def class_arguments(site: Site, stack: str) -> ClassArguments:
    """The arguments of the class statement whose body is running, from the stack of the frame around it.

    ``stack``: the slots below the call.
    """
    if site.frame.f_lasti < site.shift:
        return _arguments_of_resumed(site, stack)
    positional, keywords = _call_arguments(site)
    name, *bases = positional[1:]
    return cast(str, name), tuple(bases), keywords


def _call_arguments(site: Site) -> tuple[list[object], dict[str, object]]:
    first = len(site.after) - 1 + 2
    instruction = site.instruction
    if instruction.name == "CALL_FUNCTION_EX":
        unpacked = cast("tuple[object, ...]", site.stack_slot(first))
        # The slot of the mapping is there only if there is one, from 3.14 on always.
        mapping = site.stack_slot(first + 1) if len(site.before) > first + 1 else NULL
        return list(unpacked), dict(mapping) if isinstance(mapping, dict) else {}
    count = instruction.argument
    arguments = [site.stack_slot(first + index) for index in range(count)]
    names = _keyword_names(site, first + count)
    positional = count - len(names)
    return arguments[:positional], dict(zip(names, arguments[positional:], strict=True))


def _keyword_names(site: Site, slot_behind: int) -> tuple[str, ...]:
    """Up to 3.12 an instruction before the call names them, from 3.13 on they are the topmost slot."""
    if site.instruction.name == "CALL_KW":
        return cast("tuple[str, ...]", site.stack_slot(slot_behind))
    before = [each for each in site.flow.instructions[: site.index] if each.name != "PRECALL"][-1:]
    if not before or before[0].name != "KW_NAMES":
        return ()
    return cast("tuple[str, ...]", site.code.co_consts[before[0].argument])


def continue_class(
    body: FunctionType, namespace: object, name: str, bases: tuple[object, ...], keywords: dict[str, object]
) -> Callable[[], object]:
    """A call of ``__build_class__`` that runs ``body`` in the namespace that the first part has filled.

    The metaclass is not asked for a namespace again: a stand-in gives the one there is, and is then called
    as the metaclass. Both are C callables or done before the body starts, so no frame of ours surrounds it.
    """
    others = {key: value for key, value in keywords.items() if key != "metaclass"}
    metaclass: Any = _metaclass(types.resolve_bases(bases), keywords.get("metaclass"))
    stand_in: Any = functools.partial(metaclass)
    stand_in.__prepare__ = lambda *arguments, **ignored: namespace
    return functools.partial(builtins.__build_class__, body, name, *bases, metaclass=stand_in, **others)


def _metaclass(bases: tuple[object, ...], given: object) -> object:
    """The most derived of the given metaclass and those of the bases (Python/bltinmodule.c,
    __build_class__)."""
    chosen = given if given is not None else type(bases[0]) if bases else type
    if not isinstance(chosen, type):
        return chosen
    for base in bases:
        if issubclass(type(base), chosen):
            chosen = type(base)
    return chosen


def _arguments_of_resumed(site: Site, stack: str) -> ClassArguments:
    """Of a class statement that moved before: the callable that :func:`continue_class` made is being
    called."""
    depth = len(stack)
    slots = (site.stack_slot(depth), site.stack_slot(depth + 1))
    called: Any = next(slot for slot in slots if isinstance(slot, functools.partial))
    _, name, *bases = called.args
    keywords = dict(called.keywords)
    stand_in = keywords.pop("metaclass")
    return cast(str, name), tuple(bases), {**keywords, "metaclass": stand_in.func}
