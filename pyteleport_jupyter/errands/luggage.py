"""What goes along with a cell: its variables as one pickle, and the surroundings that have changed."""

from __future__ import annotations

import ast
import os
import pickle
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from IPython.core.error import UsageError

from pyteleport_jupyter.companions import Companions
from pyteleport_jupyter.errands.module_changes import SetSinceImport
from pyteleport_jupyter.errands.module_reads import ModuleReads
from pyteleport_jupyter.errands.needs import (
    codes_of,
    names_of_functions,
    names_of_holders,
    names_read,
    needed,
)
from pyteleport_jupyter.errors import ErrandRefused, ObjectsRefused
from pyteleport_jupyter.objects import Numbering, Pickled, dump
from pyteleport_jupyter.objects.ownership import marked
from pyteleport_jupyter.remote.errand_modules import is_of_module, of_modules
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
    """``variables`` are what the cell needs, those of own modules as ``module.name``; ``numbering`` numbers
    all objects that travel. ``own`` are the names of the modules whose variables may be set here, ``kept``
    variables of them that are not sent (``excluded``) or cannot be (with the reason): each side has its own.
    """

    variables: dict[str, Any]
    numbering: Numbering
    pickled: Pickled
    surroundings: bytes
    own: tuple[str, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)

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
    shell: Any,
    cell: str,
    included: Iterable[str],
    excluded: Iterable[str],
    surroundings: bytes,
    own: Companions | None = None,
) -> Luggage:
    """Find what ``cell`` needs and pickle it. Raises UsageError for an included name that there is not,
    ErrandRefused."""
    available = user_variables(shell)
    in_modules = of_modules(own.loaded if own else ())
    for name in included:
        if name not in available and name not in in_modules:
            raise UsageError(f"%%teleport: there is no variable {name} to send")
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | shell.compile.flags
    transformed = shell.transform_cell(cell)
    read, mentioned = names_read(transformed, flags)
    names = {*read, *included}
    wanted = {name: in_modules[name] for name in included if is_of_module(name)}
    left_out = set(excluded)
    modules = _OwnModules(shell, own, transformed, flags, mentioned)
    holders: set[str] = set()
    kept: dict[str, str] = {name: "" for name in excluded if is_of_module(name)}
    while True:
        variables = needed(names, available, left_out)
        of_own = {**wanted, **modules.variables(variables.values())}
        variables |= {name: value for name, value in of_own.items() if name not in kept}
        numbering = Numbering()
        try:
            pickled = dump(
                {"stack": None, "namespace": marked(variables), "items": {}}, anchors(shell), {}, numbering
            )
        except ObjectsRefused as refused:
            # A word in the text of a magic may be no variable at all, and who holds a generator need not go.
            guesses = mentioned | holders
            guessed = {getattr(refusal, "name", "") for refusal in refused.refusals} & guesses - left_out
            theirs = dict(_of_modules(refused, variables))
            if not guessed and not theirs:
                raise ErrandRefused(rows=refused.facts.get("rows", "")) from None
            left_out |= guessed
            kept |= theirs
            continue
        more = names_of_functions(numbering.objects, shell.user_ns) & available.keys()
        names |= more
        holders |= names_of_holders(numbering.objects, available) - names
        more |= holders
        found = modules.variables(numbering.objects).keys() - kept.keys()
        if more <= variables.keys() | left_out and found <= variables.keys():
            return Luggage(variables, numbering, pickled, surroundings, modules.names, kept)
        names |= more


def _of_modules(refused: ObjectsRefused, variables: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Variables of own modules that cannot go along, and why: such a module was always imported anew."""
    for refusal in refused.refusals:
        name = getattr(refusal, "name", "")
        if is_of_module(name) and name in variables:
            yield name, str(refusal)


class _OwnModules:
    """Variables of own modules that a cell reads and that were set since the import, by ``module.name``."""

    def __init__(
        self, shell: Any, own: Companions | None, cell: str, flags: int, mentioned: Iterable[str]
    ) -> None:
        self.names = own.loaded if own else ()
        loaded = {name: sys.modules[name] for name in self.names if name in sys.modules}
        self._reads = ModuleReads(loaded, shell.user_ns)
        if own is None or not loaded:
            return
        self._changes = SetSinceImport(own, [*shell.history_manager.input_hist_parsed, cell])
        self._reads.read_cell(codes_of(cell, flags))
        for module in filter(None, (self._reads.own_module(shell.user_ns.get(name)) for name in mentioned)):
            self._reads.read_whole(module)

    def variables(self, objects: Iterable[Any]) -> dict[str, Any]:
        """All so far, with what functions and classes among ``objects`` read."""
        if not self.names:
            return {}
        self._reads.read_objects(objects)
        changed = self._changes.among(self._reads.found)
        return {f"{module}.{name}": value for (module, name), value in changed.items()}


class Surroundings:
    """What the far side has been told of directory, environment, module path, sources."""

    def __init__(self) -> None:
        self._told: dict[str, Any] = {}
        self._sources: set[tuple[Any, ...]] = set()
        self._modules: tuple[Any, ...] = ()

    @property
    def own_modules(self) -> Companions | None:
        """The session's own modules, as they were told."""
        return self._told.get(OWN_MODULES)

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
