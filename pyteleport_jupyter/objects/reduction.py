"""Which reducer an object gets, and what the reducers of one dump share."""

from __future__ import annotations

import copyreg
import gc
import pickle
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from types import BuiltinFunctionType, CellType, FunctionType, ModuleType
from typing import Any

import cloudpickle

from pyteleport_jupyter.objects import names, table
from pyteleport_jupyter.objects.anchors import Anchors, Reference, references, resolve_reference
from pyteleport_jupyter.objects.arriving import or_left
from pyteleport_jupyter.objects.descendants import base_of, reduce_descendant
from pyteleport_jupyter.objects.shapes import reducer_of_shape
from pyteleport_jupyter.objects.shared_memory import WrittenMemory
from pyteleport_jupyter.objects.table import CannotMove, Reducer
from pyteleport_jupyter.objects.tombstone import Left, reduce_left
from pyteleport_jupyter.objects.user_reducers import fault_of, reducer_of_class

DISPATCH: Mapping[type, Any] = cloudpickle.Pickler.dispatch_table
"""What cloudpickle and ``copyreg`` know, for types that our table lacks."""

HEAP_TYPE = 1 << 9
"""``Py_TPFLAGS_HEAPTYPE``: the class was made by Python code (or as if)."""

TRAVELS_WITH_US = frozenset({"pyteleport_jupyter", "cloudpickle"})


LEAVES = frozenset({type(None), bool, int, float, str, bytes, BuiltinFunctionType, ModuleType})
"""Types of objects in whose midst no function can be."""


class GlobalsCopy:
    """Stands for globals that only functions hold, while they are written."""

    __slots__ = ("content",)

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content


class Reduction:
    """The state of one dump as the reducers see it.

    ``cells``, ``hollow`` and ``globals_copies``: cells, modules and globals that were written empty.
    ``modules``: names of modules that the stream refers to, ``used`` those of which it needs more than the
    module. ``left``: by ``id``, what stays behind. ``leaves_on``: where, if what cannot be made on the far
    side stays too; ``in_use``: ``id`` of what must not. ``primed``: modules whose dicts stand in the
    pickler's memo from the start. ``in_memo``: the ``id`` of everything that does. ``private_files``:
    ``id`` of files whose contents belong to the session alone. ``copied``: ``id`` of arrays that share
    memory with none. ``memory``: what has been written of memory that others may look at.
    """

    def __init__(self, anchors: Anchors, running: Mapping[int, Any]) -> None:
        self.namespace = anchors.namespace
        self.running = running
        self.cells: list[CellType] = []
        self.hollow: list[ModuleType] = []
        self.globals_copies: list[GlobalsCopy] = []
        self._globals: dict[int, Any] = {}
        self.modules: set[str] = set()
        self.used: set[str] = set()
        self.left: Mapping[int, Left] = {}
        self.leaves_on: str | None = None
        self.in_use: set[int] = set()
        self.primed: set[str] = set()
        self.in_memo: set[int] = set()
        self.private_files: set[int] = set()
        self.copied: set[int] = set()
        self.memory = WrittenMemory()
        self.references = references(anchors)
        self._chosen: dict[type, Reducer | None] = {
            Reference: lambda reference, reduction: reduction.refer(reference),
            GlobalsCopy: lambda copied, reduction: reduction.write_empty(copied),
        }

    def reduce(self, obj: Any) -> Any:
        """The reduce value of ``obj``, or NotImplemented if pickle's own way is right."""
        reference = self.references.get(id(obj))
        if reference is not None:
            return self.refer(reference)
        if id(obj) in self.left:
            return reduce_left(self.left[id(obj)])
        kind = type(obj)
        reducer = self.reducer_of(kind)
        if reducer is None:
            return NotImplemented
        reduced = reducer(obj, self)
        return reduced if self.leaves_on is None else or_left(obj, reduced, self.leaves_on, self.in_use)

    def reducer_of(self, kind: type) -> Reducer | None:
        """As :func:`choose`, once for each type."""
        if kind not in self._chosen:
            self._chosen[kind] = choose(kind)
        return self._chosen[kind]

    def prefer(self, kind: type, reducer: Reducer) -> None:
        """Use ``reducer`` for ``kind`` in this dump."""
        self._chosen[kind] = reducer

    def refer(self, reference: Reference) -> tuple[Any, ...]:
        """The reduce value of an object that travels by name, or as the globals of a module that travels."""
        if reference.owner is not None:
            return vars, (reference.owner,)
        if reference.kind in ("module", "globals", "variable"):
            self.modules.add(reference.name.partition(":")[0])
            if reference.kind == "variable":
                self.used.add(reference.name.partition(":")[0])
        return resolve_reference, (reference.kind, reference.name)

    def shared(self, content: Any) -> Any:
        """What to write for a dict that may be the globals of a module: a reference if so, else the dict.

        The pickler writes a dict without asking, so whoever has such a dict in hand must ask here.
        """
        if type(content) is not dict or id(content) in self.in_memo:
            return content
        if id(content) not in self.references and "__name__" in content and "__builtins__" in content:
            self._adopt(content)
        return self.references.get(id(content), content)

    def globals_of(self, function: FunctionType) -> Any:
        """What to write for the globals of a function.

        Libraries make functions with globals of their own, copied from those of the notebook (``attrs``).
        What only functions hold is written empty, since in its midst may be what needs these functions.
        """
        content = function.__globals__
        shared = self.shared(content)
        if shared is not content or id(content) in self.in_memo:
            return shared
        if id(content) not in self._globals:
            self._globals[id(content)] = GlobalsCopy(content) if _is_hidden(content) else content
        return self._globals[id(content)]

    def write_empty(self, copied: GlobalsCopy) -> tuple[Any, ...]:
        """The reduce value of globals that are filled later, but for what leads nowhere: a named tuple is
        made by a function that needs no more than that.
        """
        self.globals_copies.append(copied)
        return dict, ({name: value for name, value in copied.content.items() if type(value) in LEAVES},)

    def with_globals(self, memo: dict[int, tuple[int, Any]]) -> dict[int, tuple[int, Any]]:
        """A pickler's memo, with the globals in the place of what stood for them."""
        for held in self._globals.values():
            if type(held) is GlobalsCopy and id(held) in memo:
                memo[id(held.content)] = (memo.pop(id(held))[0], held.content)
        return memo

    def _adopt(self, content: dict[str, Any]) -> None:
        """If ``content`` belongs to a module that travels by value, let it travel as that module's dict."""
        for owner in gc.get_referrers(content):
            if isinstance(owner, ModuleType) and vars(owner) is content:
                self.references[id(content)] = Reference("globals of", "", content, owner)

    def adopt_attributes(self, values: Sequence[Any]) -> None:
        """Let those of ``values`` that are the ``__dict__`` of an object travel as such (:meth:`shared`)."""
        dicts = {id(value): value for value in values if type(value) is dict}
        for key in dicts.keys() & self.references.keys():
            del dicts[key]
        # From 3.13 on an object does not always tell the collector of its dict: its owner is likely near.
        for owner in (*values, *gc.get_referrers(*dicts.values())) if dicts else ():
            content = names.attributes_of(owner)
            if id(content) in dicts and not isinstance(owner, ModuleType):
                self.references[id(content)] = Reference("attributes of", "", content, owner)

    def attributes_among(self, values: Collection[Any]) -> dict[int, Reference]:
        """By ``id``: those of ``values`` that are the ``__dict__`` of another one of them (``vars(x)``)."""
        dicts = {id(value) for value in values if type(value) is dict} - self.references.keys()
        found: dict[int, Reference] = {}
        for owner in values if dicts else ():
            content = names.attributes_of(owner)
            if id(content) in dicts:
                kind = "globals of" if isinstance(owner, ModuleType) else "attributes of"
                found.setdefault(id(content), Reference(kind, "", content, owner))
        return found

    def by_name(self, definition: Any) -> bool:
        """Whether a function or class is found by name on the other side; its module is noted then."""
        if not names.is_importable(definition):
            return False
        self.modules.add(definition.__module__)
        self.used.add(definition.__module__)
        return True

    @cached_property
    def _variables(self) -> dict[int, tuple[str, str]]:
        return names.module_variables()

    def sentinel(self, obj: object) -> tuple[Any, ...] | None:
        """The reduce value of a stateless object that a module holds at its top level, or None."""
        where = self._variables.get(id(obj)) if names.is_stateless(obj) else None
        return None if where is None else self.refer(Reference("variable", ":".join(where), obj))


