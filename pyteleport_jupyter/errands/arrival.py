"""What comes back: put into the objects that are here, bound where that cannot be, in one go."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pyteleport_jupyter.errands.luggage import Luggage
from pyteleport_jupyter.errors import ErrandRaised
from pyteleport_jupyter.objects import Numbering
from pyteleport_jupyter.objects.changes import Change, Watch, put
from pyteleport_jupyter.objects.ownership import owners
from pyteleport_jupyter.remote.errand_modules import (
    delete_in_modules,
    is_of_module,
    of_modules,
    set_in_modules,
)
from pyteleport_jupyter.remote.errand_objects import leave_unfinished, rebuild
from pyteleport_jupyter.session.anchors import anchors

_ABSENT = object()


@dataclass
class Arrived:
    """What a cell there has done, as objects here; nothing is changed yet.

    ``namespace`` are variables to be bound, ``deleted`` names, ``changed`` new contents of objects here,
    ``result`` holds the value of the last expression if there is one. ``owners``: which variable an object
    hangs on, by ``id``. ``sent``: the variables that went along, as they are here; ``own``: modules whose
    variables may be set.
    """

    namespace: dict[str, Any]
    deleted: list[str]
    changed: list[Change]
    result: tuple[Any, ...]
    error: BaseException | None
    facts: dict[str, Any]
    owners: dict[int, str] = field(default_factory=dict)
    sent: dict[str, Any] = field(default_factory=dict)
    own: Sequence[str] = ()
    went_on: Sequence[Any] = ()
    """Objects here in whose places new ones have come."""

    @property
    def names(self) -> list[str]:
        """Variables that are different now: bound, deleted, or with other contents."""
        inside = (self.owner(obj) for obj, _, _ in self.changed)
        return sorted({*self.namespace, *self.deleted, *inside})

    def owner(self, obj: Any) -> str:
        """The variable that ``obj`` hangs on."""
        return self.owners.get(id(obj), "?")

    def owners_of(self, changed: Collection[int]) -> set[str]:
        """Variables that the objects in ``changed``, given by their ``id``, hang on."""
        return {self.owner(obj) for obj, _, _ in self.changed if id(obj) in changed}

    def apply(self, shell: Any, left_alone: Collection[str] = ()) -> list[str]:
        """Change what is here, but for variables that are to be ``left_alone``. Returns what could not be
        changed, in words."""
        failed = []
        leave_unfinished(each for each in self.went_on if self.owner(each) not in left_alone)
        leave_unfinished(value for name, value in self.namespace.items() if name in left_alone)
        for change in self.changed:
            owner = self.owner(change[0])
            if owner not in left_alone:
                try:
                    put(change)
                except Exception as error:
                    failed.append(f"{owner} ({type(change[0]).__name__}: {error})")
        deleted = [name for name in self.deleted if name not in left_alone]
        bound = {name: value for name, value in self.namespace.items() if name not in left_alone}
        for name in deleted:
            shell.user_ns.pop(name, None)
        delete_in_modules(filter(is_of_module, deleted), self.own)
        shell.user_ns.update({n: value for n, value in bound.items() if not is_of_module(n)})
        set_in_modules({n: value for n, value in bound.items() if is_of_module(n)}, self.own)
        return failed


def lacking_packages(facts: dict[str, Any]) -> list[str]:
    """Those that what comes back needs, and that cannot be imported here."""
    return [name for name in map(str, facts.get("packages") or ()) if not _is_there(name)]


def _is_there(package: str) -> bool:
    if package in sys.modules:
        return True
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False


def _imported(imports: dict[str, str]) -> dict[str, Any]:
    """Modules that the cell bound to names, if they can be imported here too."""
    found: dict[str, Any] = {}
    for name, module in imports.items():
        with suppress(Exception):
            found[str(name)] = importlib.import_module(str(module))
    return found


def unpack(shell: Any, luggage: Luggage, parts: Sequence[Any], facts: dict[str, Any], host: str) -> Arrived:
    """The objects in ``parts``: the user asked for them by running a cell there. Raises RestoreFailed."""
    numbering = Numbering(list(luggage.numbering.objects))
    stream, *buffers = parts
    root = rebuild(shell, stream, buffers, anchors(shell), numbering)
    items = root["items"]
    error = items["error"]
    if error is None and facts.get("error"):
        error = ErrandRaised(host=host, **facts["error"])
    namespace = {**root["namespace"], **_imported(facts.get("imports") or {})}
    return Arrived(
        namespace={name: value for name, value in namespace.items() if name not in luggage.kept},
        deleted=[name for name in map(str, facts.get("deleted", ())) if name not in luggage.kept],
        changed=items["changed"],
        result=items["result"],
        error=error,
        facts=facts,
        owners=owners(luggage.numbering.objects, luggage.variables),
        sent=luggage.variables,
        own=luggage.own,
        went_on=[luggage.numbering.objects[number] for number in facts.get("went_on") or ()],
    )


@dataclass
class Before:
    """How it was here when a cell was sent: what the user does meanwhile is not overwritten."""

    luggage: Luggage
    watch: Watch
    namespace: dict[str, Any]

    @classmethod
    def of(cls, shell: Any, luggage: Luggage) -> Before:
        """As it is now."""
        watch = Watch(luggage.numbering, anchors(shell))
        return cls(luggage, watch, _all_variables(shell, luggage))

    def changed_meanwhile(self, shell: Any, arrived: Arrived) -> Iterator[str]:
        """Variables that ``arrived`` would change, and that are not any more what was sent."""
        changes = self.watch.changes()
        now = _all_variables(shell, self.luggage)
        ids = {id(obj) for obj, _, _ in changes.changed} | changes.replaced.keys()
        yield from (arrived.owner(obj) for obj, _, _ in arrived.changed if id(obj) in ids)
        for name in arrived.names:
            if self.namespace.get(name, _ABSENT) is not now.get(name, _ABSENT):
                yield name


def _all_variables(shell: Any, luggage: Luggage) -> dict[str, Any]:
    return {**shell.user_ns, **of_modules(luggage.own)}
