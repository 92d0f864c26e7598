"""Variables of the notebook's own modules, as a cell elsewhere takes them along: under ``module.name``.

No variable of a notebook has a dot in its name, so they stand among those in what travels.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from types import FunctionType, ModuleType
from typing import Any

from pyteleport_jupyter.objects.names import is_importable


def is_of_module(name: str) -> bool:
    """Whether it is a variable of a module."""
    return "." in name


def of_modules(modules: Iterable[str]) -> dict[str, Any]:
    """All variables of those ``modules`` that are loaded, but what a module has without being told, and
    other modules."""
    return {
        f"{module}.{name}": value
        for module in modules
        for name, value in list(vars(sys.modules.get(module, _NO_MODULE)).items())
        if not (name.startswith("__") and name.endswith("__")) and not isinstance(value, ModuleType)
    }


_NO_MODULE = ModuleType("none")


def set_in_modules(variables: Mapping[str, Any], modules: Collection[str]) -> None:
    """Set those that are variables of ``modules``, and of no others; one that cannot be imported is left
    alone: who needs it will say so."""
    for name, value in variables.items():
        module, _, attribute = name.rpartition(".")
        if module in modules:
            with suppress(Exception):
                setattr(importlib.import_module(module), attribute, value)


def delete_in_modules(names: Iterable[str], modules: Collection[str]) -> None:
    """Delete those that are variables of ``modules``."""
    for name in names:
        module, _, attribute = name.rpartition(".")
        if module in modules:
            vars(sys.modules.get(module, _NO_MODULE)).pop(attribute, None)


def changed_in_modules(
    before: Mapping[str, Any], now: Mapping[str, Any], replaced: Collection[int]
) -> dict[str, Any]:
    """What of ``now`` is another object than ``before``, or one of the ``replaced`` (by ``id``), in modules
    that were loaded before."""
    loaded = {name.rpartition(".")[0] for name in before}
    return {
        name: value
        for name, value in now.items()
        if name.rpartition(".")[0] in loaded
        and (before.get(name, _NO_MODULE) is not value or id(value) in replaced)
        and not is_definition(name, value)
    }


def deleted_in_modules(before: Iterable[str], now: Collection[str]) -> list[str]:
    """Variables of modules that are loaded still."""
    gone = (name for name in before if is_of_module(name) and name not in now)
    return [name for name in gone if name.rpartition(".")[0] in sys.modules]


def is_definition(name: str, value: Any) -> bool:
    """Whether it is what the module defines, or imports, under this name: others find it there by name."""
    is_named = isinstance(value, FunctionType | type) and value.__name__ == name.rpartition(".")[2]
    return is_named and is_importable(value)
