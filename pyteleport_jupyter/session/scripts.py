"""Modules that ``%run`` makes: all are called ``__main__``, none can be imported, and functions live in their
dicts.

Such a dict is met in many places (frames, closures, tuples of arguments) and must arrive as one: so module
and dict are anchors, made anew on the other side, and what they hold is an item.
"""

from __future__ import annotations

import builtins
import sys
from types import ModuleType
from typing import Any

from pyteleport_jupyter.session.item import Item, Phase
from pyteleport_jupyter.session.namespace_items import NOT_CARRIED
from pyteleport_jupyter.session.running_cell import RunningCell


def script_modules(shell: Any) -> list[ModuleType]:
    """The module of the script that runs now, and those of earlier ones that the shell keeps, each once."""
    kept = [sys.modules.get("__main__"), *shell._main_mod_cache.values()]
    found = {id(module): module for module in kept if isinstance(module, ModuleType)}
    return [module for module in found.values() if module is not shell.user_module]


class ScriptAnchors:
    """Names for script modules and their dicts: ``script:0`` and ``script globals:0``."""

    def __init__(self, shell: Any) -> None:
        self.by_name: dict[str, object] = {}
        for number, module in enumerate(script_modules(shell)):
            self._enter(str(number), module)

    def _enter(self, number: str, module: ModuleType) -> None:
        self.by_name |= {f"script:{number}": module, f"script globals:{number}": vars(module)}

    def resolve(self, name: str) -> object:
        """The module or dict called ``name``; an empty one is made when it is first asked for."""
        if name not in self.by_name:
            module = ModuleType("__main__")
            vars(module)["__builtins__"] = builtins
            self._enter(name.partition(":")[2], module)
        return self.by_name[name]


def capture_scripts(shell: Any, cell: RunningCell | None) -> list[tuple[ModuleType, dict[str, Any]]]:
    """What the script modules hold."""
    modules = script_modules(shell)
    return [(module, {k: v for k, v in vars(module).items() if k not in NOT_CARRIED}) for module in modules]


def restore_scripts(shell: Any, scripts: list[tuple[ModuleType, dict[str, Any]]]) -> None:
    """Fill the modules that were made here."""
    for module, content in scripts:
        vars(module).update(content)


def capture_kept_scripts(shell: Any, cell: RunningCell | None) -> dict[str, ModuleType]:
    """Which of them the shell keeps, by file."""
    return dict(shell._main_mod_cache)


def restore_kept_scripts(shell: Any, modules: dict[str, ModuleType]) -> None:
    """Keep them here as well."""
    shell._main_mod_cache.update(modules)


ITEMS: tuple[Item, ...] = (
    Item("scripts", Phase.ARRIVAL, capture_scripts, restore_scripts),
    Item("kept scripts", Phase.ARRIVAL, capture_kept_scripts, restore_kept_scripts),
)
