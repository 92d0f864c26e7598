"""Items that are plain data and must be in place before the first object is unpickled.

They travel as a pickle of their own, in front of the one of all objects.
"""

from __future__ import annotations

import gc
import linecache
import os
import site
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyteleport_jupyter.errors import PackageMissing, RestoreFailed
from pyteleport_jupyter.session.environment import (
    apply_environment,
    environment_at_start,
    environment_change,
)
from pyteleport_jupyter.session.item import Item, Phase

if TYPE_CHECKING:
    from pyteleport_jupyter.session.running_cell import RunningCell

DEFAULT_EXTENSIONS = frozenset({"storemagic"})
"""Loaded by every IPython by itself (InteractiveShellApp.default_extensions)."""

INLINE_BACKENDS = frozenset({"inline", "module://matplotlib_inline.backend_inline"})


def capture_directory(shell: Any, cell: RunningCell | None) -> str:
    """The working directory."""
    return os.getcwd()


def restore_directory(shell: Any, directory: str) -> None:
    """Go there if there is such a directory; otherwise stay, as a relative path means nothing here anyway."""
    if os.path.isdir(directory):
        os.chdir(directory)


def capture_module_path(shell: Any, cell: RunningCell | None) -> list[str]:
    """The entries of ``sys.path`` that do not belong to this interpreter's own installation."""
    roots = {
        sys.prefix,
        sys.base_prefix,
        sys.exec_prefix,
        *site.getsitepackages(),
        site.getusersitepackages(),
    }
    return [entry for entry in sys.path if entry and not any(_inside(entry, root) for root in roots)]


@lru_cache(maxsize=4096)
def _inside(entry: str, root: str) -> bool:
    return Path(entry).is_relative_to(root)


def search_path(shell: Any) -> list[str]:
    """Absolute folders that the session imports from besides the installation: they are looked into there."""
    return [os.getcwd(), *(os.path.abspath(entry) for entry in capture_module_path(shell, None))]


def restore_module_path(shell: Any, entries: Sequence[str]) -> None:
    """Add what is not there yet, behind this interpreter's own entries."""
    sys.path.extend(entry for entry in entries if entry not in sys.path)


def capture_interpreter(shell: Any, cell: RunningCell | None) -> dict[str, Any]:
    """The settings of the interpreter that programs change."""
    return {
        "recursion_limit": sys.getrecursionlimit(),
        "switch_interval": sys.getswitchinterval(),
        "integer_digits": sys.get_int_max_str_digits(),
        "collector": (gc.isenabled(), gc.get_threshold()),
    }


def restore_interpreter(shell: Any, settings: dict[str, Any]) -> None:
    """Set them here."""
    sys.setrecursionlimit(settings["recursion_limit"])
    sys.setswitchinterval(settings["switch_interval"])
    sys.set_int_max_str_digits(settings["integer_digits"])
    enabled, thresholds = settings["collector"]
    gc.set_threshold(*thresholds)
    (gc.enable if enabled else gc.disable)()


def loaded_extensions(shell: Any) -> list[str]:
    """Names of the IPython extensions that the user, or a configuration, loaded."""
    return sorted(set(shell.extension_manager.loaded) - DEFAULT_EXTENSIONS)


def restore_extensions(shell: Any, names: Sequence[str]) -> None:
    """Load them; raises PackageMissing or RestoreFailed."""
    for name in names:
        try:
            shell.extension_manager.load_extension(name)
        except ImportError as error:
            raise PackageMissing(packages=error.name or name) from error
        except Exception as error:
            raise RestoreFailed(reason=f"%load_ext {name}: {error}") from error


def capture_cell_sources(shell: Any, cell: RunningCell | None) -> dict[str, Any]:
    """The text of every cell, for tracebacks, and the directory that their file names pretend to be in.

    ipykernel names a cell after the kernel's pid and the cell's text (ipykernel/compiler.py); the names must
    stay those of the first kernel, as code objects, tracebacks and breakpoints hold them.
    """
    numbers = shell.compile._filename_map
    sources = [(name, number, "".join(linecache.getlines(name))) for name, number in numbers.items()]
    if not hasattr(shell, "kernel"):
        return {"sources": sources}  # IPython in a terminal names cells after their numbers
    import ipykernel.compiler

    return {"directory": ipykernel.compiler.get_tmp_directory(), "sources": sources}


def restore_cell_sources(shell: Any, cells: dict[str, Any]) -> None:
    """Cells of the past and, through the directory, of the future are named as on the first host."""
    if "directory" in cells:
        import ipykernel.compiler

        directory: str = cells["directory"]
        ipykernel.compiler.get_tmp_directory = lambda: directory
    for name, number, text in cells["sources"]:
        shell.compile._filename_map[name] = number
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)


def capture_compile_flags(shell: Any, cell: RunningCell | None) -> int:
    """``from __future__ import ...`` of earlier cells, as bits (codeop.Compile.flags)."""
    return int(shell.compile.flags)


def restore_compile_flags(shell: Any, flags: int) -> None:
    """Set them for cells to come."""
    shell.compile.flags |= flags


def capture_plot_backend(shell: Any, cell: RunningCell | None) -> str | None:
    """Name of the matplotlib backend in use; None if pyplot was not imported."""
    if "matplotlib.pyplot" not in sys.modules:
        return None
    backend: str = sys.modules["matplotlib"].get_backend()
    return backend


def restore_plot_backend(shell: Any, backend: str) -> None:
    """Switch to it before figures arrive: they register themselves with the backend in use."""
    if backend.lower() in INLINE_BACKENDS:
        shell.enable_matplotlib("inline")
        return
    import matplotlib

    matplotlib.use(backend)


ITEMS: tuple[Item, ...] = tuple(
    Item(name, Phase.SURROUNDINGS, capture, restore)
    for name, capture, restore in (
        ("interpreter", capture_interpreter, restore_interpreter),
        ("directory", capture_directory, restore_directory),
        (
            "environment",
            lambda *_: environment_change(environment_at_start(), os.environ),
            lambda _, c: apply_environment(c),
        ),
        ("module path", capture_module_path, restore_module_path),
        ("extensions", lambda shell, _: loaded_extensions(shell), restore_extensions),
        ("cell sources", capture_cell_sources, restore_cell_sources),
        ("compile flags", capture_compile_flags, restore_compile_flags),
        ("plot backend", capture_plot_backend, restore_plot_backend),
    )
)
