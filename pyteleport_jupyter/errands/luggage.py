"""What goes along with a cell: its variables as one pickle, and the surroundings that have changed."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from IPython.core.error import UsageError

from pyteleport_jupyter.errands.needs import names_of_functions, names_read, needed
from pyteleport_jupyter.errors import ObjectsRefused
from pyteleport_jupyter.objects import Numbering, Pickled, dump
from pyteleport_jupyter.session.anchors import anchors
from pyteleport_jupyter.session.item import Phase
from pyteleport_jupyter.session.table import capture_items

SHELLS = frozenset({"In", "Out", "_ih", "_oh", "_dh", "get_ipython", "exit", "quit", "open"})
"""Names that every shell has for itself."""

SOURCES = "cell sources"
"""The one of the surroundings that grows with each cell: only what is new is sent."""

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
        """As the far side takes them: surroundings, pickle stream, buffers."""
        stream = memoryview(self.pickled.stream)
        return memoryview(self.surroundings), stream, *self.pickled.buffers

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
    ObjectsRefused."""
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
                {"stack": None, "namespace": variables, "items": {}}, anchors(shell), {}, numbering
            )
        except ObjectsRefused as refused:
            # A word in the text of a magic may be no variable at all.
            guessed = {getattr(refusal, "name", "") for refusal in refused.refusals} & mentioned
            if not guessed - left_out:
                raise
            left_out |= guessed
            continue
        more = names_of_functions(numbering.objects, shell.user_ns) & available.keys()
        if more <= variables.keys() | left_out:
            return Luggage(variables, numbering, pickled, surroundings)
        names |= more


class Surroundings:
    """What the far side has been told of directory, environment, module path, sources of cells."""

    def __init__(self) -> None:
        self._told: dict[str, Any] = {}
        self._sources: set[tuple[Any, ...]] = set()

    def forget(self) -> None:
        """Nothing counts as told."""
        self._told.clear()
        self._sources.clear()

    def news(self, shell: Any) -> bytes:
        """Pickled, what is different from what was told before; it counts as told from now on."""
        now = capture_items(shell, None, Phase.SURROUNDINGS)
        if "extensions" in now:
            now["extensions"] = [name for name in now["extensions"] if name != OWN_EXTENSION]
        cells = now.pop(SOURCES, None)
        different = {name: value for name, value in now.items() if self._told.get(name) != value}
        self._told.update(different)
        if cells is not None and (fresh := [each for each in cells["sources"] if each not in self._sources]):
            self._sources.update(fresh)
            different[SOURCES] = {**cells, "sources": fresh}
        return pickle.dumps(different)
