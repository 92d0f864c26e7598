"""What has changed in objects that two sides have, found without trusting anybody to say so.

All mutable objects are looked at before the user's code runs and after it. What changed is sent as the new
contents of that very object; where contents cannot be put into an object (an array that has another shape, an
iterator that went on) it is *replaced*: the other side gets a new one, in all places that held the old one.
"""

from __future__ import annotations

import copyreg
import datetime
import decimal
import fractions
import hashlib
import io
import pathlib
import pickle
import re
import types
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pyteleport_jupyter.objects import names, reducers
from pyteleport_jupyter.objects.anchors import Anchors, references
from pyteleport_jupyter.objects.numbering import Forgotten, Numbering
from pyteleport_jupyter.objects.parts import (
    ARRAY,
    CLASS,
    FUNCTION,
    PARTS,
    Look,
    form_of_array,
    look_at_array,
    same,
)
from pyteleport_jupyter.objects.reduction import DISPATCH, Reduction
from pyteleport_jupyter.objects.shapes import set_state
from pyteleport_jupyter.shipping import Fingerprints

OPAQUE = "state"
"""The part of objects that say themselves what they consist of (``__reduce_ex__``)."""

UNCHANGING = (
    int, float, complex, str, bytes, type(None), range, slice, Forgotten, type(Ellipsis),
    type(NotImplemented), types.CodeType, types.ModuleType, types.BuiltinFunctionType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType, types.GetSetDescriptorType, types.MemberDescriptorType, re.Pattern,
    datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo, decimal.Decimal, fractions.Fraction,
    uuid.UUID, pathlib.PurePath,
)  # fmt: skip
"""Types whose objects stay as they are and hold no others."""

UNCHANGING_OF_NUMPY = ("numpy.generic", "numpy.dtype")
MADE_ONCE = (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType)
"""What they are filled with, they take only before they begin."""

HOLDERS = (tuple, frozenset)
"""They cannot change, but may hold what is replaced."""

Change = tuple[Any, str, Look]
"""An object, the part of it, and its contents now."""


