"""Attributes: how a frame goes on that a property, descriptor or ``__getattr__`` was called by."""

from __future__ import annotations

import inspect
from dataclasses import replace
from types import ModuleType
from typing import Any

from .boundary import Site
from .callees import has_fallback, method_code, runs_special_method
from .dialect import SPOKEN
from .layout import NULL
from .planning import again, behind
from .registry import function_code
from .snapshot import Action, Kind


def plan_load_attribute(site: Site) -> Action | None:
    is_pair = len(site.after) == len(site.before) + 1
    kind, results = (Kind.METHOD_PAIR, 2) if is_pair else (Kind.RESULT, 1)
    if site.crossing.through_c and not _is_getter(site, site.operand(1)):
        return ask_again(site, site.before, 1, _attribute_name(site))
    return behind(site, kind, site.after[:-results])


def ask_again(site: Site, stack: str, operand: int, name: str) -> Action | None:
    """The attribute is looked up again, on a stand-in whose property is the rest of what found it: if that
    raises AttributeError there is something left to do."""
    owner = site.stack_slot(len(stack) - operand)
    found = runs_special_method(site, owner, ("__getattribute__", "__getattr__")) or any(
        _gets(site, vars(base).get(name)) for base in _classes_of(owner)
    )
    if not found or site.callee.generator is not None or isinstance(owner, type):
        return None
    return replace(again(site, Kind.STAND_IN, stack), method=name, operand=operand, is_attribute=True)


def _is_getter(site: Site, owner: object) -> bool:
    """A property, descriptor or ``__getattr__``, and nothing is tried after it if it raises
    AttributeError."""
    if runs_special_method(site, owner, ("__getattr__",)) or _is_of_module(site, owner):
        return True
    if has_fallback(type(owner)):
        return False
    if runs_special_method(site, owner, ("__getattribute__",)):
        return True
    name = _attribute_name(site)
    return any(_gets(site, vars(base).get(name)) for base in _classes_of(owner))


def _is_of_module(site: Site, owner: object) -> bool:
    """``__getattr__`` of a module (PEP 562)."""
    found = vars(owner).get("__getattr__") if isinstance(owner, ModuleType) else None
    return found is not None and function_code(found) == site.callee.code


def _classes_of(owner: object) -> tuple[type, ...]:
    """The classes in which an attribute access looks for a descriptor. A class is also looked into itself."""
    if isinstance(owner, super):
        owner = inspect.getattr_static(owner, "__self__").__get__(owner)
    return (*type(owner).__mro__, *(owner.__mro__ if isinstance(owner, type) else ()))


def _gets(site: Site, descriptor: object) -> bool:
    getter: Any = descriptor.fget if isinstance(descriptor, property) else None
    found = (function_code(getter), method_code(type(descriptor), "__get__"))
    return site.callee.code in [code for code in found if code is not None]


def plan_super_attribute(site: Site) -> Action | None:
    """``super().name`` (3.12 and later): the operands are super, the class and the object."""
    owner, name = site.operand(1), site.code.co_names[site.instruction.argument >> 2]
    if owner is NULL:  # 3.14 lets go of the operands before it asks for the attribute
        owner = site.callee.first_local()
    if not any(_gets(site, vars(base).get(name)) for base in _classes_of(owner)):
        return None
    is_pair = len(site.after) == len(site.before) - 1
    kind, results = (Kind.METHOD_PAIR, 2) if is_pair else (Kind.RESULT, 1)
    return behind(site, kind, site.after[:-results])


def _attribute_name(site: Site) -> str:
    shift = SPOKEN.attribute_shift if site.instruction.name == "LOAD_ATTR" else 0
    return site.code.co_names[site.instruction.argument >> shift]


def plan_set_attribute(site: Site) -> Action | None:
    return behind(site, Kind.DISCARD, site.after) if _is_setter(site, site.operand(1)) else None


def _is_setter(site: Site, owner: object) -> bool:
    if runs_special_method(site, owner, ("__setattr__", "__delattr__")):
        return True
    descriptor = inspect.getattr_static(type(owner), _attribute_name(site), None)
    if isinstance(descriptor, property):
        return site.callee.code in (function_code(descriptor.fset), function_code(descriptor.fdel))
    return site.callee.code in (
        method_code(type(descriptor), "__set__"),
        method_code(type(descriptor), "__delete__"),
    )
