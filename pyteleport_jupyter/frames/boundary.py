"""What lies between a Python frame and the Python frame that it called: nothing, a C function, a hidden
frame.

Which calls go through C depends on the minor version and on how warm the code is, so nothing may be
concluded from the instruction alone: the chain of interpreter frames is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import CellType, CodeType, FrameType
from typing import cast

from .flow import Flow, Instruction, flow_of
from .layout import HERE, NULL, OWNED_BY_C, RawFrame, local_names
from .registry import original_code


@dataclass(frozen=True)
class Crossing:
    """How the callee was entered."""

    through_c: bool
    through_init: bool
    """A class was called without C: from 3.13 on a hidden frame calls ``__init__`` and returns the
    instance."""


@dataclass(frozen=True, eq=False)
class Callee:
    """The frame that an instruction is waiting for."""

    frame: FrameType
    code: CodeType
    raw: RawFrame
    generator: object | None

    @classmethod
    def of(cls, frame: FrameType) -> Callee:
        raw = RawFrame.of(frame)
        return cls(frame, original_code(frame.f_code), raw, raw.generator)

    def first_local(self) -> object:
        """The value of slot 0, out of its cell if it has one; NULL if there is none."""
        if not local_names(self.code):
            return NULL
        return contents(self.raw.slot(0))


@dataclass(frozen=True, eq=False)
class Site:
    """An interrupted instruction: the frame, where it is, and the frame it waits for.

    ``shift``: bytes of the morph's prologue before the original code (0 for a frame that has never moved).
    """

    frame: FrameType
    code: CodeType
    raw: RawFrame
    shift: int
    index: int
    callee: Callee
    crossing: Crossing

    @property
    def flow(self) -> Flow:
        return flow_of(self.code)

    @property
    def instruction(self) -> Instruction:
        return self.flow.instructions[self.index]

    @property
    def before(self) -> str:
        """The stack before the instruction."""
        return self.flow.before[self.index]

    @property
    def after(self) -> str:
        """The stack after the instruction, where it goes on behind it."""
        return self.flow.after[self.index]

    def stack_slot(self, depth: int) -> object:
        """The object ``depth`` slots above the bottom of the stack. Operands stay readable while C runs."""
        return self.raw.slot(len(local_names(self.code)) + depth)

    def slots(self, first: int, end: int) -> range:
        """Indexes for the raw frame of the stack slots at depths from ``first`` to ``end``, without it."""
        below = len(local_names(self.code))
        return range(below + first, below + end)

    def operand(self, from_top: int) -> object:
        """Operand of the instruction, 1 being the topmost."""
        return self.stack_slot(len(self.before) - from_top)


def contents(value: object) -> object:
    """The contents of a cell, NULL if it is empty; any other object as it is."""
    if not isinstance(value, CellType):
        return value
    try:
        return cast(object, value.cell_contents)
    except ValueError:
        return NULL


def crossing_between(callee: FrameType, caller: FrameType) -> Crossing:
    """Read how ``callee`` was entered from ``caller``: its ``f_back``, or one that only passes on to it what
    was thrown into it."""
    if callee.f_back is not caller:
        return Crossing(through_c=True, through_init=False)
    raw, end = RawFrame.of(callee), RawFrame.of(caller)
    through_c = raw.is_entry
    between = raw.previous
    through_init = False
    while between is not None and between != end:
        if HERE.is_entry is None and between.owner >= OWNED_BY_C:
            through_c = True
        else:
            # A Python frame that f_back skips: from 3.13 on the one that calls __init__.
            through_init = True
            through_c = through_c or between.is_entry
        between = between.previous
    return Crossing(through_c, through_init and not through_c)
