"""The live objects of a shell and its kernel, which travel by name: what is called so there takes their
place.
"""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import comm
from IPython.core import async_helpers

from pyteleport_jupyter.session.event_loop_items import arriving_cell_task, cell_task, context_variables
from pyteleport_jupyter.session.process_streams import process_streams
from pyteleport_jupyter.session.scripts import ScriptAnchors

SHELL_PARTS = (
    "kernel", "displayhook", "history_manager", "compile", "events", "builtin_trap",
    "display_trap", "magics_manager", "extension_manager", "alias_manager", "prefilter_manager",
    "payload_manager", "input_transformer_manager", "InteractiveTB", "SyntaxTB", "display_formatter",
    "user_ns_hidden", "logger", "hooks", "profile_dir", "config", "parent", "user_module", "Completer",
    "inspector", "exiter", "ns_table", "configurables", "meta", "_main_mod_cache",
    "input_transformers_post", "input_transformers_cleanup",
)  # fmt: skip
KERNEL_PARTS = (
    "session", "iopub_thread", "iopub_socket", "shell_channel_thread", "control_thread", "comm_manager",
    "log", "io_loop", "stdin_socket", "debugger", "shell_handlers", "control_handlers",
)  # fmt: skip
TERMINAL_PARTS = ("pt_app", "auto_suggest", "debugger_history")
HISTORY_PARTS = ("input_hist_parsed", "input_hist_raw", "output_hist", "output_hist_reprs", "dir_hist")
SYSTEM_PARTS = ("__displayhook__", "__excepthook__", "meta_path", "path_hooks", "path_importer_cache")

_warning_functions = {
    f"warnings.{name}": vars(warnings)[name] for name in ("_showwarning_orig", "_showwarnmsg_impl")
}
"""As the module made them: ``catch_warnings`` swaps what the names stand for."""

# What %%capture and redirect_stdout replace for a time; the display publisher is among the configurables.
_first_seen: WeakKeyDictionary[Any, dict[str, object]] = WeakKeyDictionary()


class SessionAnchors:
    """Names of live objects, in both directions (implements ``objects.Anchors``)."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.namespace: dict[str, Any] = shell.user_ns
        self._scripts = ScriptAnchors(shell)
        self.by_name: Mapping[str, object] = {**_named(shell), **self._scripts.by_name}

    def resolve(self, name: str) -> object:
        """The object called ``name`` here; KeyError if there is none. Loads what IPython loads lazily."""
        if name in self.by_name:
            return self.by_name[name]
        if name == "cell task":
            return arriving_cell_task()
        kind, _, rest = name.partition(":")
        if kind == "magics":
            return self.shell.magics_manager.registry[rest]
        if kind in ("script", "script globals"):
            return self._scripts.resolve(name)
        raise KeyError(name)


def anchors(shell: Any) -> SessionAnchors:
    """The anchors of ``shell``. Call it once when the extension is loaded: streams are swapped later."""
    return SessionAnchors(shell)


def _named(shell: Any) -> dict[str, object]:
    named: dict[str, object] = {"shell": shell}
    named.update(_seen_first(shell) if hasattr(shell, "kernel") else _terminal_parts(shell))
    named.update(_parts("shell.", shell, SHELL_PARTS))
    named.update(_parts("kernel.", getattr(shell, "kernel", None), KERNEL_PARTS))
    named.update(_parts("history.", shell.history_manager, HISTORY_PARTS))
    named.update(_parts("sys.", sys, SYSTEM_PARTS))
    named.update(_magics(shell))
    named.update(_process_parts(shell))
    named.update(context_variables(shell, _seen_first(shell)))
    return named


def _parts(prefix: str, owner: object, names: Iterable[str]) -> dict[str, object]:
    found = {prefix + name: getattr(owner, name, None) for name in names}
    # Small immutable values are no identities: another object could be the same one by accident.
    return {
        name: part
        for name, part in found.items()
        if not isinstance(part, (type(None), str, int, bool, tuple))
    }


def _seen_first(shell: Any) -> dict[str, object]:
    seen = _first_seen.setdefault(shell, {})
    iostream: Any = sys.modules.get("ipykernel.iostream")
    stream_kind: type = iostream.OutStream if iostream else object
    for name in ("stdout", "stderr"):
        if isinstance(getattr(sys, name), stream_kind):
            seen.setdefault(name, getattr(sys, name))
    return seen


def _terminal_parts(shell: Any) -> dict[str, object]:
    """What IPython has in a terminal: the process's own streams, the prompt, and the loop of cells that
    await.
    """
    parts = {"event loop": _loop_of_cells(), **_parts("shell.", shell, TERMINAL_PARTS)}
    if shell.user_global_ns is not shell.user_ns:
        # Embedded in a program. Its module's own variables go by the module's name.
        parts = {"user globals": shell.user_global_ns, **parts}
    return {**process_streams(), **parts}


def _loop_of_cells() -> asyncio.AbstractEventLoop | None:
    """The loop that IPython keeps for cells that await (``_asyncio_event_loop`` in core/async_helpers.py,
    IPython 9). ``get_asyncio_loop`` would rather give one that the cell runs, which is to travel."""
    if asyncio._get_running_loop() is None:
        return async_helpers.get_asyncio_loop()  # type: ignore[no-any-return]
    return getattr(async_helpers, "_asyncio_event_loop", None)


def _magics(shell: Any) -> dict[str, object]:
    """Instances whose class the target can import; those of classes of the notebook travel by value."""
    registry = dict(shell.magics_manager.registry)
    return {f"magics:{name}": magics for name, magics in registry.items() if _is_importable(magics)}


def _is_importable(part: object) -> bool:
    return type(part).__module__ != "__main__"


def _process_parts(shell: Any) -> dict[str, object]:
    parts: dict[str, object | None] = {
        "comm manager": comm.get_comm_manager(),
        "event loop": getattr(getattr(getattr(shell, "kernel", None), "io_loop", None), "asyncio_loop", None),
        "cell task": cell_task(),
        "get_ipython": shell.user_ns_hidden.get("get_ipython"),
        "open": shell.user_ns_hidden.get("open"),
        **_warning_functions,
        **{
            f"configurable:{type(part).__name__}": part
            for part in shell.configurables
            if _is_importable(part)
        },
    }
    return {name: part for name, part in parts.items() if part is not None}
