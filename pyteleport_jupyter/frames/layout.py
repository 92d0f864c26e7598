"""Where CPython keeps what a frame object does not tell: its evaluation stack, its owner, its raw locals.

One :class:`Layout` per minor version, offsets in bytes, for 64-bit builds with the GIL. Sources:
``Include/internal/pycore_frame.h`` and ``Include/cpython/genobject.h`` of each minor. Memory is only ever
*read* here; nothing in this package writes into the interpreter. :mod:`.selftest` proves a row before it is
used.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from types import CellType, CodeType, FrameType
from typing import Final, cast

WORD: Final = ctypes.sizeof(ctypes.c_void_p)
FRAME_POINTER: Final = object.__basicsize__ + WORD
"""Offset of ``f_frame`` in a frame object: behind the object head and ``f_back``."""

OWNED_BY_GENERATOR: Final = 1
OWNED_BY_C: Final = 3
"""Owners from here on are not Python frames: the evaluation loop was entered from C (3.12 and later)."""

CO_OPTIMIZED: Final = 0x1
CO_VARARGS: Final = 0x4
CO_VARKEYWORDS: Final = 0x8
CO_COROUTINE: Final = 0x80
GENERATOR_FLAGS: Final = 0x20 | 0x80 | 0x200
"""CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR."""


class Empty(Enum):
    """The class of :data:`NULL`, so that type checkers can tell it from every other object."""

    NULL = "NULL"

    def __repr__(self) -> str:
        return "NULL"


NULL: Final = Empty.NULL
"""Stands for a slot that holds no object. One for each process; it pickles by name."""


@dataclass(frozen=True)
class Layout:
    """Offsets of one minor version: of the interpreter frame, then of generator-like objects."""

    previous: int
    locals: int
    instruction: int
    stack_top: int
    stack_top_is_pointer: bool
    is_entry: int | None
    owner: int
    localsplus: int
    generator_exception: int
    generator_state: int
    generator_frame: int
    state_created: int
    states_suspended: frozenset[int]
    tagged: bool


LAYOUTS: Final[dict[tuple[int, int], Layout]] = {
    (3, 11): Layout(
        previous=48,
        locals=24,
        instruction=56,
        stack_top=64,
        stack_top_is_pointer=False,
        is_entry=68,
        owner=69,
        localsplus=72,
        generator_exception=48,
        generator_state=75,
        generator_frame=80,
        state_created=-2,
        states_suspended=frozenset({-1}),
        tagged=False,
    ),
    (3, 12): Layout(
        previous=8,
        locals=40,
        instruction=56,
        stack_top=64,
        stack_top_is_pointer=False,
        is_entry=None,
        owner=70,
        localsplus=72,
        generator_exception=40,
        generator_state=67,
        generator_frame=72,
        state_created=-2,
        states_suspended=frozenset({-1}),
        tagged=False,
    ),
    (3, 13): Layout(
        previous=8,
        locals=40,
        instruction=56,
        stack_top=64,
        stack_top_is_pointer=False,
        is_entry=None,
        owner=70,
        localsplus=72,
        generator_exception=40,
        generator_state=67,
        generator_frame=72,
        state_created=-3,
        states_suspended=frozenset({-2, -1}),
        tagged=False,
    ),
    (3, 14): Layout(
        previous=8,
        locals=40,
        instruction=56,
        stack_top=64,
        stack_top_is_pointer=True,
        is_entry=None,
        owner=74,
        localsplus=80,
        generator_exception=40,
        generator_state=67,
        generator_frame=72,
        state_created=-3,
        states_suspended=frozenset({-2, -1}),
        tagged=True,
    ),
}

MINOR: Final[tuple[int, int]] = (sys.version_info[0], sys.version_info[1])
HERE: Final = LAYOUTS.get(MINOR, LAYOUTS[max(LAYOUTS)])
"""The row of this interpreter. An unknown minor gets the newest row, which its self-test then has to
confirm."""


def word_at(address: int) -> int:
    """The pointer-sized word at ``address``."""
    return ctypes.c_size_t.from_address(address).value


def object_at(pointer: int) -> object:
    """A new strong reference to the object that ``pointer`` (not NULL) points to."""
    return ctypes.py_object.from_buffer(ctypes.c_size_t(pointer)).value


def _slot_at(address: int) -> object:
    """The object in a stack or local slot, or NULL. 3.14 keeps two tag bits in each slot; both set: an
    integer."""
    word = word_at(address)
    if HERE.tagged and word & 3 == 3:
        return word >> 2
    pointer = word & ~3 if HERE.tagged else word
    return object_at(pointer) if pointer else NULL


@dataclass(frozen=True)
class RawFrame:
    """An interpreter frame by its address. Valid only while that frame lives; never kept."""

    address: int

    @classmethod
    def of(cls, frame: FrameType) -> RawFrame:
        return cls(word_at(id(frame) + FRAME_POINTER))

    @property
    def owner(self) -> int:
        return ctypes.c_uint8.from_address(self.address + HERE.owner).value

    @property
    def is_entry(self) -> bool:
        """Whether this frame was entered from C. Only 3.11 keeps it in the frame."""
        return HERE.is_entry is not None and bool(
            ctypes.c_uint8.from_address(self.address + HERE.is_entry).value
        )

    @property
    def previous(self) -> RawFrame | None:
        pointer = word_at(self.address + HERE.previous)
        return RawFrame(pointer) if pointer else None

    @property
    def instruction_pointer(self) -> int:
        return word_at(self.address + HERE.instruction)

    @property
    def locals(self) -> object:
        """The namespace of unoptimised code, as it is (``frame.f_locals`` may be a proxy from 3.13 on)."""
        pointer = word_at(self.address + HERE.locals)
        return object_at(pointer) if pointer else NULL

    @property
    def generator(self) -> object | None:
        """The generator, coroutine or async generator this frame belongs to."""
        if self.owner != OWNED_BY_GENERATOR:
            return None
        return object_at(self.address - HERE.generator_frame)

    @property
    def saved_depth(self) -> int | None:
        """Number of slots in use when the stack top was saved; None while it is not saved."""
        address = self.address + HERE.stack_top
        if HERE.stack_top_is_pointer:
            pointer = word_at(address)
            return (pointer - self.address - HERE.localsplus) // WORD if pointer else None
        saved = ctypes.c_int32.from_address(address).value
        return saved if saved >= 0 else None

    def slot(self, index: int) -> object:
        """Slot ``index``: locals, cells and free variables first, then the evaluation stack bottom to top."""
        return _slot_at(self.address + HERE.localsplus + WORD * index)

    def slot_word(self, index: int) -> int:
        """What the slot holds as a number, for one whose object may be gone."""
        return word_at(self.address + HERE.localsplus + WORD * index)


def generator_state(generator: object) -> int:
    """``gi_frame_state`` of a generator, coroutine or async generator."""
    return ctypes.c_int8.from_address(id(generator) + HERE.generator_state).value


def generator_exception(generator: object) -> BaseException | None:
    """The exception that the generator itself is handling (``gi_exc_state.exc_value``)."""
    return _exception_at(id(generator) + HERE.generator_exception)


def exception_below(generators: Iterable[object]) -> BaseException | None:
    """The exception handled by whoever runs these *running* generators, the outermost one last
    (``gi_exc_state.previous_item``). One that only passes on what is thrown into it is not in that chain."""
    items = [word_at(id(each) + HERE.generator_exception + WORD) for each in generators]
    outermost = next((item for item in reversed(items) if item), 0)
    return _exception_at(outermost) if outermost else None


def _exception_at(address: int) -> BaseException | None:
    pointer = word_at(address)
    found = object_at(pointer) if pointer else None
    return found if isinstance(found, BaseException) else None


def local_names(code: CodeType) -> tuple[str, ...]:
    """Names of the slots below the stack: locals, cells that are no locals, free variables."""
    cells = tuple(name for name in code.co_cellvars if name not in code.co_varnames)
    return code.co_varnames + cells + code.co_freevars


def argument_count(code: CodeType) -> int:
    """Number of slots that a call fills, counting ``*args`` and ``**kwargs`` as one each."""
    stars = bool(code.co_flags & CO_VARARGS) + bool(code.co_flags & CO_VARKEYWORDS)
    return code.co_argcount + code.co_kwonlyargcount + stars


def closure_of(code: CodeType, raw: RawFrame) -> tuple[CellType, ...] | None:
    """The cells of the free variables of a frame that has begun, in the order of ``co_freevars``."""
    count = len(code.co_freevars)
    if not count:
        return None
    first = len(local_names(code)) - count
    return tuple(cast(CellType, raw.slot(first + index)) for index in range(count))
