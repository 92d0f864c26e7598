"""Exceptions with all that hangs on them, and tracebacks that show the right lines."""

from __future__ import annotations

import pickle
from types import GetSetDescriptorType, MemberDescriptorType, TracebackType
from typing import Any

from pyteleport_jupyter.objects.anchors import Reference
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import reduces

OF_EVERY_EXCEPTION = frozenset(vars(BaseException))
"""Attributes that :func:`set_exception` treats by themselves."""


@reduces(BaseException, subclasses=True)
def reduce_exception(error: BaseException, reduction: Reduction) -> Any:
    """Rebuilt without calling ``__init__`` of the user's class, whose parameters nobody knows."""
    extras = (error.__traceback__, error.__cause__, error.__context__, error.__suppress_context__)
    kind = type(error)
    if _reduces_itself(kind):
        reduced: Any = error.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
        function, args, *rest = reduced
        own = {**(rest[0] if rest and isinstance(rest[0], dict) else {}), **error.__dict__}
        return function, args, (own, {}, extras), None, None, set_exception
    members = {"args": error.args, **_members(error)}
    state = dict(error.__dict__), members, extras
    return make_exception, (kind, _needed(error)), state, None, None, set_exception


def _needed(error: BaseException) -> tuple[Any, ...]:
    """Arguments that it cannot be made without. Others follow, since the exception itself may be in them."""
    if isinstance(error, BaseExceptionGroup):
        return error.message, list(error.exceptions)
    return error.args if all(type(part) in PLAIN for part in error.args) else ()


HEAP_TYPE = 1 << 9
"""``Py_TPFLAGS_HEAPTYPE``: the class was made by Python code (or as if)."""

NOT_SET = object()
"""In place of a slot's value."""

PLAIN = frozenset({str, bytes, int, float, bool, type(None)})


def _reduces_itself(kind: type[BaseException]) -> bool:
    """Whether a class that is not of the interpreter says how its instances are pickled."""
    methods = {"__reduce__", "__reduce_ex__"}
    return next(each for each in kind.__mro__ if methods & vars(each).keys()).__module__ != "builtins"


def _members(error: BaseException) -> dict[str, Any]:
    """What C keeps outside ``__dict__`` (``StopIteration.value``, ``OSError.filename``), and slots."""
    found = {}
    for kind in type(error).__mro__:
        for name, descriptor in vars(kind).items():
            is_member = isinstance(descriptor, MemberDescriptorType | GetSetDescriptorType)
            if is_member and name not in OF_EVERY_EXCEPTION and name not in ("__dict__", "__weakref__"):
                found[name] = getattr(error, name, NOT_SET)
            if found.get(name) is None and not kind.__flags__ & HEAP_TYPE:
                found.pop(name, None)  # that is how C says that there is nothing
    return {name: value for name, value in found.items() if value is not NOT_SET}


def make_exception(kind: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    """An exception made by the C code of its built-in base alone; its ``args`` are set later."""
    base = next(base for base in kind.__mro__ if base.__module__ == "builtins")
    try:
        error: BaseException = base.__new__(kind, *args)
        vars(base).get("__init__", BaseException.__init__)(error, *args)
    except TypeError:
        # UnicodeError insists on arguments of its own; ``args`` may hold others by now.
        error = BaseException.__new__(kind, *args)
    return error


def set_exception(
    error: BaseException, state: tuple[dict[str, Any], dict[str, Any], tuple[Any, ...]]
) -> None:
    """Set attributes, members of C classes, and the chain of exceptions."""
    attributes, members, (traceback, cause, context, is_suppressed) = state
    error.__dict__.update(attributes)
    for name, value in members.items():
        try:
            setattr(error, name, value)
        except (AttributeError, TypeError):  # read-only: it was given to ``__new__``
            continue
    error.__traceback__, error.__cause__, error.__context__ = traceback, cause, context
    error.__suppress_context__ = is_suppressed


@reduces(TracebackType)
def reduce_traceback(traceback: TracebackType, reduction: Reduction) -> Any:
    """Code and positions; the local variables of the finished frames stay behind."""
    from pyteleport_jupyter import frames

    reduced: Any = frames.reduce_traceback(traceback)
    make, entries = reduced
    return make, tuple(entry._replace(globals=_shown(entry.globals, reduction)) for entry in entries)


def _shown(content: dict[str, Any], reduction: Reduction) -> Any:
    """Globals that are there anyway (tools look for the source by them), else the name alone."""
    shared = reduction.shared(content)
    if content is reduction.namespace or isinstance(shared, Reference):
        return shared
    return {"__name__": content.get("__name__")}