def _is_hidden(content: dict[str, Any]) -> bool:
    """Whether only functions hold it, besides what another dump or walk has noted of it."""
    for holder in gc.get_referrers(content):  # no generator: that would hold it, too
        kind = type(holder)
        is_note = kind is GlobalsCopy or (kind is dict and holder.get(id(content)) is content)
        if kind is not FunctionType and not is_note:
            return False
    return True


def choose(kind: type) -> Reducer | None:
    """The reducer for objects whose exact type is ``kind``; None means pickle's own way."""
    reducer = reducer_of_class(kind) or table.reducer_for(kind)
    if reducer is not None or kind in DISPATCH or kind in copyreg.dispatch_table:
        return reducer
    if base_of(kind) is not None:
        return reduce_descendant
    if not names.reduces_by_default(kind):
        return reduce_own
    if shaped := reducer_of_shape(kind):
        return shaped
    return reduce_constant if names.home_module(kind) else None


def reduce_own(obj: Any, reduction: Reduction) -> Any:
    """Objects with a reduce method: called here so that a name it returns is noted."""
    reduced = obj.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    if fault := fault_of(reduced):
        raise CannotMove(f"its __reduce__ returned {fault}")
    if isinstance(reduced, str):
        module = pickle.whichmodule(obj, reduced)  # type: ignore[attr-defined]
        if module in names.NOTEBOOK_MODULES:
            raise CannotMove(f"it is only found as {module}.{reduced}, which exists here alone")
        reduction.modules.add(module)
        reduction.used.add(module)
    return reduced


def reduce_constant(obj: Any, reduction: Reduction) -> Any:
    """Instances of importable classes: a module's sentinels go by name, all others pickle's way."""
    return NotImplemented if getattr(obj, "__dict__", None) else reduction.sentinel(obj) or NotImplemented
