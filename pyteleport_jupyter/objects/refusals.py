"""Which objects cannot move, where they are, and why: found by a walk of our own after pickling failed."""

from __future__ import annotations

import copyreg
import pickle
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from pyteleport_jupyter.errors import TeleportError
from pyteleport_jupyter.objects.anchors import CONTAINERS
from pyteleport_jupyter.objects.collection import collection_paused
from pyteleport_jupyter.objects.inside import Path, Step, children
from pyteleport_jupyter.objects.reducers.frames import named_values, unnamed_values
from pyteleport_jupyter.objects.reduction import DISPATCH, Reduction
from pyteleport_jupyter.objects.table import CannotMove

WRITTEN_BY_PICKLE = (*CONTAINERS, pickle.PickleBuffer)
"""Types that pickle writes by itself; buffers go beside the stream."""

WALK_SECONDS = 20.0
"""After so long the walk ends with what it has found."""

SHOWN = 12
"""Most refusals that are written out for the user."""


@dataclass(frozen=True)
class Refusal:
    """One object that cannot move.

    ``name`` is the variable it is reached from, ``path`` how Python would reach it (``data['deep'][1].s``),
    ``also`` further paths.
    """

    name: str
    path: str
    type: str
    reason: str
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        others = f" (also {', '.join(self.also)})" if self.also else ""
        return f"{self.path}{others}: {self.type}, {self.reason}"


def readable(refusals: tuple[Refusal, ...]) -> str:
    """One line for each, the first ones if there are many."""
    lines = ["", *map(str, refusals[:SHOWN])]
    if len(refusals) > SHOWN:
        lines.append(f"and {len(refusals) - SHOWN} more")
    return "\n".join(lines)


def explain(root: Mapping[str, Any], new: Callable[[], Reduction], error: Exception) -> tuple[Refusal, ...]:
    """All objects of ``root`` that cannot move; if the walk finds none, the words of ``error``."""
    walk = _Walk(new())
    with collection_paused():
        found = walk.run(root)
    if not found and isinstance(error, RecursionError):
        return (Refusal(walk.deepest.name, walk.deepest.name, "object", "it is nested too deeply"),)
    return found or (Refusal("?", "one of the variables", "object", reason_of(error)),)


def reason_of(error: Exception) -> str:
    """The reason in ``error`` as a clause, on one line."""
    if isinstance(error, CannotMove):
        return error.reason
    if isinstance(error, TeleportError):
        return error.facts.get("reason", str(error))
    line = (str(error).splitlines() or [""])[0][:200]
    return line if line.startswith("cannot ") else f"{type(error).__name__}: {line}"


def type_name(obj: Any) -> str:
    """``module.Type``, or ``Type`` if it is built in or of the notebook; a class by its own name."""
    if isinstance(obj, type):
        return f"class {obj.__qualname__}"
    kind = type(obj)
    is_plain = kind.__module__ in ("builtins", "__main__")
    return kind.__qualname__ if is_plain else f"{kind.__module__}.{kind.__qualname__}"


class _Walk:
    """Breadth first, so that each object is named by one of its shortest paths."""

    def __init__(self, reduction: Reduction) -> None:
        self.reduction = reduction
        self.seen: dict[int, Any] = {}
        self.refused: dict[int, tuple[Any, str, list[Path]]] = {}
        self.queue: deque[tuple[Any, Path]] = deque()
        self.deepest = Path(None, Step("?"))

    def run(self, root: Mapping[str, Any]) -> tuple[Refusal, ...]:
        deadline = time.monotonic() + WALK_SECONDS
        self.queue.extend(_start(root))
        while self.queue and time.monotonic() < deadline:
            self.visit(*self.queue.popleft())
        return tuple(self.rows())

    def visit(self, obj: Any, path: Path) -> None:
        if id(obj) in self.refused:
            self.refused[id(obj)][2].append(path)
        if id(obj) in self.seen or id(obj) in self.reduction.references:
            return
        self.seen[id(obj)] = obj
        self.deepest = path
        try:
            inside = list(children(obj, self.reduce(obj)))
        except Exception as error:
            self.refused[id(obj)] = (obj, reason_of(error), [path])
            return
        self.queue.extend((child, Path(path, step)) for step, child in inside)

    def reduce(self, obj: Any) -> Any:
        """What the pickler would get: None for types it writes itself and for what goes by name."""
        if type(obj) in WRITTEN_BY_PICKLE:
            return None
        reduced = self.reduction.reduce(obj)
        if reduced is not NotImplemented:
            return reduced
        registered = DISPATCH.get(type(obj)) or copyreg.dispatch_table.get(type(obj))
        if registered is not None:
            return registered(obj)
        return None if callable(obj) and hasattr(obj, "__qualname__") else obj.__reduce_ex__(5)

    def rows(self) -> Iterator[Refusal]:
        for obj, reason, paths in self.refused.values():
            best = [path for path in paths if path.is_named] or paths
            first, *others = dict.fromkeys(map(str, best))
            yield Refusal(best[0].name, first, type_name(obj), reason, tuple(others[:3]))


def _start(root: Mapping[str, Any]) -> Iterator[tuple[Any, Path]]:
    """Variables first, the user's own before those of IPython; then of frames; then what has no name."""
    namespace: Mapping[str, Any] = root.get("namespace") or {}
    for name in sorted(namespace, key=lambda name: name.startswith("_")):
        yield namespace[name], Path(None, Step(name))
    frames = getattr(root.get("stack"), "all_frames", ())
    for words, value in chain.from_iterable(map(named_values, frames)):
        yield value, Path(None, Step(words))
    for name, item in (root.get("items") or {}).items():
        yield item, Path(None, Step(str(name)))
    for words, value in chain.from_iterable(map(unnamed_values, frames)):
        yield value, Path(None, Step(words, named=False))
