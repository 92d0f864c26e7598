"""Bytes -> objects: the other half of :mod:`.pickler`."""

from __future__ import annotations

import pickle
import weakref
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pyteleport_jupyter.collection import collection_paused
from pyteleport_jupyter.errors import RestoreFailed, TeleportError
from pyteleport_jupyter.objects.anchors import Anchors, resolver
from pyteleport_jupyter.objects.arriving import attempt
from pyteleport_jupyter.objects.numbering import Forgotten, Numbering
from pyteleport_jupyter.objects.reducers.modules import fill_module
from pyteleport_jupyter.objects.table import CannotMove
from pyteleport_jupyter.objects.tombstone import Left, Tombstone, call_it, left_of, told
from pyteleport_jupyter.objects.turns import TakingTurns
from pyteleport_jupyter.objects.whereabouts import find_culprit, find_paths
from pyteleport_jupyter.shipping.ahead import Coming

_ABSENT = object()
Bytes = bytes | bytearray | memoryview
Stream = Bytes | Coming
"""What a pickler wrote; it may be on its way."""


@dataclass(frozen=True)
class Loaded:
    """What :func:`load` rebuilt. Each of ``deferred`` is to be run in the ``Context`` of the running cell."""

    root: dict[str, Any]
    deferred: list[Callable[[], object]] = field(default_factory=list)
    told: tuple[str, ...] = ()
    """What the user should read: what stayed behind since it turned out not to be here."""


def load(
    stream: Stream, buffers: Iterable[Bytes], anchors: Anchors, numbering: Numbering | None = None
) -> Loaded:
    """Rebuild what :func:`~pyteleport_jupyter.objects.dump` wrote.

    The namespace of ``anchors`` is left as it was; whoever calls puts ``root["namespace"]`` into it. Arrays
    live in ``buffers`` from now on, which are asked for one by one. ``numbering`` is the one that the stream
    was written with. Raises RestoreFailed; the objects made until then are garbage. To be called for streams
    of the user's own session only, since unpickling runs code.
    """
    known = numbering or Numbering()
    unpickler = _SessionUnpickler(stream, buffers, anchors, known)
    try:
        with collection_paused():
            root = _read(unpickler, anchors.namespace)
    except TeleportError:
        raise
    except Exception as error:
        words = _words(error, unpickler.last_found)
        culprit = find_culprit(_whole(stream), len(unpickler.memo.copy()), error)
        reason = f"{culprit} could not be rebuilt: {words}" if culprit else words
        raise RestoreFailed(reason=reason) from error
    deferred, references = unpickler.deferred, unpickler.resolver
    to_tell = tuple(map(told, _named(unpickler.left, stream)))
    if numbering is not None:
        numbering.take_unpickled(_found(unpickler.memo.copy(), references.missing))
    # What nothing else refers to was not needed. `del` would not do: modules that were imported meanwhile may
    # hold an exception of theirs, and with it all frames that were under it.
    unpickler.memo = {}
    if needed := references.needed():
        raise RestoreFailed(reason=f"there is no {', '.join(needed)} there")
    return Loaded(root, deferred, to_tell)


def _whole(stream: Stream) -> Bytes:
    return stream.whole() if isinstance(stream, Coming) else stream


def _named(left: Mapping[int, Tombstone], stream: Stream) -> tuple[Left, ...]:
    """What is told of these tombstones, which get to know their paths."""
    for count, path in find_paths(_whole(stream), left.keys()).items() if left else ():
        call_it(left[count], path)
    return tuple(map(left_of, left.values()))


def _found(memo: Mapping[int, Any], missing: Collection[str]) -> dict[int, Any]:
    """The memo, where something is ``missing`` without it, and without the list of all that goes by name: a
    number alone does not need them.
    """
    if not missing:
        return dict(memo)
    return {number: Forgotten() if _lacks(each) else each for number, each in memo.items()}


def _lacks(each: Any) -> bool:
    return type(each) is _Missing or (type(each) is list and any(type(part) is _Missing for part in each))


class _Missing:
    """Stands for a live object that this side lacks, until it is known whether the session uses it."""


