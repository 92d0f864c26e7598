"""Structures, arrays and other types of `ctypes` that the notebook defines; what points to memory stays."""

from __future__ import annotations

import ctypes
from types import MemberDescriptorType
from typing import Any

from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces

LAYOUT = ("_pack_", "_layout_", "_align_", "_anonymous_", "_fields_")
"""Attributes that say how a structure lies in memory, in the order in which ctypes wants them."""

MADE_BY_TYPE = frozenset({"__dict__", "__weakref__", "__slotnames__", "__module__", "__qualname__", *LAYOUT})


@reduces("_ctypes.PyCStructType", "_ctypes.UnionType", subclasses=True)
def reduce_structure(made: Any, reduction: Reduction) -> Any:
    """By name if importable; else defined again, with its fields and methods."""
    if reduction.by_name(made):
        return NotImplemented
    content = {
        name: value for name, value in vars(made).items() if name not in MADE_BY_TYPE and not _is_field(value)
    }
    layout = {name: vars(made)[name] for name in LAYOUT if name in vars(made)}
    given = (made.__name__, made.__qualname__, made.__module__, made.__bases__)
    return make_structure, given, (content, layout), None, None, set_structure


def _is_field(value: Any) -> bool:
    return isinstance(value, MemberDescriptorType) or type(value).__name__ == "CField"


def make_structure(name: str, qualname: str, module: str, bases: tuple[Any, ...]) -> Any:
    """The class without its fields: these may refer to it."""
    return type(bases[0])(name, bases, {"__module__": module, "__qualname__": qualname})


def set_structure(made: Any, state: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Its methods and other attributes, and its layout."""
    content, layout = state
    for name, value in {**content, **layout}.items():
        setattr(made, name, value)


@reduces("_ctypes.PyCArrayType", subclasses=True)
def reduce_array_type(made: Any, reduction: Reduction) -> Any:
    """Type of the elements, and how many they are."""
    if reduction.by_name(made):
        return NotImplemented
    if made is not made._type_ * made._length_:
        raise CannotMove("it is a class of your own made of an array of ctypes")
    return make_array_type, (made._type_, made._length_)


def make_array_type(element: Any, length: int) -> Any:
    """``element * length``, of which ctypes has only one."""
    return element * length


@reduces("_ctypes.PyCPointerType", subclasses=True)
def reduce_pointer_type(made: Any, reduction: Reduction) -> Any:
    """That of what it points to."""
    if reduction.by_name(made):
        return NotImplemented
    if made is not ctypes.POINTER(made._type_):
        raise CannotMove("it is a class of your own made of a pointer of ctypes")
    return ctypes.POINTER, (made._type_,)


@reduces("_ctypes.PyCFuncPtrType", subclasses=True)
def reduce_function_type(made: Any, reduction: Reduction) -> Any:
    """Types of its arguments and of its result."""
    if reduction.by_name(made):
        return NotImplemented
    given = (made._restype_, made._argtypes_, made._flags_)
    if made is not make_function_type(*given):
        raise CannotMove("it is a class of your own made of a function type of ctypes")
    return make_function_type, given


@reduces("_ctypes.PyCSimpleType", subclasses=True)
def reduce_number_type(made: Any, reduction: Reduction) -> Any:
    """By name; those of the other byte order by that of the usual one."""
    if reduction.by_name(made):
        return NotImplemented
    for order in ("__ctype_be__", "__ctype_le__"):
        usual = getattr(made, "__ctype_le__" if order == "__ctype_be__" else "__ctype_be__", made)
        if usual is not made and getattr(usual, order, None) is made:
            return getattr, (usual, order)
    raise CannotMove("it is a class of your own made of a number of ctypes")


USES_ERRNO, USES_LAST_ERROR = 8, 16
"""``FUNCFLAG_USE_ERRNO`` and ``FUNCFLAG_USE_LASTERROR`` (CPython, Modules/_ctypes/ctypes.h)."""


def make_function_type(result: Any, arguments: tuple[Any, ...], flags: int) -> Any:
    """``ctypes.CFUNCTYPE``, which has only one of each; ``PYFUNCTYPE`` makes others."""
    return ctypes.CFUNCTYPE(
        result, *arguments, use_errno=bool(flags & USES_ERRNO), use_last_error=bool(flags & USES_LAST_ERROR)
    )
