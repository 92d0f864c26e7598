"""Imports our package, and the cloudpickle that came with it, from the zip; everything else is the target's
own.

``sys.path`` stays as the target has it. The names are served first, so that another version of them
installed there is not mixed with ours.
"""

from __future__ import annotations

import importlib
import os
import select
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any
from zipimport import zipimporter

SERVED = ("pyteleport_jupyter", "cloudpickle")
"""The top-level packages in the zip; their modules are then found by their own ``__path__``."""

BOOT = (
    "import sys;z=sys.argv[1];sys.path[:not sys.flags.safe_path]=[z];"
    "from pyteleport_jupyter.remote.package_finder import run;run()"
)
"""Program for ``python -c BOOT ZIP ROLE ...``. The zip takes the place that ``-c`` gives to the current
directory, and
leaves it in :func:`run`, so that no file lying about there is ever imported."""

PROGRAM_BOOT = """import sys
sys.path[:not sys.flags.safe_path] = [sys.argv[1]]
from pyteleport_jupyter.remote.package_finder import arrive
__teleported__, end = arrive()
try:
    while __teleported__:
        exec(*__teleported__.pop(0))
except BaseException:
    end()
    raise
end()
"""
"""Program for ``python -c PROGRAM_BOOT PACKAGE ARRIVAL ...``; PACKAGE is the zip, or the folder with our
package.

What arrives is code and its namespace, and runs on this frame alone: no other frame of ours is under it. By
the name of what is to be run :mod:`..scripts.program` knows this frame.
"""

GO, EMPTY = b"\n", b"e"
"""What lets a kernel go: a session comes; none does."""

ROLES = {
    "supervisor": "pyteleport_jupyter.remote.supervisor",
    "kernel": "pyteleport_jupyter.remote.kernel",
    "program-supervisor": "pyteleport_jupyter.remote.program_supervisor",
    "depository": "pyteleport_jupyter.remote.depository",
}
"""Modules whose ``main`` is called with what follows the role."""

ARRIVALS = {
    "abroad": "pyteleport_jupyter.scripts.abroad",
    "home": "pyteleport_jupyter.scripts.homecoming",
}
"""Modules whose ``arrive`` takes over a program, here or where it was started."""


class PackageFinder:
    """A finder for ``sys.meta_path`` (importlib.abc.MetaPathFinder) that serves SERVED from one zip."""

    def __init__(self, package: str) -> None:
        self.package = package
        """Path of the zip."""
        self._importer = zipimporter(package)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a top-level package that came with us, None for all others."""
        return self._importer.find_spec(name) if name in SERVED else None


def install(package: str) -> None:
    """Serve our packages from the zip at path ``package`` from now on; the first call wins."""
    if served_from() is None:
        sys.meta_path.insert(0, PackageFinder(package))


def served_from() -> str | None:
    """Path of the zip that our packages come from in this process, None where they are installed."""
    found = (finder.package for finder in sys.meta_path if isinstance(finder, PackageFinder))
    return next(found, None)


def run() -> None:
    """Second half of BOOT: clean up after it, then play the role that argv names."""
    package, role, *rest = sys.argv[1:]
    del sys.path[0]
    install(package)
    sys.argv[:] = [role, *rest]
    module = importlib.import_module(ROLES[role])
    if role == "kernel":
        rest += wait_to_go(module.load_for_arrival)
    module.main(rest)


def arrive() -> tuple[list[tuple[CodeType, dict[str, Any]]], Callable[[], None]]:
    """Second half of PROGRAM_BOOT: clean up after it, then take over the program that comes.

    Returns what is to be run, pairs of code and namespace, and what is to be called when it has ended or
    raised.
    """
    package, where, *rest = sys.argv[1:]
    del sys.path[0]
    if os.path.isfile(package):
        install(package)
    arrival: tuple[list[tuple[CodeType, dict[str, Any]]], Callable[[], None]]
    with _loading():
        module = importlib.import_module(ARRIVALS[where])
    arrival = module.arrive(rest)
    return arrival


def _loading() -> AbstractContextManager[None]:
    """Hundreds of modules, of which nothing becomes garbage: no collection looks for it meanwhile."""
    from pyteleport_jupyter.collection import collection_paused

    return collection_paused()


def wait_to_go(load: Callable[[], None]) -> list[str]:
    """Wait at stdin, a socket, for a byte, which says that the connection file is there; without one there is
    nothing to do. ``load()`` meanwhile, or then, unless the byte is EMPTY. Returns arguments for the kernel.
    """
    with socket.socket(fileno=os.dup(0)) as line:
        if not select.select([line], [], [], 0)[0]:
            with _loading():
                load()
        word, descriptors, _, _ = socket.recv_fds(line, 1, 1)
    if not word:
        os._exit(0)
    if word != EMPTY:
        load()
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
    deposit = [] if not descriptors else ["--deposit-fd", str(descriptors[0])]
    return ["--empty"] if word == EMPTY else deposit