class _Resolver:
    """Finds the live object that a reference stands for. ``missing`` are those that there are none of."""

    def __init__(self, anchors: Anchors) -> None:
        self.missing: dict[str, weakref.ref[_Missing]] = {}
        self._resolve = resolver(anchors)

    def __call__(self, kind: str, name: str) -> Any:
        try:
            return self._resolve(kind, name)
        except KeyError:
            stand_in = _Missing()
            self.missing[name] = weakref.ref(stand_in)
            return stand_in

    def needed(self) -> list[str]:
        """Names of missing objects that something refers to."""
        return [name for name, stand_in in self.missing.items() if stand_in() is not None]


class _Arrivals:
    """Stands for :func:`.arriving.arrive`. What it makes is remembered with the length of the memo."""

    def __init__(self, unpickler: _SessionUnpickler) -> None:
        self._unpickler = weakref.ref(unpickler)  # whose memo would hold us, and keep all that is in it

    def __call__(self, facts: tuple[Any, ...], function: Callable[..., Any], *arguments: Any) -> Any:
        made, unpickler = attempt(Left(*facts), function, *arguments), self._unpickler()
        if type(made) is Tombstone and unpickler is not None:
            unpickler.left[len(unpickler.memo.copy())] = made
        return made


class _SessionUnpickler(pickle.Unpickler):
    def __init__(self, stream: Stream, buffers: Iterable[Bytes], anchors: Anchors, known: Numbering) -> None:
        opening = known.opening() if known.objects else b""
        super().__init__(_file(stream, opening), buffers=buffers)
        self.persistent_load = known.objects.__getitem__  # type: ignore[method-assign]
        self.deferred: list[Callable[[], object]] = []
        self.left: dict[int, Tombstone] = {}
        self.last_found = ""
        self.resolver = _Resolver(anchors)
        self._ours: dict[tuple[str, str], Any] = {
            ("anchors", "resolve_reference"): self.resolver,
            ("deferred", "run_later"): self.deferred.append,
            ("arriving", "arrive"): _Arrivals(self),
        }
        if opening:
            self.load()

    def find_class(self, module: str, name: str) -> Any:
        """The definition called ``name`` in ``module``; what a stand-in of ours stands for."""
        package, _, ours = module.rpartition(".")
        if package == __package__ and (ours, name) in self._ours:
            return self._ours[ours, name]
        self.last_found = f"{module}.{name}"
        return super().find_class(module, name)


def _file(stream: Stream, opening: bytes) -> Any:
    if isinstance(stream, Coming) and not opening:
        return stream
    return TakingTurns(opening + _whole(stream) if opening else _whole(stream))


def _read(unpickler: _SessionUnpickler, namespace: dict[str, Any]) -> dict[str, Any]:
    before: dict[str, Any] = {}
    roots: list[dict[str, Any]] = []  # this frame may live on: it must not hold anything in the end
    unpickler.load()  # the references, kept by the memo
    while True:
        kind, content = unpickler.load()
        if kind == "end":
            break
        if kind == "root":
            roots.append(content)
        elif kind == "definitions":
            before = {name: namespace.get(name, _ABSENT) for name in content}
            namespace.update(content)
        elif kind != "ballast":
            _fill(kind, content)
    _put_back(namespace, before)
    before.clear()
    return roots.pop() if roots else {}


def _fill(kind: str, content: Any) -> None:
    """What was written empty."""
    if kind == "globals":
        for copied, held in content:
            copied.update(held)
    elif kind == "modules":
        for module, held, can_be_imported in content:
            fill_module(module, held, can_be_imported)
    else:
        for cell, value in content:
            cell.cell_contents = value


def _put_back(namespace: dict[str, Any], before: dict[str, Any]) -> None:
    for name, value in before.items():
        if value is _ABSENT:
            del namespace[name]
        else:
            namespace[name] = value


def _words(error: Exception, last_found: str) -> str:
    if isinstance(error, CannotMove):
        return f"{error.reason}; --leave (leave=True) goes without it"
    words = f"{type(error).__name__}: {error}"
    if isinstance(error, ModuleNotFoundError):
        return f"the module {error.name} is missing"
    if isinstance(error, ImportError | AttributeError) and last_found and _is_ours(error):
        return f"{last_found} could not be found ({words})"
    return words


def _is_ours(error: Exception) -> bool:
    """Whether pickle itself did not find something, and not code of the user."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return at is not None and at.tb_frame.f_code.co_name == _SessionUnpickler.find_class.__name__