class _Contents:
    """What is in an array now, written as an array of its own: a view of it would be one of the array that
    the other side has, with its old contents."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._array.__reduce_ex__(protocol)


@dataclass
class Changes:
    """``changed`` in the order of the numbering; ``replaced`` holds the objects by ``id``."""

    changed: list[Change] = field(default_factory=list)
    replaced: dict[int, Any] = field(default_factory=dict)


class Watch:
    """The objects of ``numbering`` as they are now; those that travel by name are left alone.

    ``prints``: what is known of their memory, unless code of theirs may have run since.
    """

    def __init__(self, numbering: Numbering, anchors: Anchors, prints: Fingerprints | None = None) -> None:
        reducers.fill_table()
        by_name = references(anchors)
        self._anchors = anchors
        self._known = {id(each): each for each in numbering.objects if id(each) not in by_name}
        self._kinds: dict[type, tuple[str, ...]] = {}
        self._holders = [each for each in self._known.values() if type(each) in HOLDERS]
        self._prints = prints or Fingerprints()
        parts = list(self._all_parts())
        if any(part == OPAQUE for _, part in parts):
            # Only what says itself how it is made runs code of its own when it arrives.
            self._prints.forget_known()
        self._looks = [(each, part, self._look(each, part)) for each, part in parts]

    @cached_property
    def _digester(self) -> Digester:
        return Digester(self._anchors, self._known, self._prints)

    def _all_parts(self) -> Iterator[tuple[Any, str]]:
        for each in self._known.values():
            for part in self._parts(each):
                yield each, part

    def _parts(self, each: Any) -> tuple[str, ...]:
        kind = type(each)
        if kind is types.FunctionType or isinstance(each, type):
            # Some are found by name on both sides.
            return () if names.is_importable(each) else _parts_of(each)
        if kind not in self._kinds:
            self._kinds[kind] = _parts_of(each)
        return self._kinds[kind]

    def _look(self, each: Any, part: str) -> tuple[Look, Any]:
        if part == OPAQUE:
            return self._digester.look(each), None
        if part == ARRAY:
            return look_at_array(each, self._prints.of), form_of_array(each)
        return PARTS[part].look(each), None

    def changes(self) -> Changes:
        """What is different now."""
        found = Changes()
        for each, part, (look, form) in self._looks:
            now, form_now = self._look(each, part)
            if part == OPAQUE:
                self._compare_opaque(found, each, look, now)
            elif form != form_now:
                found.replaced[id(each)] = each
            elif not same(look, now):
                found.changed.append((each, part, (_Contents(each),) if part == ARRAY else now))
        if found.replaced:
            self._add_holders(found)
        return found

    def _compare_opaque(self, found: Changes, each: Any, look: Look, now: Look) -> None:
        if look == now:
            return
        if look[0] == now[0] and now[1] and type(each) not in MADE_ONCE:
            found.changed.append((each, OPAQUE, state_of(self._digester.reduced(each))))
        else:
            found.replaced[id(each)] = each

    def _add_holders(self, found: Changes) -> None:
        """Whoever holds what is replaced has changed too, or is replaced in turn."""
        while True:
            before = len(found.replaced), len(found.changed)
            self._replace_holders(found)
            listed = {(id(each), part) for each, part, _ in found.changed}
            known = self._known.keys() - found.replaced.keys()
            digester = Digester(self._anchors, known, self._prints)
            for each, part, (look, _) in self._looks:
                if (id(each), part) in listed or id(each) in found.replaced:
                    continue
                if part == OPAQUE:
                    self._compare_opaque(found, each, look, digester.look(each))
                elif any(id(inner) in found.replaced for inner in look):
                    now = PARTS[part].look(each)
                    found.changed.append((each, part, (_Contents(each),) if part == ARRAY else now))
            found.changed = [change for change in found.changed if id(change[0]) not in found.replaced]
            if (len(found.replaced), len(found.changed)) == before:
                return

    def _replace_holders(self, found: Changes) -> None:
        grown = True
        while grown:
            new = [
                each
                for each in self._holders
                if id(each) not in found.replaced and any(id(inner) in found.replaced for inner in each)
            ]
            found.replaced.update((id(each), each) for each in new)
            grown = bool(new)


def _parts_of(each: Any) -> tuple[str, ...]:
    kind = type(each)
    if issubclass(kind, types.ModuleType):
        return ()
    if issubclass(kind, UNCHANGING) and not issubclass(kind, type) and not kind.__dictoffset__:
        # A user's text or number with attributes may change.
        return ()
    if kind in HOLDERS or any(
        f"{a.__module__}.{a.__qualname__}" in UNCHANGING_OF_NUMPY for a in kind.__mro__
    ):
        return ()
    found = tuple(name for name, part in PARTS.items() if part.belongs(each))
    return found or (() if isinstance(each, type) else (OPAQUE,))


class Digester:
    """Digests what objects say of themselves; ``known`` objects count by their identity."""

    def __init__(self, anchors: Anchors, known: Any, prints: Fingerprints) -> None:
        self._reduction = Reduction(anchors, {})
        self._known = known
        self._prints = prints
        self._file = io.BytesIO()
        self._buffers: list[pickle.PickleBuffer] = []
        self._pickler = _DigestPickler(self._file, self._reduction, self._buffers.append)
        self._pickler.persistent_id = self._identity  # type: ignore[method-assign]

    def _identity(self, obj: Any) -> int | None:
        return id(obj) if id(obj) in self._known else None

    def reduced(self, each: Any) -> Any:
        """What the pickler would get: a tuple of two to six, or a name."""
        reduced = self._reduction.reduce(each)
        if reduced is not NotImplemented:
            return reduced
        registered = DISPATCH.get(type(each)) or copyreg.dispatch_table.get(type(each))
        return registered(each) if registered is not None else each.__reduce_ex__(5)

    def look(self, each: Any) -> Look:
        """Digests of how it is made, and of what it is filled with (empty where that is nothing)."""
        try:
            reduced = self.reduced(each)
            if isinstance(reduced, str):
                return reduced, ""
            state = state_of(reduced)
            return self._digest(tuple(reduced[:2])), self._digest(state) if _fills(state) else ""
        except Exception:
            # It cannot travel: what became of it is nobody's business but its own side's.
            return "", ""

    def _digest(self, content: Any) -> str:
        self._file.seek(0)
        self._file.truncate()
        self._buffers.clear()
        self._pickler.clear_memo()
        self._pickler.dump(content)
        digest = hashlib.sha256(self._file.getbuffer())
        for buffer in self._buffers:
            digest.update(self._prints.of(buffer.raw()))
        return digest.hexdigest()


class _DigestPickler(pickle.Pickler):
    dispatch_table = DISPATCH

    def __init__(self, file: io.BytesIO, reduction: Reduction, keep: Any) -> None:
        super().__init__(file, protocol=5, buffer_callback=keep)
        self.reducer_override = reduction.reduce  # type: ignore[method-assign]


def state_of(reduced: Any) -> Look:
    """State, items, pairs and setter of a reduce value."""
    state, items, pairs, setter = ([*reduced[2:], None, None, None, None])[:4]
    return state, list(items or ()), dict(pairs or ()), setter


def _fills(state: Look) -> bool:
    return state[0] is not None or bool(state[1]) or bool(state[2])


def _put_state(obj: Any, look: Look) -> None:
    state, items, pairs, setter = look
    if state is not None:
        if setter is not None:
            setter(obj, state)
        elif hasattr(obj, "__setstate__"):
            obj.__setstate__(state)
        else:
            set_state(obj, state)
    _forget_cached(obj)
    if items:
        obj.extend(items)
    for key, value in pairs.items():
        obj[key] = value


def _forget_cached(obj: Any) -> None:
    """Series that a DataFrame has handed out are kept by it, and would show what was (pandas before 3)."""
    for name in ("_clear_item_cache", "_reset_cache"):
        forget = getattr(type(obj), name, None) if "pandas" in type(obj).__module__ else None
        if forget is not None:
            forget(obj)


def put(change: Change) -> None:
    """Set the contents of an object in place. Raises whatever the object raises."""
    obj, part, look = change
    if part == OPAQUE:
        _put_state(obj, look)
    else:
        PARTS[part].put(obj, look)


__all__ = ["ARRAY", "CLASS", "FUNCTION", "OPAQUE", "Change", "Changes", "Watch", "put"]
