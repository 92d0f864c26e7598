"""Items that the user, or a library on the user's behalf, gave to the shell: magics, callbacks, transformers,
settings.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from traitlets import TraitError

from pyteleport_jupyter.session.item import Item, Phase
from pyteleport_jupyter.session.running_cell import PACKAGE, RunningCell
from pyteleport_jupyter.session.surroundings import loaded_extensions

MACHINERY = frozenset(
    {PACKAGE, "IPython", "ipykernel", "matplotlib_inline", "matplotlib", "ipywidgets", "comm", "traitlets"}
)
"""Packages that register with a shell by themselves, there as here."""

SETTINGS: dict[str, tuple[str, ...]] = {
    "": (
        "ast_node_interactivity", "autoawait", "autocall", "automagic", "cache_size", "colors", "color_info",
        "show_rewritten_input", "sphinxify_docstring", "separate_in", "separate_out", "separate_out2",
    ),
    "display_formatter.formatters.text/plain": (
        "pprint", "max_width", "max_seq_length", "float_precision", "verbose",
    ),
    "Completer": ("use_jedi", "greedy", "evaluation", "omit__names"),
    "configurable:InlineBackend": ("figure_formats", "rc", "print_figure_kwargs", "close_figures"),
}  # fmt: skip
"""Traits that ``%config`` and magics change and that mean the same anywhere, by the part of the shell that
has them.
"""


def defining_package(thing: Any) -> str:
    """Top-level package in which a callable, or the class of an object, was written; ``__main__`` for the
    notebook's own.
    """
    if type(thing).__name__ == "LazyMagic":
        # Any other attribute of it would load what it stands for; stopped by Ctrl-C in the middle of that,
        # IPython holds it for loaded for ever (IPython 9, core/magic.py, load_lazy).
        return str(thing.spec).partition(":")[0].partition(".")[0]
    while isinstance(thing, functools.partial):
        thing = thing.func
    thing = getattr(thing, "__wrapped__", thing)
    owner = getattr(thing, "__self__", None)
    module = getattr(thing, "__module__", None)
    if owner is not None and not isinstance(owner, type):
        module = type(owner).__module__
    elif not isinstance(module, str):
        module = type(thing).__module__
    return str(module).partition(".")[0]


def _foreign(shell: Any, things: Iterable[Any]) -> list[Any]:
    """Those of ``things`` that would not come into being there by themselves."""
    known = MACHINERY | {name.partition(".")[0] for name in loaded_extensions(shell)}
    return [thing for thing in things if defining_package(thing) not in known]


def capture_magics(shell: Any, cell: RunningCell | None) -> dict[str, dict[str, Any]]:
    """Magic functions, aliases and magic aliases of the user, by kind ("line" or "cell") and name."""
    defaults = dict(shell.alias_manager.default_aliases)
    return {
        kind: {name: magic for name, magic in table.items() if _is_users_magic(shell, name, magic, defaults)}
        for kind, table in shell.magics_manager.magics.items()
    }


def _is_users_magic(shell: Any, name: str, magic: Any, default_aliases: dict[str, str]) -> bool:
    kind = type(magic).__name__
    if kind == "Alias":
        return bool(default_aliases.get(name) != magic.cmd)
    return kind == "MagicAlias" or bool(_foreign(shell, [magic]))


def restore_magics(shell: Any, magics: dict[str, dict[str, Any]]) -> None:
    """Register them under the same names."""
    for kind, table in magics.items():
        shell.magics_manager.magics[kind].update(table)


def capture_magic_instances(shell: Any, cell: RunningCell | None) -> dict[str, Any]:
    """Instances of Magics classes written in the notebook."""
    registry = dict(shell.magics_manager.registry)
    return {name: magics for name, magics in registry.items() if type(magics).__module__ == "__main__"}


def restore_magic_instances(shell: Any, instances: dict[str, Any]) -> None:
    """Put them into the registry; their magics come with the magic functions."""
    shell.magics_manager.registry.update(instances)


def capture_callbacks(shell: Any, cell: RunningCell | None) -> dict[str, list[Any]]:
    """Callbacks of IPython's events (``pre_run_cell``...) by event."""
    return {event: _foreign(shell, callbacks) for event, callbacks in shell.events.callbacks.items()}


def restore_callbacks(shell: Any, callbacks: dict[str, list[Any]]) -> None:
    """Register what is not registered there; events that do not exist there never fire."""
    for event, functions in callbacks.items():
        for function in functions:
            if event in shell.events.callbacks:
                shell.events.register(event, function)


_TRANSFORMER_LISTS = ("input_transformers_cleanup", "input_transformers_post", "ast_transformers")


def capture_transformers(shell: Any, cell: RunningCell | None) -> dict[str, list[Any]]:
    """The user's transformers of cell text and of its syntax tree, by the list they are in."""
    return {name: _foreign(shell, getattr(shell, name)) for name in _TRANSFORMER_LISTS}


