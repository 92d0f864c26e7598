"""Objects -> bytes: one pickle with one memo, large buffers beside it without a copy.

The stream is a sequence of pickles that share one memo: references to the live objects that pickle would
copy, then the definitions of the namespace, then all the rest; after each of the two, the contents of the
cells, modules and globals met so far. These are written empty, so that functions can refer to each other;
definitions come first, since user code may run while objects are rebuilt (``__setstate__``, ``__hash__``).
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from types import BuiltinMethodType, FunctionType, MethodType, ModuleType
from typing import Any

from pyteleport_jupyter.errors import ObjectsRefused
from pyteleport_jupyter.objects import reducers
from pyteleport_jupyter.objects.anchors import CONTAINERS, Anchors, Reference
from pyteleport_jupyter.objects.deep import DeepPickler
from pyteleport_jupyter.objects.leaving import ROUNDS, Leaving
from pyteleport_jupyter.objects.numbering import Numbering
from pyteleport_jupyter.objects.reducers.frames import unnamed_values, use_stack
from pyteleport_jupyter.objects.reducers.functions import contents_of
from pyteleport_jupyter.objects.reducers.modules import ModuleCopied, contents_of_module, is_registered
from pyteleport_jupyter.objects.reduction import DISPATCH, TRAVELS_WITH_US, Reduction
from pyteleport_jupyter.objects.refusals import Refusal, explain, readable
from pyteleport_jupyter.objects.shared_memory import Whole, WrittenMemory
from pyteleport_jupyter.objects.turns import Outlet, PassingOn, TakingTurns
from pyteleport_jupyter.objects.walk import Walk

RESTART_LIMIT = 200
"""Most module dicts that may be found inside the user's own containers; memory whose parts come first."""

DEFINITIONS = (FunctionType, type, ModuleType, str, bytes, int, float, complex, bool, type(None))
"""Values of the namespace that are bound first: user code that runs while others are rebuilt needs them."""


LASTING = ("namespace", "items", "stack")
"""The order in which the parts of a session are written."""

ROUND = 1024
"""Numbers in the memo before the variables are made a multiple of it, at the cost of two bytes for each."""


@dataclass(frozen=True)
class Pickled:
    """A session as data.

    ``buffers`` are views of live memory: they change if the objects do. ``modules`` are the full names of all
    modules that the stream refers to, without what travels along.
    """

    stream: bytes
    buffers: tuple[memoryview, ...]
    modules: frozenset[str]
    used: frozenset[str] = frozenset()
    """Those of ``modules`` of which a definition or an object travels, not only a reference to the module."""
    left: tuple[Refusal, ...] = ()
    """What stays behind, with a tombstone in its place."""

    @property
    def total_bytes(self) -> int:
        """What has to be sent, apart from the header."""
        return len(self.stream) + sum(buffer.nbytes for buffer in self.buffers)


class SessionPickler(pickle.Pickler):
    """CPython's pickler, which asks :class:`Reduction` for every object that is not of a basic type."""

    dispatch_table = DISPATCH

    def __init__(
        self, file: io.BytesIO, reduction: Reduction, keep: Callable[[pickle.PickleBuffer], Any]
    ) -> None:
        super().__init__(file, protocol=5, buffer_callback=keep)
        self.reducer_override = reduction.reduce  # type: ignore[method-assign]


def dump(
    root: Mapping[str, Any],
    anchors: Anchors,
    running: Mapping[int, Any],
    numbering: Numbering | None = None,
    leaving: Leaving | None = None,
    outlet: Outlet | None = None,
) -> Pickled:
    """Pickle ``root``: ``{"stack": Stack | None, "namespace": dict, "items": dict}``.

    ``running`` is what ``frames.running_generators`` gives for the stack. What ``numbering`` holds the other
    side has already. With ``leaving``, what cannot move stays, and a tombstone takes its place. ``outlet``
    gets the pickle while it is being made. Raises ObjectsRefused, whose ``refusals`` list every object that
    cannot move.
    """
    for _ in range(ROUNDS):
        try:
            pickled = _dump_restarting(root, anchors, running, numbering, leaving, outlet)
            return replace(pickled, left=tuple(leaving.refusals) if leaving else ())
        except Exception as error:
            begin = partial(_begin_walk, root, anchors, running, leaving)
            walk, refusals = explain(begin, root, error)
            if leaving is None or not leaving.leave(walk, refusals):
                raise _refused(refusals) from None
            if outlet is not None:
                outlet.start_over()
    raise _refused(refusals)


def _begin_walk(
    root: Mapping[str, Any],
    anchors: Anchors,
    running: Mapping[int, Any],
    leaving: Leaving | None,
    hasty: bool,
) -> Walk:
    return Walk(new_reduction(root, anchors, running, leaving), hasty)


def _refused(refusals: tuple[Refusal, ...]) -> ObjectsRefused:
    refused = ObjectsRefused(rows=readable(refusals))
    refused.refusals = refusals
    return refused


def new_reduction(
    root: Mapping[str, Any], anchors: Anchors, running: Mapping[int, Any], leaving: Leaving | None = None
) -> Reduction:
    """What the reducers need to know for ``root``, as in :func:`dump`."""
    reducers.fill_table()
    reduction = Reduction(anchors, running)
    use_stack(reduction, root.get("stack"))
    if leaving:
        reduction.left, reduction.leaves_on = leaving.left, leaving.host
        reduction.in_use = _in_use(root)
    return reduction


def _in_use(root: Mapping[str, Any]) -> set[int]:
    """``id`` of what frames compute with, and of the objects of methods there (``__exit__`` of a file)."""
    frames = getattr(root.get("stack"), "all_frames", ())
    values = [value for frame in frames for _, value in unnamed_values(frame)]
    methods = [value for value in values if type(value) in (BuiltinMethodType, MethodType)]
    return {*map(id, values), *(id(method.__self__) for method in methods)}


