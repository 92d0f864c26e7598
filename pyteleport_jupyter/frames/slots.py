"""Reading the slots of one frame, running or suspended, into a shape and its values."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType

from .flow import HANDLER, LASTI, UNIT, VALUE
from .layout import NULL, RawFrame, argument_count, local_names
from .registry import MorphRecord
from .snapshot import NULL_SLOT, Position, Shape


@dataclass(frozen=True, eq=False)
class Contents:
    """What the slots of one frame hold."""

    shape: Shape
    values: tuple[object, ...]
    """In the order of fetching. For a handler: the exception that was current *before* it was entered."""


def read_slots(
    code: CodeType, raw: RawFrame, record: MorphRecord | None, stack: str, overrides: Mapping[int, object]
) -> Contents:
    """Read the locals and the stack slots that ``stack`` names (letters of :mod:`.flow`).

    ``record``: of the morph that the frame runs, if it is one. ``overrides``: values to take, by depth,
    instead of what a stack slot holds.
    """
    count = len(local_names(code))
    below = [raw.slot(index) for index in range(count)]
    bound = tuple(index for index, value in enumerate(below) if value is not NULL)
    deleted = tuple(index for index in range(argument_count(code)) if below[index] is NULL)
    above = [
        overrides[depth] if depth in overrides else raw.slot(count + depth) for depth in range(len(stack))
    ]
    letters = "".join(
        NULL_SLOT if letter == VALUE and value is NULL else letter
        for letter, value in zip(stack, above, strict=True)
    )
    fetched = [value for letter, value in zip(letters, above, strict=True) if letter in VALUE + HANDLER]
    lasti = tuple(
        _original_unit(value, record) for letter, value in zip(letters, above, strict=True) if letter == LASTI
    )
    return Contents(Shape(bound, deleted, letters, lasti), (*(below[index] for index in bound), *fetched))


def _original_unit(value: object, record: MorphRecord | None) -> int:
    unit = value if isinstance(value, int) else 0
    return unit if record is None else record.original_offset(unit * UNIT) // UNIT


def with_handled_exceptions(contents: Contents, current: object) -> tuple[tuple[object, ...], object]:
    """Give each entered handler the exception that it handles.

    The interpreter keeps on the stack what was current *before*; ``current`` is what the innermost handler
    handles. Returns the values and what was current below the outermost handler of this frame.
    """
    values = list(contents.values)
    fetched = [letter for letter in contents.shape.stack if letter in VALUE + HANDLER]
    first = len(contents.shape.bound)
    for index in reversed(range(len(fetched))):
        if fetched[index] == HANDLER:
            values[first + index], current = current, values[first + index]
    return tuple(values), current


def position_at(code: CodeType, offset: int) -> Position:
    """The source position of the instruction at ``offset`` of an original code object."""
    found = next(itertools.islice(code.co_positions(), offset // UNIT, None), None)
    return found if found is not None else (None, None, None, None)
