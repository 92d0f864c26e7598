"""Class statements: what ``__build_class__`` was given, and how to call it again with the rest of a body."""

from __future__ import annotations

import builtins
import functools
import types
from collections.abc import Callable
from types import FunctionType
from typing import Any, cast

from ..errors import FrameRefused
from .arguments import call_arguments
from .boundary import Site
from .words import describe

ClassArguments = tuple[str, tuple[object, ...], dict[str, object]]
"""Name, bases as written, keywords (``metaclass`` among them)."""


def class_arguments(site: Site, stack: str) -> ClassArguments:
    """The arguments of the class statement whose body is running, from the stack of the frame around it.

    ``stack``: the slots below the call.
    """
    if site.frame.f_lasti < site.shift:
        return _arguments_of_resumed(site, stack)
    arguments = call_arguments(site)
    if arguments is None:
        raise FrameRefused(frame=describe(site.frame), reason="the bases of its class cannot be read")
    name, *bases = arguments.positional[1:]
    return cast(str, name), tuple(bases), arguments.keywords


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
