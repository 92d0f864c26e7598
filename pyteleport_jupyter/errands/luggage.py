"""What goes along with a cell: its variables as one pickle, and the surroundings that have changed."""

from __future__ import annotations

import ast
import os
import pickle
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from IPython.core.error import UsageError

from pyteleport_jupyter.companions import Companions
from pyteleport_jupyter.errands.needs import names_of_functions, names_read, needed
from pyteleport_jupyter.errors import ErrandRefused, ObjectsRefused
from pyteleport_jupyter.objects import Numbering, Pickled, dump
from pyteleport_jupyter.objects.ownership import marked
from pyteleport_jupyter.remote.errand_surroundings import TOLD_BY_CELLS
from pyteleport_jupyter.session.anchors import anchors
from pyteleport_jupyter.session.item import Phase
from pyteleport_jupyter.session.table import items_of

SHELLS = frozenset({"In", "Out", "_ih", "_oh", "_dh", "get_ipython", "exit", "quit", "open"})
"""Names that every shell has for itself."""

SOURCES = "cell sources"
"""The one of the surroundings that grows with each cell: only what is new is sent."""

CHANGED_BY_CELLS = ("directory", "interpreter", *TOLD_BY_CELLS)
"""Always sent: the last cell there may have changed them there."""

OWN_MODULES = "own modules"
OWN_EXTENSION = "pyteleport_jupyter"


@dataclass(frozen=True)
class Luggage:
    """``variables`` are what the cell needs; ``numbering`` numbers all objects that travel."""

    variables: dict[str, Any]
    numbering: Numbering
    pickled: Pickled
    surroundings: bytes

    @property
    def parts(self) -> tuple[memoryview, ...]:
        """As the far side takes them: pickle stream, surroundings, buffers."""
        stream = memoryview(self.pickled.stream)
        return stream, memoryview(self.surroundings), *self.pickled.buffers

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(part.nbytes for part in self.parts)


def user_variables(shell: Any) -> dict[str, Any]:
    """The namespace without what the shell put there for itself."""
    return {name: value for name, value in shell.user_ns.items() if not _is_shells(name)}


def _is_shells(name: str) -> bool:
    return name in SHELLS or (name.startswith("__") and name.endswith("__") and len(name) > 4)


def pack(
    shell: Any, cell: str, included: Iterable[str], excluded: Iterable[str], surroundings: bytes
) -> Luggage:
    """Find what ``cell`` needs and pickle it. Raises UsageError for an included name that there is not,
    ErrandRefused."""
    available = user_variables(shell)
    for name in included:
        if name not in available:
            raise UsageError(f"%%teleport: there is no variable {name} to send")
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | shell.compile.flags
    read, mentioned = names_read(shell.transform_cell(cell), flags)
    names = {*read, *included}
    left_out = set(excluded)
    while True:
        variables = needed(names, available, left_out)
        numbering = Numbering()
        try:
            pickled = dump(
                {"stack": None, "namespace": marked(variables), "items": {}}, anchors(shell), {}, numbering
            )
        except ObjectsRefused as refused:
            # A word in the text of a magic may be no variable at all.
            guessed = {getattr(refusal, "name", "") for refusal in refused.refusals} & mentioned
            if not guessed - left_out:
                raise ErrandRefused(rows=refused.facts.get("rows", "")) from None
            left_out |= guessed
            continue
        more = names_of_functions(numbering.objects, shell.user_ns) & available.keys()
        if more <= variables.keys() | left_out:
            return Luggage(variables, numbering, pickled, surroundings)
        names |= more


class Surroundings:
    """What the far side has been told of directory, environment, module path, sources."""

    def __init__(self) -> None:
        self._told: dict[str, Any] = {}
        self._sources: set[tuple[Any, ...]] = set()
        self._modules: tuple[Any, ...] = ()

    def forget(self) -> None:
        """Nothing counts as told."""
        self._told.clear()
        self._sources.clear()
        self._modules = ()

    def news(self, shell: Any, cell: str) -> bytes:
        """Pickled, what is different from what was told before; it counts as told from now on."""
        now = self._captured(shell, cell)
        if "extensions" in now:
            now["extensions"] = [name for name in now["extensions"] if name != OWN_EXTENSION]
        cells = now.pop(SOURCES, None)
        told = {name: value for name, value in self._told.items() if name not in CHANGED_BY_CELLS}
        different = {name: value for name, value in now.items() if told.get(name) != value}
        self._told.update(different)
        if cells is not None and (fresh := [each for each in cells["sources"] if each not in self._sources]):
            self._sources.update(fresh)
            different[SOURCES] = {**cells, "sources": fresh}
        return pickle.dumps(different)

    def _captured(self, shell: Any, cell: str) -> dict[str, Any]:
        """The items as they are now. To look for own modules takes longer than all the others."""
        modules = self._state_of_modules()
        look = "import" in cell or modules != self._modules
        items = [item for item in items_of(Phase.SURROUNDINGS) if look or item.name != OWN_MODULES]
        found = {item.name: item.capture(shell, None) for item in items}
        if look:
            self._modules = self._state_of_modules()
        return {name: value for name, value in found.items() if value is not None}

    def _state_of_modules(self) -> tuple[Any, ...]:
        """Different when a module was imported, or the source of an own one was edited."""
        own: Companions | None = self._told.get(OWN_MODULES)
        paths = [own.sources[name].path for name in own.loaded if name in own.sources] if own else []
        return len(sys.modules), *map(_changed_at, paths)


def _changed_at(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0
