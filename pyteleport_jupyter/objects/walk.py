"""A walk over all that a session holds, by the same reducers that write it: what cannot move, and how large
the rest is.

Nothing is written and nothing is copied, but for what a reducer itself makes.
"""

from __future__ import annotations

import copyreg
import pickle
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from pyteleport_jupyter.objects import sizes
from pyteleport_jupyter.objects.anchors import CONTAINERS
from pyteleport_jupyter.objects.inside import Path, Step, children
from pyteleport_jupyter.objects.reducers.frames import named_values, unnamed_values
from pyteleport_jupyter.objects.reduction import DISPATCH, Reduction

WRITTEN_BY_PICKLE = (*CONTAINERS, pickle.PickleBuffer)
"""Types that pickle writes by itself; buffers go beside the stream."""

LOOKS = 1000
"""So many objects are visited between two looks at the clock."""


@dataclass(eq=False, slots=True)
class Root:
    """Where a path begins, and the bytes of all that was reached from there first."""

    path: Path
    value: Any
    nbytes: int = 0


@dataclass(eq=False, slots=True)
class Refused:
    """An object that cannot move. ``in_use``: a frame computes with it, so nothing can take its place."""

    obj: Any
    reason: str
    paths: list[Path] = field(default_factory=list)

    @property
    def in_use(self) -> bool:
        return any(not path.is_named and _is_direct(path) for path in self.paths)


def _is_direct(path: Path) -> bool:
    """A value on the stack of a frame, or the object of a method there (the ``__exit__`` of a ``with``)."""
    return path.before is None or (path.before.before is None and path.step.text == ".__self__")


class Walk:
    """Breadth first, so that each object is named by one of its shortest paths, and counted there."""

    def __init__(self, reduction: Reduction) -> None:
        self.reduction = reduction
        self.roots: list[Root] = []
        self.refused: dict[int, Refused] = {}
        self.deepest = Path(None, Step("?"))
        self.complete = True
        self._seen: dict[int, Any] = {}
        self._queue: deque[tuple[Any, Path, Root]] = deque()

    def run(self, root: Mapping[str, Any], seconds: float) -> None:
        """Visit all of ``root``; after so many ``seconds`` the walk ends with what it has found."""
        deadline = time.monotonic() + seconds
        for value, path in starts(root):
            self.roots.append(Root(path, value))
            self._queue.append((value, path, self.roots[-1]))
        count = 0
        while self._queue:
            count += 1
            if count % LOOKS == 0 and time.monotonic() > deadline:
                self.complete = False
                return
            self._visit(*self._queue.popleft())

    def _visit(self, obj: Any, path: Path, root: Root) -> None:
        if sizes.is_atom(obj):
            root.nbytes += sizes.of_atom(obj)
            return
        if id(obj) in self.refused:
            self.refused[id(obj)].paths.append(path)
        if id(obj) in self._seen or id(obj) in self.reduction.references:
            return
        self._seen[id(obj)] = obj
        self.deepest = path
        try:
            reduced = self._reduce(obj)
            root.nbytes += sizes.of_object(obj, reduced)
            inside = [] if sizes.is_flat(obj) else list(children(obj, reduced))
        except Exception as error:
            self.refused[id(obj)] = Refused(obj, reason_of(error), [path])
            return
        self._queue.extend((child, Path(path, step), root) for step, child in inside)

    def _reduce(self, obj: Any) -> Any:
        """What the pickler would get: None for types it writes itself and for what goes by name."""
        kind = type(obj)
        if kind in WRITTEN_BY_PICKLE:
            return None
        reduced = self.reduction.reduce(obj)
        if reduced is not NotImplemented:
            return _checked(obj, reduced)
        registered = DISPATCH.get(kind) or copyreg.dispatch_table.get(kind)
        if registered is not None:
            return _checked(obj, registered(obj))
        if sizes.is_scattered(obj):
            return None  # reducing it would copy it
        if issubclass(kind, type) or (callable(obj) and hasattr(obj, "__qualname__")):
            return None
        return _checked(obj, obj.__reduce_ex__(pickle.HIGHEST_PROTOCOL))


def _checked(obj: Any, reduced: Any) -> Any:
    """``reduced``, if pickle takes it (``save_reduce``). Raises PicklingError."""
    if isinstance(reduced, str):
        return reduced
    if type(reduced) is not tuple or not 2 <= len(reduced) <= 6:
        raise pickle.PicklingError("its reduce method gives no tuple of two to six parts")
    function, args = reduced[:2]
    if not callable(function) or type(args) is not tuple:
        raise pickle.PicklingError("its reduce method gives no function with arguments")
    for part in reduced[3:5]:
        if part is not None and not hasattr(type(part), "__next__"):
            raise pickle.PicklingError("its reduce method gives items that are no iterator")
    if function is copyreg.__newobj__ and args and obj.__class__ is not args[0]:  # type: ignore[attr-defined]
        raise pickle.PicklingError("it says that it is of another class than it is")
    return reduced


def reason_of(error: Exception) -> str:
    """The reason in ``error`` as a clause, on one line."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, str):
        return reason
    facts = getattr(error, "facts", None)
    if isinstance(facts, dict):
        return str(facts.get("reason", error))
    if isinstance(error, RecursionError):
        return "it is nested too deeply, or its reduce method calls itself"
    line = (_words(error).splitlines() or [""])[0][:200]
    if isinstance(error, RuntimeError) and line.endswith("during iteration"):
        return "it was changed, by a thread or by its own __getstate__, while it was being written"
    return line if line.startswith("cannot ") else f"{type(error).__name__}: {line}"


def _words(error: Exception) -> str:
    try:
        return str(error)
    except Exception:  # it is the user's own, and may do anything
        return ""


def starts(root: Mapping[str, Any]) -> Iterator[tuple[Any, Path]]:
    """Variables first, the user's own before those of IPython; then of frames; then what has no name."""
    namespace: Mapping[str, Any] = root.get("namespace") or {}
    for name in sorted(namespace, key=lambda name: str(name).startswith("_")):
        yield namespace[name], Path(None, Step(str(name)))
    frames = getattr(root.get("stack"), "all_frames", ())
    for words, value in chain.from_iterable(map(named_values, frames)):
        yield value, Path(None, Step(words))
    for name, item in (root.get("items") or {}).items():
        yield item, Path(None, Step(str(name)))
    for words, value in chain.from_iterable(map(unnamed_values, frames)):
        yield value, Path(None, Step(words, named=False))


def type_name(obj: Any) -> str:
    """``module.Type``, or ``Type`` if it is built in or of the notebook; a class by its own name."""
    if issubclass(type(obj), type):
        return f"class {_qualified(obj)}"
    kind = type(obj)
    module = type.__getattribute__(kind, "__module__")
    is_plain = module in ("builtins", "__main__") or not isinstance(module, str)
    return _qualified(kind) if is_plain else f"{module}.{_qualified(kind)}"


def _qualified(kind: type) -> str:
    """Its name as the interpreter has it, whatever a metaclass says."""
    return str(type.__getattribute__(kind, "__qualname__"))
