"""Calls that go through C: which C callables only hand on what the Python function inside them returns.

A C function that calls back keeps its progress in C variables, which nobody can read. Those listed here
have none: they return the result of the inner frame unchanged and do nothing afterwards. Everything else is
refused.
"""

from __future__ import annotations

import builtins
import functools
import gc
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from types import (
    AsyncGeneratorType,
    BuiltinMethodType,
    CodeType,
    CoroutineType,
    GeneratorType,
    MethodDescriptorType,
    MethodWrapperType,
)
from typing import Any, Final, cast

from .arguments import call_arguments
from .boundary import Site
from .caches import CachedCall, caches_in, call_of, layers
from .classes import prepares
from .delegation import passing_on
from .dialect import SPOKEN
from .drivers import can_start_again, drives
from .flow import stored_slots
from .layout import CO_OPTIMIZED, NULL
from .producers import attribute_called, loaded_callable
from .registry import function_code
from .snapshot import Kind
from .stand_ins import StandIn, method_of

Verdict = Kind | None
Rule = Callable[[Site, object], Verdict]
"""Looks at a call of a C callable; the kind of action if the rule knows it, else None."""

GENERATOR_TYPES: Final = (GeneratorType, CoroutineType, AsyncGeneratorType)


@dataclass(frozen=True)
class First:
    """What a builtin does first of all with one of its arguments: it calls one of these methods."""

    methods: tuple[str, ...]
    argument: int = 0
    only: int | None = None
    """The number of arguments it must have been given, if that matters."""


STRING: Final = ("__str__", "__repr__")
FIRST_IN_CALL: Final[dict[object, First]] = {
    len: First(("__len__",)),
    str: First(STRING, only=1),
    repr: First(("__repr__",)),
    ascii: First(("__repr__",)),
    print: First(STRING, only=1),
    format: First(("__format__", *STRING)),
    abs: First(("__abs__",)),
    hash: First(("__hash__",)),
    iter: First(("__iter__",), only=1),
    next: First(("__next__",)),
    reversed: First(("__reversed__",)),
    bool: First(("__bool__", "__len__")),
    int: First(("__int__", "__index__", "__trunc__"), only=1),
    float: First(("__float__", "__index__")),
    complex: First(("__complex__", "__float__", "__index__"), only=1),
    round: First(("__round__",)),
    bytes: First(("__bytes__",), only=1),
    dir: First(("__dir__",)),
    operator.index: First(("__index__",)),
    operator.truth: First(("__bool__", "__len__")),
    math.floor: First(("__floor__",)),
    math.ceil: First(("__ceil__",)),
    math.trunc: First(("__trunc__",)),
    map: First(("__iter__",), argument=1, only=2),
    filter: First(("__iter__",), argument=1),
    zip: First(("__iter__",)),
    isinstance: First(("__instancecheck__",), argument=1),
    issubclass: First(("__subclasscheck__",), argument=1),
}
"""Builtins that can be called again with a stand-in (:mod:`.stand_ins`) for the argument."""

CONSUMERS: Final = (list, tuple, set, frozenset, sorted, sum, min, max, any, all, enumerate)
"""Builtins that ask their only argument for an iterator first, and then for its length if it has one."""

LENGTHS: Final = ("__len__", "__length_hint__")


def first_in_call(site: Site, called: object) -> First | None:
    """What the called builtin does first of all, if it is known and can be repeated."""
    if site.instruction.name != "CALL" or call_has_keywords(site):
        return None
    first = next((first for builtin, first in FIRST_IN_CALL.items() if builtin is called), None)
    if first is None:
        return _of_consumer(site, called)
    count = site.instruction.argument
    return first if first.only in (None, count) and first.argument < count else None


def _of_consumer(site: Site, called: object) -> First | None:
    if site.instruction.argument != 1 or not any(called is each for each in CONSUMERS):
        return None
    return None if has_length(argument_of(site, 0)) else First(("__iter__",))


def has_length(iterable: object) -> bool:
    """Whether a consumer would run more Python code of ``iterable`` to learn its length."""
    return any(method_code(type(iterable), name) for name in LENGTHS)


def call_has_keywords(site: Site) -> bool:
    """Whether a CALL was given arguments by name. Up to 3.12 an instruction before it says so."""
    return any(
        each.name == "KW_NAMES" for each in site.flow.instructions[max(site.index - 2, 0) : site.index]
    )


def method_code(owner: type, name: str) -> CodeType | None:
    """Code of the Python function that ``owner`` finds as special method ``name``, if it is one."""
    for base in owner.__mro__:
        if name in base.__dict__:
            return function_code(base.__dict__[name])
    return None


def runs_special_method(site: Site, receiver: object, names: tuple[str, ...]) -> bool:
    """Whether the callee is one of the special methods of ``receiver``."""
    return special_method_running(site, receiver, names) is not None


