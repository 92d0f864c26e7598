"""Classes that are being made or called: what of the hooks that C calls on the way is still to come."""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable
from types import MethodWrapperType
from typing import Any, Final, NamedTuple, cast

from .arguments import call_arguments, parameters_of
from .boundary import Site
from .callees import Verdict, method_code, rebinds_self
from .classes import class_keywords
from .snapshot import Kind


def hook_of_class(site: Site, called: object, stack: str) -> Verdict:
    """A class that is being made or called, in a Python function after which C does nothing that cannot be
    done in its place.

    ``__new__`` is followed by ``__init__``, ``__set_name__`` by those of other attributes, which only C
    knows. ``stack``: the slots below the call.
    """
    subject = site.callee.first_local()
    if not isinstance(subject, type) or not _makes_classes(called, subject):
        return None
    if _defines(subject, "__new__", site):
        return _after_new(site, called, subject, stack)
    if rebinds_self(site.callee.code):
        return None
    if _defines(type(subject), "__init__", site):
        return Kind.INSTANCE
    if not any(_defines(base, "__init_subclass__", site) for base in subject.__bases__):
        return None
    metaclass = type(subject)
    is_last = not method_code(metaclass, "__new__") and metaclass.__init__ is type.__init__
    return Kind.INSTANCE if is_last or called is type.__new__ else None


def _after_new(site: Site, called: object, subject: type, stack: str) -> Verdict:
    if not _is_initialised(subject):
        return Kind.RESULT
    return Kind.NEW if made_with(site, called, stack) is not None else None


class MadeWith(NamedTuple):
    """The class that is called, and what its ``__init__`` will be called with."""

    called: type
    positional: tuple[Any, ...]
    keywords: dict[str, Any]


def made_with(site: Site, called: object, stack: str) -> MadeWith | None:
    """What follows the ``__new__`` in which a class call, or class statement, is; None if it cannot be
    read."""
    subject = site.callee.first_local()
    if rebinds_self(site.callee.code) or not isinstance(subject, type):
        return None
    if called is builtins.__build_class__:
        given, keywords = parameters_of(site.callee), class_keywords(site, stack)
        if given is None or keywords is None or len(given) < METACLASS_CALL:
            return None
        return MadeWith(subject, given[1:METACLASS_CALL], keywords)
    arguments = call_arguments(site) if _called_class(called) is subject else None
    return None if arguments is None else MadeWith(subject, *arguments)


METACLASS_CALL: Final = 4
"""Positional arguments of ``__new__`` of a metaclass: itself, name, bases and namespace."""


def initialiser(called: type, positional: tuple[Any, ...], keywords: dict[str, Any], made: object) -> Any:
    """What is called, without arguments, when ``__new__`` has returned ``made`` (Objects/typeobject.c,
    type_call)."""
    kind = type(made)
    if called not in type.mro(kind):
        return [None].pop
    found = next(vars(base)["__init__"] for base in kind.__mro__ if "__init__" in vars(base))
    bound = found.__get__(made, kind) if hasattr(type(found), "__get__") else found
    return functools.partial(cast("Callable[..., object]", bound), *positional, **keywords)


def _makes_classes(called: object, subject: type) -> bool:
    """Whether ``called`` makes ``subject``, or calls it."""
    called = _called_class(called)
    if called is builtins.__build_class__ or called is type.__new__ or called is subject:
        return True
    return isinstance(called, type) and issubclass(called, type)


def _called_class(called: object) -> object:
    """The class that ``super().__call__(...)`` in a metaclass calls; anything else itself."""
    if type(called) is MethodWrapperType and called.__name__ == "__call__":
        return called.__self__
    return called


def _defines(owner: type, name: str, site: Site) -> bool:
    return method_code(owner, name) == site.callee.code


def _is_initialised(owner: type) -> bool:
    """Whether what ``__new__`` of ``owner`` returns may have an ``__init__`` of its own. Any class may return
    an instance of a subclass; a metaclass that is called is the most derived one already."""
    if issubclass(owner, type):
        return owner.__init__ is not type.__init__
    return owner.__init__ is not object.__init__ or any(map(_is_initialised, type.__subclasses__(owner)))
