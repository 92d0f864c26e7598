"""Class statements: what ``__build_class__`` was given, and how to call it again with the rest of a body."""

from __future__ import annotations

import builtins
import functools
import inspect
import types
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, cast

from ..errors import FrameRefused
from .arguments import call_arguments
from .boundary import Site
from .layout import CO_OPTIMIZED
from .registry import function_code
from .words import describe

ClassArguments = tuple[str, tuple[object, ...], dict[str, object], FunctionType | None]
"""Name, bases as written, keywords (``metaclass`` among them); the body if it has not begun yet."""


def class_arguments(site: Site, stack: str) -> ClassArguments:
    """The arguments of the class statement whose body or ``__prepare__`` is running, from the stack of the
    frame around it.

    ``stack``: the slots below the call.
    """
    if site.frame.f_lasti < site.shift:
        return _arguments_of_resumed(site, stack)
    arguments = call_arguments(site)
    if arguments is None:
        raise FrameRefused(frame=describe(site.frame), reason="the bases of its class cannot be read")
    body, name, *bases = arguments.positional
    return cast(str, name), tuple(bases), arguments.keywords, _if_not_begun(site, body)


def _if_not_begun(site: Site, body: object) -> FunctionType | None:
    return cast(FunctionType, body) if site.callee.code.co_flags & CO_OPTIMIZED else None


def class_keywords(site: Site, stack: str) -> dict[str, object] | None:
    """The keywords that a class statement gives to the metaclass; None if they cannot be read.

    ``stack``: the slots below the call.
    """
    if site.frame.f_lasti < site.shift:
        return without_metaclass(_made_again(site, len(stack)).keywords)
    arguments = call_arguments(site)
    return None if arguments is None else without_metaclass(arguments.keywords)


def without_metaclass(keywords: Mapping[str, object]) -> dict[str, object]:
    """All keywords but that of ``__build_class__`` itself."""
    return {key: value for key, value in keywords.items() if key != "metaclass"}


def prepares_again(site: Site, stack: str) -> bool:
    """Whether a class statement that moved in ``__prepare__`` is still there."""
    stand_in = _made_again(site, len(stack)).keywords["metaclass"]
    return getattr(stand_in.__prepare__, "__code__", None) is site.callee.frame.f_code


def prepares(site: Site) -> bool:
    """Whether a class statement, in C, is running the ``__prepare__`` of its metaclass."""
    arguments = call_arguments(site)
    if arguments is None or not all(isinstance(base, type) for base in arguments.positional[2:]):
        return False
    metaclass = _metaclass(arguments.positional[2:], arguments.keywords.get("metaclass"))
    found = inspect.getattr_static(metaclass, "__prepare__", None)
    return found is not None and function_code(found) == site.callee.code


def continue_class(
    body: FunctionType,
    prepare: Callable[..., object],
    name: str,
    bases: tuple[object, ...],
    keywords: dict[str, object],
) -> Callable[[], object]:
    """A call of ``__build_class__`` that runs ``body`` in the namespace that ``prepare`` returns.

    The metaclass is not asked for a namespace again: a stand-in is, and is then called as the metaclass. It
    is a C callable, so no frame of ours surrounds the body.
    """
    others = without_metaclass(keywords)
    metaclass: Any = _metaclass(types.resolve_bases(bases), keywords.get("metaclass"))
    stand_in: Any = functools.partial(metaclass)
    stand_in.__prepare__ = prepare
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
    called = _made_again(site, len(stack))
    body, name, *bases = called.args
    keywords = dict(called.keywords)
    stand_in = keywords.pop("metaclass")
    return cast(str, name), tuple(bases), {**keywords, "metaclass": stand_in.func}, _if_not_begun(site, body)


def _made_again(site: Site, depth: int) -> Any:
    slots = (site.stack_slot(depth), site.stack_slot(depth + 1))
    return next(slot for slot in slots if isinstance(slot, functools.partial))
