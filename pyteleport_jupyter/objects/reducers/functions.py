"""Functions with their real globals and live cells, methods, code objects, caches."""

from __future__ import annotations

import gc
import types
from collections.abc import Iterator
from types import (
    BuiltinMethodType,
    CellType,
    ClassMethodDescriptorType,
    CodeType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from pyteleport_jupyter.objects import names
from pyteleport_jupyter.objects.arriving import may_stay
from pyteleport_jupyter.objects.reduction import Reduction, reduce_own
from pyteleport_jupyter.objects.table import reduces


@reduces(FunctionType)
def reduce_function(function: FunctionType, reduction: Reduction) -> Any:
    """By name if importable; else code, globals *by identity* and cells that are filled later."""
    if reduction.by_name(function):
        return NotImplemented
    if names.is_definition_of_class(function):
        reduction.modules.add(function.__module__)
        return names.find_definition, (function.__module__, function.__qualname__)
    elsewhere = names.found_elsewhere(function)
    if elsewhere is not None:
        reduction.modules.add(elsewhere[0])
        return names.find_variable, elsewhere
    given = (
        function.__code__,
        reduction.globals_of(function),
        function.__name__,
        function.__closure__,
    )
    return make_function, given, function_state(function), None, None, set_function


def function_state(function: FunctionType) -> dict[str, Any]:
    """What is set on a function after it is made; only what differs from a new function's."""
    attributes = {
        "__qualname__": function.__qualname__,
        "__module__": function.__module__,
        "__doc__": function.__doc__,
        "__defaults__": function.__defaults__,
        "__kwdefaults__": function.__kwdefaults__,
        **annotations_of(function),
        "__type_params__": getattr(function, "__type_params__", None) or None,
    }
    return {name: value for name, value in attributes.items() if value is not None} | {
        "": function.__dict__ or None
    }


def annotations_of(function: FunctionType) -> dict[str, Any]:
    """The annotations if they are there, else the function that is asked for them (3.14); never asked here.

    One of them: setting either on a function forgets the other.
    """
    annotate = getattr(function, "__annotate__", None)
    if annotate is None:
        return {"__annotations__": function.__annotations__ or None}
    # In the order of func_traverse (Objects/funcobject.c) what was asked for lies before who is asked.
    referents = gc.get_referents(function)
    before = referents[next(index for index, each in enumerate(referents) if each is annotate) - 1]
    if type(before) is dict and before is not function.__dict__ and before is not function.__kwdefaults__:
        return {"__annotations__": before}
    return {"__annotate__": annotate}


def make_function(
    code: CodeType, content: dict[str, Any], name: str, closure: tuple[CellType, ...] | None
) -> FunctionType:
    """A function without defaults; its ``__doc__`` and ``__module__`` are set from the state."""
    function = FunctionType(code, content, name, None, closure)
    function.__doc__ = None
    return function


def set_function(function: FunctionType, state: dict[str, Any]) -> None:
    """Set what :func:`function_state` gave."""
    function.__dict__.update(state.pop("") or {})
    for name, value in state.items():
        setattr(function, name, value)


@reduces(CellType)
def reduce_cell(cell: CellType, reduction: Reduction) -> Any:
    """Empty, so that functions may refer to each other; the contents follow in the same memo."""
    reduction.cells.append(cell)
    return make_cell, ()


def make_cell() -> CellType:
    """An empty cell."""
    return CellType()


def contents_of(cell: CellType) -> Iterator[tuple[CellType, Any]]:
    """The cell with its contents, or nothing if it is empty."""
    try:
        content = cell.cell_contents
    except ValueError:
        return
    owner = class_with_dict(content)
    yield cell, content if owner is None else ClassDict(owner)


class ClassDict:
    """Stands for the very dict of a class, which functions that evaluate its annotations and type parameters
    hold in their cell ``__classdict__``."""

    def __init__(self, owner: type) -> None:
        self.owner = owner

    def __reduce__(self) -> tuple[Any, ...]:
        return class_dict, (self.owner,)


def class_dict(owner: type) -> Any:
    """The dict behind the read-only view that Python shows."""
    return gc.get_referents(vars(owner))[0]


def class_with_dict(content: Any) -> type | None:
    """The class whose very dict this is."""
    if type(content) is not dict or not ("__module__" in content and "__doc__" in content):
        return None
    classes = (each for each in gc.get_referrers(content) if issubclass(type(each), type))
    return next((each for each in classes if class_dict(each) is content), None)


@reduces(CodeType)
def reduce_code(code: CodeType, reduction: Reduction) -> Any:
    """The original code; what was generated to resume a frame stays here."""
    from pyteleport_jupyter import frames

    return frames.reduce_code(code)


@reduces(MethodType)
def reduce_method(method: MethodType, reduction: Reduction) -> Any:
    """Function and object, without asking the object for an attribute of that name."""
    return MethodType, (method.__func__, method.__self__)


@reduces(BuiltinMethodType, MethodWrapperType)
def reduce_builtin_method(method: Any, reduction: Reduction) -> Any:
    """Methods of built-in types through the class that defines them: the instance, or a class nearer to it
    (where ``super()`` was used), may have another attribute of that name."""
    owner = method.__self__
    if owner is None or isinstance(owner, ModuleType):
        return reduce_own(method, reduction)
    name = method.__name__
    if _is_same(make_builtin_method(owner, name, None), method):
        return make_builtin_method, (owner, name, None)
    for kind in type(owner).__mro__:
        if name in vars(kind) and _is_same(make_builtin_method(owner, name, kind), method):
            return make_builtin_method, (owner, name, kind)
    for kind in owner.__mro__ if isinstance(owner, type) else ():
        if name in vars(kind) and _is_same(make_builtin_class_method(owner, name, kind), method):
            return make_builtin_class_method, (owner, name, kind)
    return getattr, (owner, name)


def _is_same(found: Any, method: Any) -> bool:
    return type(found) is type(method) and bool(found == method)


@may_stay
def make_builtin_method(owner: Any, name: str, kind: type | None) -> Any:
    """The method ``name`` that ``kind`` defines (None: the first class that has one), bound to ``owner``."""
    kinds = [kind] if kind is not None else [each for each in type(owner).__mro__ if name in vars(each)]
    return _bound(vars(kinds[0])[name], owner, type(owner)) if kinds else None


def make_builtin_class_method(owner: type, name: str, kind: type) -> Any:
    """The class method ``name`` that ``kind`` defines, bound to ``owner``."""
    return _bound(vars(kind)[name], None, owner)


def _bound(found: Any, instance: Any, owner: type) -> Any:
    return found.__get__(instance, owner) if isinstance(found, BUILTIN_METHODS) else None


BUILTIN_METHODS = MethodDescriptorType | WrapperDescriptorType | ClassMethodDescriptorType
"""What built-in types hold in their dicts; binding others would run code of theirs."""


@reduces(types.GenericAlias)
def reduce_alias(alias: types.GenericAlias, reduction: Reduction) -> Any:
    """``list[X]`` and ``*tuple[X]``; never mistaken for a class."""
    return make_alias, (alias.__origin__, alias.__args__, alias.__unpacked__)


def make_alias(origin: Any, args: tuple[Any, ...], is_starred: bool) -> Any:
    """``origin[args]``; only iterating over it gives one with a star."""
    alias = types.GenericAlias(origin, args)
    return next(iter(alias)) if is_starred else alias


@reduces(super)
def reduce_super(proxy: super, reduction: Reduction) -> Any:
    """``super()`` itself; asked for its parts it would answer for the object."""
    parts = vars(super)
    given = (parts["__thisclass__"].__get__(proxy), parts["__self__"].__get__(proxy))
    return super, given if given[1] is not None else given[:1]
