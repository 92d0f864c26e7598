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
    """A spec is met where a module's dict is being written by value, which must not happen."""
    module = sys.modules.get(spec.name)
    if spec.name in reduction.primed or not isinstance(module, ModuleType):
        return NotImplemented
    if vars(module).get("__spec__") is spec and names.is_importable_module(spec.name):
        raise ModuleCopied(spec.name)
    return NotImplemented


@reduces(ModuleType, subclasses=True)
def reduce_module(module: ModuleType, reduction: Reduction) -> Any:
    """A module that only exists here (made by hand, or by ``%run``)."""
    reduction.shared(vars(module))
    content = {name: value for name, value in vars(module).items() if name not in BELONGS_TO_IMPORT}
    is_registered = (
        module.__name__ not in names.NOTEBOOK_MODULES and sys.modules.get(module.__name__) is module
    )
    return make_module, (type(module), module.__name__), (content, is_registered), None, None, set_module


def make_module(kind: type[ModuleType], name: str) -> ModuleType:
    """An empty module, with the built-in names."""
    module = ModuleType.__new__(kind, name)  # type: ignore[call-arg]
    ModuleType.__init__(module, name)
    vars(module)["__builtins__"] = builtins
    return module


def set_module(module: ModuleType, state: tuple[dict[str, Any], bool]) -> None:
    """Fill the module, and let it be imported if it could be before."""
    content, is_registered = state
    vars(module).update(content)
    if is_registered:
        sys.modules[module.__name__] = module
