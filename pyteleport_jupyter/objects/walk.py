"""A walk over all that a session holds, by the same reducers that write it: what cannot move, and how large
the rest is.

Nothing is written and nothing is copied, but for what a reducer itself makes. A walk that need not know sizes
is hasty: it goes through containers and instances of the plain kinds by what the garbage collector says of
them, which takes a microsecond for each, a tenth of what it takes to ask how they are pickled.
"""

from __future__ import annotations

import copyreg
import gc
import pickle
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from types import FunctionType
from typing import Any, NamedTuple

from pyteleport_jupyter.objects import names, sizes
from pyteleport_jupyter.objects.anchors import CONTAINERS
from pyteleport_jupyter.objects.delays import delayed
from pyteleport_jupyter.objects.inside import Path, Step, Words, children
from pyteleport_jupyter.objects.names import attributes_of
from pyteleport_jupyter.objects.reducers.frames import named_values, unnamed_values
from pyteleport_jupyter.objects.reducers.modules import ModuleCopied
from pyteleport_jupyter.objects.reduction import DISPATCH, Reduction, reduce_own
from pyteleport_jupyter.objects.trails import Trails

HEAP_TYPE, IMMUTABLE_TYPE, COLLECTED = 1 << 9, 1 << 8, 1 << 14
"""``Py_TPFLAGS_HEAPTYPE``, ``..._IMMUTABLETYPE`` and ``..._HAVE_GC``; classes of Python code have not the
second.
"""

WRITTEN_BY_PICKLE = (*CONTAINERS, pickle.PickleBuffer)
"""Types that pickle writes by itself; buffers go beside the stream."""

LOOKS = 1000
"""So many objects are visited between two looks at the clock."""

AT_ONCE = 1000
"""So many children of one object are held; of larger containers the others are met one by one."""

SILENT_SECONDS = 1.0
"""After so long the user is told what takes long."""

PATHS = 8
"""Most paths to one refused object that are kept."""


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

    def add(self, path: Path) -> None:
        """One more way to it; of very many only those that matter."""
        if len(self.paths) < PATHS or not path.is_named:
            self.paths.append(path)

    @property
    def in_use(self) -> bool:
        return any(not path.is_named and _is_direct(path) for path in self.paths)


def _is_direct(path: Path) -> bool:
    """A value on the stack of a frame, or the object of a method there (the ``__exit__`` of a ``with``)."""
    return path.before is None or (path.before.before is None and path.step.text == ".__self__")


class _Inside(NamedTuple):
    """Children that have not been visited yet, and of what."""

    children: Iterable[tuple[Step, Any]]
    obj: Any
    path: Path
    root: Root


