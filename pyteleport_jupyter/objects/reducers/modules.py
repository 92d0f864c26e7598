"""Modules: by name if the other side can import them, else with all they hold."""

from __future__ import annotations

import builtins
import importlib.machinery
import sys
from types import ModuleType
from typing import Any

from pyteleport_jupyter.objects import names
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import reduces

BELONGS_TO_IMPORT = frozenset({"__builtins__", "__loader__", "__spec__", "__cached__"})


class ModuleCopied(Exception):
    """The dict of an importable module is being written by value: begin again, with a reference to it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@reduces(importlib.machinery.ModuleSpec)
def reduce_spec(spec: importlib.machinery.ModuleSpec, reduction: Reduction) -> Any:
    """That of the module there. Also met where a module's dict is being written, which must not happen."""
    module = sys.modules.get(spec.name)
    is_held = isinstance(module, ModuleType) and vars(module).get("__spec__") is spec
    if not is_held or not names.is_importable_module(spec.name):
        return NotImplemented
    if spec.name not in reduction.primed:
        raise ModuleCopied(spec.name)
    reduction.modules.add(spec.name)
    return names.find_variable, (spec.name, "__spec__")


@reduces(ModuleType, subclasses=True)
def reduce_module(module: ModuleType, reduction: Reduction) -> Any:
    """A module that only exists here (made by hand, or by ``%run``): empty, what it holds follows."""
    reduction.shared(vars(module))
    reduction.hollow.append(module)
    return make_module, (type(module),)


@reduces("_frozen_importlib_external._NamespacePath")
def reduce_namespace_path(path: Any, reduction: Reduction) -> Any:
    """The path of a package without a file, which is computed from ``sys.path``: as it is now."""
    return list, (list(path),)


def contents_of_module(module: ModuleType) -> dict[str, Any]:
    """What a module holds, without what belongs to the import system, unless that is nothing."""
    return {
        name: value for name, value in vars(module).items() if name not in BELONGS_TO_IMPORT or value is None
    }


def is_registered(module: ModuleType) -> bool:
    """Whether the module can be imported by its name here, although only from memory."""
    name = vars(module).get("__name__", "__main__")  # IPython takes it away from a script that has ended
    return name not in names.NOTEBOOK_MODULES and sys.modules.get(name) is module


def make_module(kind: type[ModuleType]) -> ModuleType:
    """A module that holds the built-in names only."""
    module = ModuleType.__new__(kind)
    ModuleType.__init__(module, "")
    vars(module).clear()
    vars(module)["__builtins__"] = builtins
    return module


def fill_module(module: ModuleType, content: dict[str, Any], can_be_imported: bool) -> None:
    """Fill the module, and let it be imported if it could be before."""
    vars(module).update(content)
    if can_be_imported:
        sys.modules[module.__name__] = module
