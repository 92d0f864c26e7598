"""What a cell elsewhere has changed, packed for the way back; what cannot go stays for the next cell."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from pyteleport_jupyter.errors import ObjectsRefused
from pyteleport_jupyter.objects import Numbering, Pickled, dump
from pyteleport_jupyter.objects.changes import Change, Changes, Watch
from pyteleport_jupyter.remote.errand_modules import (
    changed_in_modules,
    deleted_in_modules,
    is_of_module,
    of_modules,
)
from pyteleport_jupyter.remote.errand_objects import leave_unfinished
from pyteleport_jupyter.remote.errand_order import ErrandOrder
from pyteleport_jupyter.remote.errand_stops import Stops
from pyteleport_jupyter.remote.errand_surroundings import ToldSurroundings
from pyteleport_jupyter.session.anchors import SessionAnchors

VALUE = "_"
"""Under this name the value of the last expression is asked for."""

SHELLS = frozenset(
    {"get_ipython", "exit", "quit", "open", "In", "Out", "_ih", "_oh", "_dh", "_i", "_ii", "_iii"}
)


@dataclass(frozen=True)
class Homebound:
    """What goes back: the parts of a pickle, and plain facts for the report."""

    parts: tuple[memoryview, ...]
    facts: dict[str, Any]

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(part.nbytes for part in self.parts)


@dataclass
class Outcome:
    """How the cell ended. ``result`` holds the value of its last expression, if it had one; ``error`` is what
    was ``raised``, if that can travel.
    """

    raised: BaseException | None = None
    error: BaseException | None = None
    result: tuple[Any, ...] = ()
    traceback: list[str] = field(default_factory=list)
    seconds: float = 0.0
    payload: list[dict[str, Any]] = field(default_factory=list)
    """What the frontend is to do: show a help page, set the next cell."""


@dataclass
class Lasting:
    """What lasts from cell to cell: variables that could not go back have ``stayed``, surroundings that were
    ``told``; ``own`` are the modules that the session has loaded and that are its own."""

    stops: Stops
    own: tuple[str, ...] = ()
    told: ToldSurroundings = field(default_factory=ToldSurroundings)
    stayed: dict[str, Any] = field(default_factory=dict)


def is_dunder(name: str) -> bool:
    """Whether it is one of those that Python has for itself."""
    return name.startswith("__") and name.endswith("__")


def is_users(name: str) -> bool:
    """Whether a name of the namespace is none of the shell's own."""
    if is_dunder(name) or name in SHELLS or name in ("_", "__", "___"):
        return False
    return not (name.startswith("_") and name.lstrip("_i").isdigit())