class Walk:
    """Breadth first, so that each object is named by one of its shortest paths, and counted there.

    If it is ``hasty``, nothing is counted, and what only single instances of a plain class refuse is missed.
    """

    def __init__(self, reduction: Reduction, hasty: bool = False) -> None:
        self.reduction = reduction
        self.hasty = hasty
        self.roots: list[Root] = []
        self.refused: dict[int, Refused] = {}
        self.deepest = Path(None, Step("?"))
        self.complete = True
        self._seen: dict[int, Any] = {}
        self._met: set[int] = set()
        self._queue: deque[_Inside | Any] = deque()
        self._plain: set[type] = set(CONTAINERS)
        self._empty: set[type] = set(sizes.ATOMS)
        self._trails = Trails(self._reduce)
        self._registered: dict[type, Any] = {}
        self._classes: dict[type, str] = {}
        self._visits = 0
        self._deadline = self._silent_until = 0.0

    def run(self, root: Mapping[str, Any], seconds: float) -> None:
        """Visit all of ``root``; after so many ``seconds`` the walk ends with what it has found."""
        now = time.monotonic()
        self._deadline, self._silent_until = now + seconds, now + SILENT_SECONDS
        for value, path in starts(root):
            self.roots.append(Root(path, value))
        for start in self.roots:
            self._visit(start.value, None, start.path.step, start)
        while self._queue and self.complete:
            entry = self._queue.popleft()
            if type(entry) is _Inside:
                self._enter(entry)
            else:
                self._pass_through(entry)

    def _enter(self, inside: _Inside) -> None:
        try:
            for step, child in inside.children:
                self._visit(child, inside.path, step, inside.root)
                if not self.complete:
                    return
        except Exception as error:  # its own iterator's, or it has been changed
            self.refused[id(inside.obj)] = Refused(inside.obj, reason_of(error), [inside.path])

    def _pass_through(self, holder: Any) -> None:
        """As :meth:`_enter`, for one of a plain kind: most of what it holds needs no more than a look."""
        self._look_at_clock()
        seen, references, refused, plain = self._seen, self.reduction.references, self.refused, self._plain
        holders, queue = self._trails.holders, self._queue
        # The collector has their elements the other way round.
        inside = holder[:] if type(holder) in (list, tuple) else gc.get_referents(holder)
        for child in inside:
            kind = type(child)
            if kind in self._empty:
                continue
            key = id(child)
            if key in seen:
                if key in refused:
                    refused[key].add(self._trails.path_into(holder, child))
            elif kind not in plain:
                path = self._trails.path_into(holder, child)
                self._visit(child, path.before, path.step, self.roots[0])
            elif key not in references:
                seen[key] = child
                holders[key] = holder
                if kind is dict and type(holder) not in CONTAINERS and attributes_of(holder) is child:
                    self._pass_through(child)  # no step of its own
                else:
                    queue.append(child)

    def _visit(self, obj: Any, before: Path | None, step: Words, root: Root) -> None:
        self._look_at_clock()
        if sizes.is_atom(obj):
            root.nbytes += sizes.of_atom(obj)
            return
        key = id(obj)
        if key in self.refused:
            self.refused[key].add(Path(before, step))
        if key in self._seen or key in self.reduction.references:
            return
        self._seen[key] = obj
        if self.hasty and type(obj) in self._plain:
            self._wait_to_pass(obj, Path(before, step))
            return
        try:
            reduced = self._reduce(obj)
            self._check_class(obj, reduced)
            if self.hasty and self._is_plain_now(obj, reduced):
                self._wait_to_pass(obj, Path(before, step))
                return
            root.nbytes += sizes.of_object(obj, reduced)
            if not sizes.is_flat(obj) and not self._holds_nothing_new(reduced):
                self._wait_with(obj, reduced, Path(before, step), root)
        except Exception as error:
            self.refused[key] = Refused(obj, reason_of(error), [Path(before, step)])

    def _wait_to_pass(self, obj: Any, path: Path) -> None:
        self._trails.known(obj, path)
        self._queue.append(obj)

    def _is_plain_now(self, obj: Any, reduced: Any) -> bool:
        """Whether ``obj``, and all of its kind from now on, is pickled as what the collector sees in it."""
        kind: Any = type(obj)
        own_way = kind not in DISPATCH and kind not in copyreg.dispatch_table and type(reduced) is tuple
        if not own_way or self.reduction.reducer_of(kind) not in (None, reduce_own):
            return False
        if not kind.__flags__ & COLLECTED:
            if all(type(part) in (type, *sizes.ATOMS) for part in reduced[1]) and len(reduced) == 2:
                self._empty.add(kind)
        elif kind.__flags__ & HEAP_TYPE and names.reduces_by_default(kind) and _keeps_state(kind):
            self._plain.add(kind)
        return kind in self._plain

    def _look_at_clock(self) -> None:
        self._visits += 1
        if self._visits % LOOKS:
            return
        now = time.monotonic()
        if now > self._silent_until:
            self._silent_until = float("inf")
            delayed("look for what cannot move")
        self.complete = now <= self._deadline

    def _holds_nothing_new(self, reduced: Any) -> bool:
        """Whether this is an instance of a class that was met, with plain values: most are, where there are
        many.
        """
        if type(reduced) is not tuple or len(reduced) < 3:
            return False
        function, args, state, *rest = reduced
        if any(part is not None for part in rest) or not all(issubclass(type(part), type) for part in args):
            return False
        if not (state is None or (type(state) is dict and sizes.is_flat(state))):
            return False
        parts = {id(function), *map(id, args)}
        is_new = not parts <= self._met
        self._met |= parts
        return not is_new

    def _wait_with(self, obj: Any, reduced: Any, path: Path, root: Root) -> None:
        """Visit what is inside later. A part of it is taken now: reducers of others may change it."""
        self.deepest = path
        children_of = iter(children(obj, reduced))
        first = list(islice(children_of, AT_ONCE))
        if first:
            everything = chain(first, children_of) if len(first) == AT_ONCE else first
            self._queue.append(_Inside(everything, obj, path, root))

    def _reduce(self, obj: Any) -> Any:
        """What the pickler would get: None for types it writes itself and for what goes by name."""
        kind = type(obj)
        if kind in WRITTEN_BY_PICKLE:
            return None
        try:
            reduced = self.reduction.reduce(obj)
        except ModuleCopied as copied:
            self.reduction.primed.add(copied.name)
            reduced = self.reduction.reduce(obj)
        if reduced is not NotImplemented:
            return _checked(obj, reduced)
        if kind not in self._registered:
            self._registered[kind] = DISPATCH.get(kind) or copyreg.dispatch_table.get(kind)
        registered = self._registered[kind]
        if registered is not None:
            return _checked(obj, registered(obj))
        if sizes.is_scattered(obj):
            return None  # reducing it would copy it
        if issubclass(kind, type) or kind is FunctionType:
            return None
        return _checked(obj, obj.__reduce_ex__(pickle.HIGHEST_PROTOCOL))

    def _check_class(self, obj: Any, reduced: Any) -> None:
        """Raise PicklingError if ``reduced`` makes an object of a class that stays, or comes from one; or a
        class that does.
        """
        kind: Any = obj if issubclass(type(obj), type) else type(obj)
        if type(reduced) is not tuple:
            return
        if kind is not obj and not any(part is kind for part in (reduced[0], *reduced[1])):
            return
        if kind not in self._classes:
            self._classes[kind] = self._reason_of_class(kind)
        if self._classes[kind]:
            raise pickle.PicklingError(self._classes[kind])

    def _reason_of_class(self, kind: type) -> str:
        for ancestor in kind.__mro__:
            if ancestor.__flags__ & (HEAP_TYPE | IMMUTABLE_TYPE) != HEAP_TYPE:
                continue
            try:
                self.reduction.reduce(ancestor)
            except Exception as error:
                return f"cannot go without its class {ancestor.__qualname__}, which stays: {reason_of(error)}"
        return ""


def _keeps_state(kind: Any) -> bool:
    """Whether what its instances hold is what is pickled of them."""
    return kind.__getstate__ is object.__getstate__ or kind.__getstate__.__module__ == "dataclasses"


def _checked(obj: Any, reduced: Any) -> Any:
    """``reduced``, if pickle takes it (``save_reduce``). Raises PicklingError."""
    if isinstance(reduced, str):
        return _found(obj, reduced)
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


def _found(obj: Any, name: str) -> str:
    """``name``, if pickle finds ``obj`` by it (``save_global``). Raises PicklingError."""
    module = pickle.whichmodule(obj, name)  # type: ignore[attr-defined]
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is not obj:
        raise pickle.PicklingError(f"cannot be found by the name it gives itself, {module}.{name}")
    return name


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