def special_method_running(site: Site, receiver: object, names: tuple[str, ...]) -> str | None:
    """Which of these special methods of ``receiver`` the callee is.

    Code is compared by value: after a move a library function is the one of this host, and its running
    frame has the code that travelled. That it runs for ``receiver`` says its first argument, or for a
    stand-in, whose method has another one, the code object itself: C may have gone on to the next object of
    the same class.
    """
    if isinstance(receiver, StandIn):
        running = site.callee.frame.f_code
        return next((name for name in names if method_of(receiver, name) is running), None)
    if site.callee.first_local() is not receiver:
        return None
    codes = ((name, method_code(type(receiver), name)) for name in names)
    return next((name for name, code in codes if code == site.callee.code), None)


def python_function(site: Site, called: object) -> Verdict:
    """A function or method itself (``f(*args)`` goes through C on 3.11)."""
    return Kind.RESULT if function_code(called) == site.callee.code else None


def wrapped_function(site: Site, called: object) -> Verdict:
    """``functools.partial`` and ``lru_cache``."""
    *around, core = layers(called)
    if not around or function_code(core) != site.callee.code:
        return None
    if not caches_in(called):
        return Kind.RESULT
    return Kind.CACHED if call_arguments(site) is not None else None


def callable_instance(site: Site, called: object) -> Verdict:
    """An instance with ``__call__``, or a class whose metaclass has one."""
    return Kind.RESULT if runs_special_method(site, called, ("__call__",)) else None


def class_call(site: Site, called: object) -> Verdict:
    """A class, interrupted in ``__init__`` (not in ``__new__``: ``__init__`` would still have to follow)."""
    instance = site.callee.first_local()
    if type(called) is MethodWrapperType and called.__name__ == "__call__":
        called = called.__self__  # super().__call__(...) in a metaclass
    if not isinstance(called, type) or not isinstance(instance, called) or rebinds_self(site.callee.code):
        return None
    return Kind.INSTANCE if runs_special_method(site, instance, ("__init__",)) else None


def rebinds_self(code: CodeType) -> bool:
    """Whether the function assigns to its first argument, which then need not be the instance any more."""
    return 0 in stored_slots(code)


def class_body(site: Site, called: object) -> Verdict:
    """A class statement, in its body or in ``__prepare__``. (A metaclass or ``__init_subclass__`` that runs
    there is optimised code.)"""
    if called is not builtins.__build_class__:
        return None
    return Kind.CLASS_BODY if not site.callee.code.co_flags & CO_OPTIMIZED or prepares(site) else None


def run_code(site: Site, called: object) -> Verdict:
    """``exec`` and ``eval``, in the code that they run."""
    if site.callee.code.co_flags & CO_OPTIMIZED or site.callee.generator is not None:
        return None
    if called is builtins.exec:
        return Kind.NOTHING
    return Kind.RESULT if called is builtins.eval else None


def generator_step(site: Site, called: object) -> Verdict:
    """``next(g)``, or a method of a generator or coroutine that only runs it."""
    generator = site.callee.generator
    if generator is None or site.instruction.name != "CALL":
        return None
    if called is builtins.next:
        return Kind.AGAIN if drives(argument_of(site, 0), generator) else None
    receiver, is_single = argument_of(site, -1), site.instruction.argument == 1
    if is_single and can_start_again(called, receiver, argument_of(site, 0), generator):
        return Kind.AGAIN
    if not isinstance(called, BuiltinMethodType | MethodDescriptorType) and not _is_slot_wrapper(called):
        return None
    owner = called.__self__ if isinstance(called, BuiltinMethodType) else argument_of(site, -1)
    kind = STEPS.get(getattr(called, "__name__", ""))
    # throw() that is passed on has a frame for each generator on its way, close() has none.
    asked = owner is generator or (kind is Kind.CLOSE and passing_on(owner, generator) is not None)
    return kind if asked else None


def closed(site: Site) -> object:
    """The generator whose ``close()`` the site is waiting for."""
    called = called_object(site)
    return called.__self__ if isinstance(called, BuiltinMethodType) else argument_of(site, -1)


STEPS: Final = {
    "send": Kind.ADVANCE,
    "throw": Kind.ADVANCE,
    "__next__": Kind.ADVANCE,
    "close": Kind.CLOSE,
}
"""Methods of a generator that only run it."""


def attribute_access(site: Site, called: object) -> Verdict:
    """``object.__getattribute__`` and the setters of attributes, in a property or the like."""
    if site.instruction.name != "CALL" or call_has_keywords(site) or site.callee.generator is not None:
        return None
    if called in (builtins.setattr, builtins.delattr):
        return Kind.NOTHING
    if not _is_slot_wrapper(called):
        return None
    return {"__getattribute__": Kind.RESULT, "__setattr__": Kind.NOTHING, "__delattr__": Kind.NOTHING}.get(
        getattr(called, "__name__", "")
    )


