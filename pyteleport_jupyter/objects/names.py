"""What can be found by name on both sides: importable definitions, and sentinels that modules hold."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

from pyteleport_jupyter.carried import is_carried

NOTEBOOK_MODULES = frozenset({"__main__", "__mp_main__"})
"""Modules whose definitions exist here only, although they stand in ``sys.modules``."""

UNNAMED_TYPES: dict[type, tuple[str, str]] = {
    found: (module, name)
    for module in ("_collections_abc", "types")
    for name, found in vars(sys.modules[module]).items()
    if isinstance(found, type)
    and getattr(sys.modules.get(found.__module__), found.__qualname__, None) is not found
}
"""Types of the interpreter that their own module does not hold (``function``): where else they stand."""


def is_importable_module(name: str) -> bool:
    """Whether others can import what ``sys.modules`` calls ``name`` (its ``__name__`` may differ)."""
    module = sys.modules.get(name)
    if name in NOTEBOOK_MODULES or is_carried(name) or not isinstance(module, ModuleType):
        return False
    if vars(module).get("__spec__") is not None:
        return True
    # C extensions make some submodules without a spec (pyexpat.errors): they come with their parent.
    return "." in name and is_importable_module(name.rpartition(".")[0])


def home_module(definition: Any) -> ModuleType | None:
    """The importable module that a function or class says it comes from, or None."""
    name = getattr(definition, "__module__", None)
    return sys.modules[name] if isinstance(name, str) and is_importable_module(name) else None


def is_importable(definition: Any) -> bool:
    """Whether ``pickle`` finds this function or class again under its ``__module__`` and ``__qualname__``."""
    found: Any = home_module(definition)
    try:
        for name in definition.__qualname__.split("."):
            found = getattr(found, name)
    except AttributeError:
        return False
    return found is definition


def found_elsewhere(definition: Any) -> tuple[str, str] | None:
    """Module and name of a library's definition that is not in the module it says it comes from, or there
    has another name.

    ``_pydecimal`` and others pretend to be the module whose place they may take; ``typing._NamedTuple`` says
    that it is ``NamedTuple``.
    """
    name, home = getattr(definition, "__qualname__", ""), home_module(definition)
    if "." in name or home is None:
        return None
    renamed = next((other for other, value in list(vars(home).items()) if value is definition), None)
    if renamed is not None:
        return definition.__module__, renamed
    for module_name, module in list(sys.modules.items()):
        holds = type(module) is ModuleType and vars(module).get(name) is definition
        if holds and is_importable_module(module_name):
            return module_name, name
    return None


def find_definition(module: str, qualname: str) -> Any:
    """The function at ``qualname``, without binding; taken out of class and static methods."""
    found: Any = importlib.import_module(module)
    for name in qualname.split("."):
        found = vars(found)[name]
    return found.__func__ if isinstance(found, classmethod | staticmethod) else found


def is_definition_of_class(function: Any) -> bool:
    """Whether :func:`find_definition` finds ``function`` although attribute access gives something else."""
    if home_module(function) is None:
        return False
    try:
        return find_definition(function.__module__, function.__qualname__) is function
    except (KeyError, TypeError, ImportError):
        return False


def find_variable(module: str, name: str) -> Any:
    """What ``module`` holds under ``name``; raises ImportError or AttributeError."""
    return getattr(import_named(module), name)


TYPES_OF_RESULTS: dict[str, tuple[str, str]] = {"decimal.ContextManager": ("decimal", "localcontext")}
"""Types of C that no module holds, by their own name: module and function of which they are the result."""


def type_of_result(module: str, name: str) -> type:
    """What :func:`find_variable` finds is called for it."""
    return type(find_variable(module, name)())


def import_named(name: str) -> ModuleType:
    """Import ``name``; a submodule without a file comes with its parent."""
    if name not in sys.modules and "." in name:
        importlib.import_module(name.rpartition(".")[0])
    return sys.modules.get(name) or importlib.import_module(name)


def module_variables() -> dict[int, tuple[str, str]]:
    """``id`` of every stateless object held at the top level of an importable module -> (module, name).

    These are the sentinels that code compares with ``is``, such as ``dataclasses.MISSING``.
    """
    found: dict[int, tuple[str, str]] = {}
    for module_name, module in list(sys.modules.items()):
        if type(module) is ModuleType and is_importable_module(module_name):
            for name, value in list(vars(module).items()):
                if is_stateless(value):
                    found.setdefault(id(value), (module_name, name))
    return found


def is_stateless(value: object) -> bool:
    """Whether nothing but its identity tells ``value`` from another object of its type."""
    kind = type(value)
    if kind is object:
        return True
    if not reduces_by_default(kind):
        return False
    return kind.__basicsize__ <= _PLAIN_SIZE and not attributes_of(value) and home_module(kind) is not None


def reduces_by_default(kind: Any) -> bool:
    """Whether instances of ``kind`` are pickled the way of ``object``."""
    return bool(kind.__reduce_ex__ is object.__reduce_ex__ and kind.__reduce__ is object.__reduce__)


def attributes_of(value: object) -> dict[str, Any] | None:
    """The ``__dict__`` of an object, without running any code of its own."""
    try:
        found: dict[str, Any] = object.__getattribute__(
            value, "__dict__"
        )  # a proxy would answer for another object
    except AttributeError:
        return None
    return found


class _Plain:
    pass


_PLAIN_SIZE = _Plain.__basicsize__


def type_name(obj: Any) -> str:
    """``module.Type``, or ``Type`` if it is built in or of the notebook; a class by its own name."""
    if issubclass(type(obj), type):
        return f"class {_qualified(obj)}"
    kind = type(obj)
    module = type.__getattribute__(kind, "__module__")
    is_plain = module in ("builtins", "__main__") or not isinstance(module, str)
    return _qualified(kind) if is_plain else f"{module}.{_qualified(kind)}"


def _qualified(kind: type) -> str:
    """Its name as the interpreter has it, whatever a metaclass says."""
    return str(type.__getattribute__(kind, "__qualname__"))
