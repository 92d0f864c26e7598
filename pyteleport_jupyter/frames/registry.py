"""Which code objects are morphs, and of what: so that a session that has moved can move again.

A morph never leaves the process: what is captured, pickled, hashed or shown is its original.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from types import CodeType, FunctionType, MethodType
from typing import cast

from .snapshot import Action


@dataclass(frozen=True)
class MorphRecord:
    """One morph. ``length``: bytes of the prologue, before the first byte of the original ``co_code``."""

    original: CodeType
    length: int
    action: Action
    call_start: int
    """The inner call lies in [call_start, length): a frame met there is still where it was interrupted."""
    fetch_constant: int
    """Index of the constant whose ``__self__`` is the list of values still to be fetched."""
    raised: tuple[tuple[int, int], ...] = ()
    """Offsets of instructions of the prologue, each with the original one that it stands for."""

    def original_offset(self, offset: int) -> int:
        """The offset in the original code of what the morph has at ``offset``: from inside the prologue, of
        the interrupted instruction."""
        if offset >= self.length:
            return offset - self.length
        return dict(self.raised).get(offset, self.action.offset)


_records: dict[int, tuple[weakref.ref[CodeType], MorphRecord]] = {}
"""By ``id`` (code objects compare by value); an entry goes away with its code object."""


def register(morph: CodeType, record: MorphRecord) -> None:
    """Remember what ``morph`` was made from, for as long as it lives."""
    key = id(morph)
    _records[key] = (weakref.ref(morph, lambda _: _records.pop(key, None)), record)


def record_of(code: CodeType) -> MorphRecord | None:
    """The record of a morph, None for any other code object."""
    found = _records.get(id(code))
    return found[1] if found is not None and found[0]() is code else None


def original_code(code: CodeType) -> CodeType:
    """The code object as it was compiled: of a morph its original, else ``code`` itself."""
    record = record_of(code)
    return record.original if record is not None else code


def function_code(function: object) -> CodeType | None:
    """Original code of a Python function, through bound, static and class methods; None for anything else."""
    while isinstance(function, MethodType | staticmethod | classmethod):
        function = function.__func__
    return original_code(function.__code__) if isinstance(function, FunctionType) else None


def prologue_length(code: CodeType) -> int:
    """Bytes of ``co_code`` before those of the original; 0 if it is no morph."""
    record = record_of(code)
    return record.length if record is not None else 0


def values_of(morph: CodeType) -> list[object]:
    """The list of values that the morph has still to fetch, last one first. Fill it before the morph runs."""
    record = record_of(morph)
    if record is None:
        raise ValueError(f"{morph.co_qualname} is not a morph")
    fetch = morph.co_consts[record.fetch_constant]
    return cast("list[object]", fetch.__self__)


def load_values(morph: CodeType, values: tuple[object, ...]) -> None:
    """Add ``values`` to those that the morph fetches, behind the ones it has. The list alone refers to
    them, and each fetch lets one go."""
    values_of(morph)[:0] = reversed(values)