def _dump_restarting(
    root: Mapping[str, Any],
    anchors: Anchors,
    running: Mapping[int, Any],
    numbering: Numbering | None,
    leaving: Leaving | None,
    outlet: Outlet | None,
) -> Pickled:
    primed: set[str] = set()
    wholes: tuple[Whole, ...] = ()
    kind: type[Any] = SessionPickler
    for _ in range(RESTART_LIMIT):
        reduction = new_reduction(root, anchors, running, leaving)
        reduction.primed |= primed
        reduction.memory = WrittenMemory(wholes)
        try:
            pickled = _dump_once(root, reduction, kind, numbering, outlet)
            if not reduction.memory.late:
                return pickled
            wholes += tuple(reduction.memory.late)
        except ModuleCopied as copied:
            primed.add(copied.name)
        except RecursionError:
            if kind is DeepPickler:
                raise
            kind = DeepPickler
        if outlet is not None:
            outlet.start_over()
    raise pickle.PicklingError("too much is held, or looked at, by what is written before it")


def _dump_once(
    root: Mapping[str, Any],
    reduction: Reduction,
    kind: type[Any],
    numbering: Numbering | None,
    outlet: Outlet | None,
) -> Pickled:
    file = TakingTurns() if outlet is None else PassingOn(outlet, reduction.modules)
    buffers: list[memoryview] = []

    def keep(buffer: pickle.PickleBuffer) -> None:
        buffers.append(buffer.raw())
        if outlet is not None:
            outlet.take_buffer(buffers[-1])

    pickler = kind(file, reduction, keep)
    if numbering is not None and numbering.objects:
        pickler.memo = numbering.pickler_memo()
        reduction.in_memo.update(map(id, numbering.objects))
    with kind.room() if kind is DeepPickler else _usual_room():
        _prime(pickler, reduction)
        for record in _records(
            root if numbering is not None else _with_attributes(root, reduction), reduction
        ):
            if record[0] == "root" and numbering is None:
                pickler.dump(_ballast(len(pickler.memo.copy())))
            pickler.dump(record)
    if numbering is not None and not reduction.memory.late:
        numbering.take_pickled(reduction.with_globals(pickler.memo.copy()))
    modules = {name for name in reduction.modules if name.partition(".")[0] not in TRAVELS_WITH_US}
    return Pickled(file.getvalue(), tuple(buffers), frozenset(modules), frozenset(modules & reduction.used))


def _with_attributes(root: Mapping[str, Any], reduction: Reduction) -> Mapping[str, Any]:
    """``root``; a variable that is the ``__dict__`` of another one is a reference to it."""
    namespace: Mapping[str, Any] = root.get("namespace") or {}
    found = reduction.attributes_among(namespace.values())
    if not found:
        return root
    return {**root, "namespace": {name: found.get(id(value), value) for name, value in namespace.items()}}


def _ballast(memoized: int) -> tuple[str, list[list[Any]]]:
    """Objects are referred to by their numbers in the memo. So that those behind have the same ones again
    where a little more or less stands before them, they begin with a round one.
    """
    return "ballast", [[] for _ in range(-memoized % ROUND)]


@contextmanager
def _usual_room() -> Iterator[None]:
    yield


def _prime(pickler: Any, reduction: Reduction) -> None:
    """Write references to live dicts and lists, and let the memo hold the live objects in their places."""
    # Nearly all are modules and their globals, and there may be thousands of them.
    skipped = ("module",) if reduction.primed else ("module", "globals")
    likely = [reference for reference in reduction.references.values() if reference.kind not in skipped]
    live = [reference for reference in likely if _is_primed(reference, reduction)]
    pickler.dump(live)
    memo = dict(pickler.memo.copy())
    for reference in live:
        # Replaced, not added: both sides number the memo by its size.
        memo[id(reference.target)] = (memo.pop(id(reference))[0], reference.target)
    pickler.memo = memo
    reduction.in_memo.update(id(reference.target) for reference in live)


def _is_primed(reference: Reference, reduction: Reduction) -> bool:
    if id(reference.target) in reduction.in_memo:
        return False
    if reference.kind == "attributes of":
        return False  # its owner would be rebuilt before the definitions that it may need
    if reference.kind == "globals" and reference.owner is None:
        return reference.name in reduction.primed
    return type(reference.target) in CONTAINERS


def _records(root: Mapping[str, Any], reduction: Reduction) -> Iterator[tuple[str, Any]]:
    namespace: Mapping[str, Any] = root.get("namespace") or {}
    # Not isinstance: it asks the object, which may be a proxy of something that is gone.
    defined = {name: value for name, value in namespace.items() if issubclass(type(value), DEFINITIONS)}
    yield "definitions", defined
    yield from _filling_records(reduction)
    # What is another one in each cell comes last; see _ballast.
    yield "root", {name: root[name] for name in LASTING if name in root} | dict(root)
    yield from _filling_records(reduction)
    yield "end", None


def _filling_records(reduction: Reduction) -> Iterator[tuple[str, Any]]:
    """What goes into the cells, modules and globals that were written empty, until none is new."""
    while reduction.cells or reduction.hollow or reduction.globals_copies:
        cells, modules, copies = reduction.cells[:], reduction.hollow[:], reduction.globals_copies[:]
        for written in (reduction.cells, reduction.hollow, reduction.globals_copies):
            written.clear()
        yield "cells", [filled for cell in cells for filled in contents_of(cell)]
        yield "globals", [(copied, dict(copied.content)) for copied in copies]
        yield "modules", [(module, contents_of_module(module), is_registered(module)) for module in modules]