def restore_transformers(shell: Any, transformers: dict[str, list[Any]]) -> None:
    """Append what is not in the list."""
    for name, added in transformers.items():
        present = getattr(shell, name)
        present.extend(transformer for transformer in added if transformer not in present)


_PRINTER_TABLES = ("singleton_printers", "type_printers", "deferred_printers")


def capture_formatters(shell: Any, cell: RunningCell | None) -> dict[str, dict[str, dict[Any, Any]]]:
    """Display functions registered by the user (``for_type``), by mime type and table."""
    return {
        mime: {table: _users_printers(shell, getattr(formatter, table, {})) for table in _PRINTER_TABLES}
        for mime, formatter in shell.display_formatter.formatters.items()
    }


def _users_printers(shell: Any, printers: dict[Any, Any]) -> dict[Any, Any]:
    # Printers of builtin types come with the formatter: C functions have no package of their own.
    written = [
        kind for kind, printer in printers.items() if defining_package(printer) not in ("builtins", "None")
    ]
    return {kind: printers[kind] for kind in written if _foreign(shell, [printers[kind]])}


def restore_formatters(shell: Any, formatters: dict[str, dict[str, dict[Any, Any]]]) -> None:
    """Register them."""
    for mime, tables in formatters.items():
        formatter = shell.display_formatter.formatters.get(mime)
        for table, printers in tables.items():
            getattr(formatter, table, {}).update(printers)


def capture_exception_handler(shell: Any, cell: RunningCell | None) -> tuple[Any, Any] | None:
    """What ``set_custom_exc`` was given."""
    return (shell.custom_exceptions, shell.CustomTB) if shell.custom_exceptions else None


def restore_exception_handler(shell: Any, handler: tuple[Any, Any]) -> None:
    """Set it, wrapped as it was."""
    shell.custom_exceptions, shell.CustomTB = handler


def _part(shell: Any, path: str) -> Any:
    if path.startswith("configurable:"):
        wanted = path.partition(":")[2]
        return next((part for part in shell.configurables if type(part).__name__ == wanted), None)
    part = shell
    for step in path.split(".") if path else ():
        part = part.get(step) if isinstance(part, dict) else getattr(part, step, None)
    return part


def capture_settings(shell: Any, cell: RunningCell | None) -> dict[tuple[str, str], Any]:
    """The settings of the table, and the mode of tracebacks (``%xmode``)."""
    found = {}
    for path, names in SETTINGS.items():
        part = _part(shell, path)
        found.update({(path, name): getattr(part, name) for name in names if hasattr(part, name)})
    return {**found, ("InteractiveTB", "mode"): shell.InteractiveTB.mode, ("", "call_pdb"): shell.call_pdb}


def restore_settings(shell: Any, settings: dict[tuple[str, str], Any]) -> None:
    """Set what differs; settings that this IPython does not have, or calls otherwise, are skipped."""
    shell.InteractiveTB.set_mode(mode=settings.pop(("InteractiveTB", "mode")))
    for (path, name), value in settings.items():
        part = _part(shell, path)
        if hasattr(part, name) and getattr(part, name) != value:
            with suppress(TraitError):
                setattr(part, name, value)


def capture_prompts(shell: Any, cell: RunningCell | None) -> Any:
    """What says ``In [1]:`` in a terminal, where it is the user's own."""
    prompts = getattr(shell, "prompts", None)
    return None if prompts is None or defining_package(prompts) == "IPython" else prompts


def restore_prompts(shell: Any, prompts: Any) -> None:
    """Set it; a kernel has no use for it."""
    if hasattr(shell, "prompts"):
        shell.prompts = prompts


def capture_payloads(shell: Any, cell: RunningCell | None) -> list[Any]:
    """What the cell has so far asked the frontend to do with its reply (``set_next_input``, the pager)."""
    return list(shell.payload_manager.read_payload())


def restore_payloads(shell: Any, payloads: list[Any]) -> None:
    """Put them before those to come."""
    for payload in payloads:
        shell.payload_manager.write_payload(payload)


ITEMS: tuple[Item, ...] = (
    Item("settings", Phase.ARRIVAL, capture_settings, restore_settings),
    Item("magic instances", Phase.ARRIVAL, capture_magic_instances, restore_magic_instances),
    Item("magics", Phase.ARRIVAL, capture_magics, restore_magics),
    Item("callbacks", Phase.ARRIVAL, capture_callbacks, restore_callbacks),
    Item("transformers", Phase.ARRIVAL, capture_transformers, restore_transformers),
    Item("formatters", Phase.ARRIVAL, capture_formatters, restore_formatters),
    Item("exception handler", Phase.ARRIVAL, capture_exception_handler, restore_exception_handler),
    Item("prompts", Phase.ARRIVAL, capture_prompts, restore_prompts),
    Item("payloads", Phase.CELL, capture_payloads, restore_payloads),
)