def has_fallback(kind: type) -> bool:
    """Whether ``__getattr__`` is asked after an AttributeError."""
    return any("__getattr__" in base.__dict__ for base in kind.__mro__)


def _is_slot_wrapper(called: object) -> bool:
    return type(called).__name__ in ("wrapper_descriptor", "method-wrapper")


def leaving_with(site: Site, called: object) -> Verdict:
    """``__exit__(None, None, None)`` at the end of a with block. It is a bound method, and calling it
    through C puts the manager into the slot of the callable."""
    manager = called
    if site.instruction.name != "CALL" or site.instruction.argument != 2 or not _loads_three_nones(site):
        return None
    return Kind.RESULT if runs_special_method(site, manager, ("__exit__",)) else None


def _loads_three_nones(site: Site) -> bool:
    before = [each for each in site.flow.instructions[: site.index] if each.name != "PRECALL"][-3:]
    return len(before) == 3 and all(
        each.name == "LOAD_CONST" and site.code.co_consts[each.argument] is None for each in before
    )


def clobbered_partial(site: Site, called: object) -> Verdict:
    """A partial of one bound argument, which reads as that argument (see :func:`is_trusted`)."""
    borrower = _borrower(site, called)
    return None if borrower is None else wrapped_function(site, borrower)


def _borrower(site: Site, called: object) -> functools.partial[Any] | None:
    loaded = loaded_callable(site)
    candidates = [loaded] if is_partial_of(loaded, called) else partials_of(called) or []
    return cast("functools.partial[Any]", candidates[0]) if len(candidates) == 1 else None


def is_partial_of(borrower: object, argument: object) -> bool:
    """Whether it is a partial with exactly this one bound argument. (Not isinstance: it asks the object.)"""
    if not issubclass(type(borrower), functools.partial):
        return False
    arguments = cast("functools.partial[Any]", borrower).args
    return len(arguments) == 1 and arguments[0] is argument


FROZEN_AT_START: Final = 1000
"""Up to here nobody has called ``gc.freeze``: 3.12 itself begins with a few hundred frozen objects."""


def partials_of(argument: object) -> list[object] | None:
    """All partials with this one bound argument; None if some may be hidden (by ``gc.freeze``)."""
    if gc.get_freeze_count() > FROZEN_AT_START:
        return None
    return [each for each in gc.get_objects() if is_partial_of(each, argument)]


def cached_call(site: Site) -> CachedCall | None:
    """The call of a function with a cache that the site is waiting for."""
    made_again = call_of(site.callee.frame.f_code)
    if site.frame.f_lasti < site.shift:
        return made_again
    called, arguments = called_object(site), call_arguments(site)
    if not is_trusted(site, called):
        called = _borrower(site, called)
    return None if arguments is None else CachedCall(called, *arguments)


RULES: Final[tuple[Rule, ...]] = (
    python_function,
    wrapped_function,
    callable_instance,
    generator_step,
    attribute_access,
    run_code,
    class_body,
    class_call,
)
CLOBBERED_RULES: Final[tuple[Rule, ...]] = (leaving_with, clobbered_partial, class_call)
"""Rules that hold whatever the slot reads. A class whose ``__init__`` runs on its instance was called, be it
by way of a partial."""


def kind_of_call(site: Site) -> Verdict:
    """How a call that goes through C goes on; None if the C function is not known to be harmless."""
    called = called_object(site)
    rules = RULES + CLOBBERED_RULES if is_trusted(site, called) else CLOBBERED_RULES
    return next((kind for rule in rules if (kind := rule(site, called)) is not None), None)


def called_object(site: Site) -> object:
    """The callable of a call instruction, as its slot reads (see :func:`is_trusted`)."""
    base = len(site.after) - 1
    first, second = site.stack_slot(base), site.stack_slot(base + 1)
    return first if SPOKEN.callable_first or first is not NULL else second


def is_trusted(site: Site, called: object) -> bool:
    """Whether the slot really holds the callable.

    ``functools.partial`` with one bound argument puts that argument into the slot before the first one
    while it runs. Up to 3.12 that is the slot of the callable, so what it holds is compared with the
    variable that the code loaded it from. If it came from an expression, there must be no partial that could
    have borrowed the slot. From 3.13 on that is the empty slot of the pair.
    """
    if not SPOKEN.clobbered_callable or site.instruction.name != "CALL":
        return True
    if site.stack_slot(len(site.after) - 1) is not NULL or loaded_callable(site) is called:
        return True
    # Bound methods of C are made anew by each access.
    if isinstance(called, BuiltinMethodType | MethodWrapperType):
        return attribute_called(site) == called.__name__
    return partials_of(called) == []


def argument_of(site: Site, index: int) -> object:
    """Positional argument of a CALL; -1 is the receiver of a method call."""
    return site.stack_slot(len(site.after) + 1 + index)