class Homeward:
    """Packs what goes back; what cannot, stays."""

    def __init__(self, live: SessionAnchors, numbering: Numbering, order: ErrandOrder, lasting: Lasting):
        self._live = live
        self._numbering = numbering
        self._order = order
        self._stayed = lasting.stayed
        self._own = lasting.own
        self._known: list[Any] = []
        self._changed: list[Change] = []
        self._replaced: list[tuple[int, Any]] = []
        self._deleted: list[str] = []
        self._namespace: dict[str, Any] = {}
        self._imports: dict[str, str] = {}
        self._outcome = Outcome()
        self._reasons: dict[str, str] = {}

    def take(self, before: Mapping[str, Any], watch: Watch, outcome: Outcome) -> None:
        """Find what the cell has changed."""
        self._outcome = outcome
        if outcome.error is None or self._order.keep:
            changes = watch.changes()
            self._changed = changes.changed
            self._take_namespace(before, changes)
            if self._order.outputs is not None:
                self._limit(self._order.outputs)
            known = enumerate(self._numbering.objects)
            self._replaced = [(number, each) for number, each in known if id(each) in changes.replaced]
            self._numbering.forget(changes.replaced)
        self._known = self._numbering.objects

    def _take_namespace(self, before: Mapping[str, Any], changes: Changes) -> None:
        now, absent = self._live.namespace, object()
        for name, value in now.items():
            is_new = before.get(name, absent) is not value or id(value) in changes.replaced
            if not is_users(name) or not is_new:
                continue
            if isinstance(value, ModuleType) and sys.modules.get(value.__name__) is value:
                # By name: it need not be installed where the session is. It is there for the next cell.
                self._imports[name] = value.__name__
                self._stayed[name] = value
            else:
                self._namespace[name] = value
        in_modules = of_modules(self._own)
        self._namespace |= changed_in_modules(before, in_modules, changes.replaced)
        in_notebook = (name for name in before if not is_of_module(name))
        self._deleted = [name for name in in_notebook if name not in now and is_users(name)]
        self._deleted += deleted_in_modules(before, in_modules)

    def _limit(self, outputs: Sequence[str]) -> None:
        """Only these names, and what hangs on them; what the cell made besides is there for the next cell."""
        self._stay({n: value for n, value in self._namespace.items() if n not in outputs})
        self._namespace = {n: value for n, value in self._namespace.items() if n in outputs}
        self._imports = {n: module for n, module in self._imports.items() if n in outputs}
        self._deleted = [name for name in self._deleted if name in outputs]
        ids = self._reached({n: value for n, value in self._live.namespace.items() if n in outputs})
        self._changed = [change for change in self._changed if id(change[0]) in ids]
        if VALUE not in outputs:
            self._outcome.result = ()

    def _stay(self, variables: Mapping[str, Any]) -> None:
        """For the next cell; those of modules stay where they are."""
        self._stayed.update({n: value for n, value in variables.items() if not is_of_module(n)})

    def _reached(self, variables: dict[str, Any]) -> set[int]:
        """The ``id`` of all that hangs on them, as far as it can be followed."""
        reached: set[int] = set()
        for name, value in variables.items():
            numbering = Numbering()
            with suppress(ObjectsRefused):
                dump({"namespace": {name: value}}, self._live, {}, numbering)
            reached.update(map(id, numbering.objects))
        return reached

    def pack(self, without: Collection[str] = ()) -> Homebound:
        """All as one pickle, which begins with the numbers of what is there already. What needs one of the
        packages ``without`` stays."""
        pickled = None if without else self._dump_all()
        if pickled is None:
            self._leave_what_cannot_go(frozenset(without))
            pickled = self._dump(self._namespace, self._changed, self._outcome.result, self._outcome.error)
        leave_unfinished(self._numbering.objects)
        going = set(map(id, self._numbering.objects))
        error = self._outcome.raised
        facts = {
            "went_on": [number for number, each in self._replaced if id(each) in going],
            "seconds": self._outcome.seconds,
            "deleted": self._deleted,
            "imports": self._imports,
            "packages": sorted({name.partition(".")[0] for name in pickled.modules}),
            "stayed": self._reasons,
            "traceback": self._outcome.traceback,
            "payload": self._outcome.payload,
            "error": None if error is None else _in_words(error),
        }
        return Homebound((memoryview(pickled.stream), *pickled.buffers), facts)

    def _dump_all(self) -> Pickled | None:
        try:
            return self._dump(self._namespace, self._changed, self._outcome.result, self._outcome.error)
        except ObjectsRefused:
            return None

    def _dump(self, namespace: Any, changed: list[Change], result: Any, error: Any) -> Pickled:
        self._numbering.objects = self._known
        items = {"changed": changed, "result": result, "error": error}
        return dump({"stack": None, "namespace": namespace, "items": items}, self._live, {}, self._numbering)

    def _leave_what_cannot_go(self, without: frozenset[str]) -> None:
        """One object that cannot travel costs one variable, not all."""
        for name, value in list(self._namespace.items()):
            if reason := self._obstacle(without, namespace={name: value}):
                self._stay({name: self._namespace.pop(name)})
                self._reasons[name] = reason
        for change in self._changed[:]:
            if reason := self._obstacle(without, changed=[change]):
                self._changed.remove(change)
                self._reasons[f"what is new in a {type(change[0]).__name__}"] = reason
        if reason := self._obstacle(without, result=self._outcome.result):
            self._outcome.result = ()
            self._reasons["the value of the cell"] = reason
        if self._obstacle(without, error=self._outcome.error):
            self._outcome.error = None

    def _obstacle(
        self,
        without: frozenset[str],
        namespace: Mapping[str, Any] | None = None,
        changed: Sequence[Change] = (),
        result: tuple[Any, ...] = (),
        error: BaseException | None = None,
    ) -> str:
        """Why this cannot go back, empty if it can."""
        try:
            pickled = self._dump(dict(namespace or {}), list(changed), result, error)
        except ObjectsRefused as refused:
            return (
                "; ".join(str(row) for row in refused.refusals) or str(refused.facts.get("rows", "")).strip()
            )
        lacking = sorted(without & {name.partition(".")[0] for name in pickled.modules})
        return f"{', '.join(lacking)} is not installed where the session is" if lacking else ""


def _in_words(error: BaseException) -> dict[str, str]:
    return {"name": type(error).__name__, "text": str(error)[:10_000]}
