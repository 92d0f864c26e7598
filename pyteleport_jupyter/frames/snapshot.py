"""A frame as data: what flows from :mod:`.capture` through the pickle to :mod:`.resume`."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import CellType, CodeType
from typing import Any, Final, Protocol, cast

Position = tuple[int | None, int | None, int | None, int | None]
"""First line, last line, first column, last column, as ``co_positions`` gives them."""

NULL_SLOT: Final = "n"
"""In :attr:`Shape.stack`: a slot that holds NULL. The other letters are those of :mod:`.flow`."""


class Kind(StrEnum):
    """How a frame goes on after the call in which it was interrupted. :data:`.dialect.TAILS` has the
    bytecode."""

    RESULT = "result"
    """The result of the inner frame is the result of the instruction."""
    DISCARD = "discard"
    """The instruction has no result (attribute and item setters)."""
    METHOD_PAIR = "method pair"
    """A property behind ``LOAD_ATTR`` with the method bit: the result and a NULL."""
    INSTANCE = "instance"
    """``__init__``: the instance is the result."""
    NEW = "new"
    """``__new__``, which ``__init__`` follows if the result is an instance of the class."""
    NOTHING = "nothing"
    """``exec``: None is the result."""
    ADVANCE = "advance"
    """``generator.send(...)`` or ``throw(...)``: the rebuilt generator is sent None."""
    CACHED = "cached"
    """A function with a cache: the cache is called again, for the rest of its function."""
    CLASS_BODY = "class body"
    """``__build_class__``: it is called again with the rest of the body."""
    TRUTH = "truth"
    """``in``: the result as a bool."""
    FALSITY = "falsity"
    """``not in``."""
    OPERAND = "operand"
    """The result becomes the operand and the instruction runs again (``__bool__``, ``__iter__``)."""
    AGAIN = "again"
    """The instruction runs again as it was; its operand is the rebuilt generator."""
    AWAIT = "await"
    """As AGAIN, for SEND: None is sent to the rebuilt coroutine."""
    NEXT_ITEM = "next item"
    """``__next__`` of a Python iterator under ``for``: an item, or StopIteration ends the loop."""
    OPERATOR = "operator"
    """A binary operator or comparison: while the result is NotImplemented, what follows is called."""
    STAND_IN = "stand in"
    """The instruction runs again on an object whose special method is the inner frame."""
    HERE = "here"
    """Not in a call: the innermost frame was about to run the instruction."""
    SUSPENDED = "suspended"
    """Not interrupted: a generator that waits at its yield."""
    CLOSE = "close"
    """As AGAIN, for ``generator.close()``: the rebuilt generator waits at an opening of its own."""


@dataclass(frozen=True)
class Action:
    """What a frame was doing and how it goes on. Offsets in bytes of the original code."""

    kind: Kind
    opcode: str
    offset: int
    """The interrupted instruction: its position and its exception handler are those of the inner call."""
    target: int
    """Where the original code goes on."""
    stack: str
    """The slots to be restored, as letters of :mod:`.flow`."""
    exit: int = 0
    """NEXT_ITEM: where the loop ends. SUSPENDED at a ``yield from`` or ``await``: where its loop ends."""
    yielded: int = 0
    resumed: int = 0
    """SUSPENDED: arguments of YIELD_VALUE and RESUME; the interpreter tells the kind of yield by them."""
    wrapped: bool = False
    """SUSPENDED: an async generator at a yield of its own, which hands out a wrapped value."""
    fallbacks: int = 0
    """OPERATOR: how many calls may follow the inner one."""
    inverts: tuple[bool, ...] = ()
    """OPERATOR: whether the result is negated (``!=`` by ``__eq__``): of the inner frame, then of each."""
    as_bool: bool = False
    """OPERATOR: the result is made a bool."""
    method: str = ""
    """STAND_IN: the special method that is running."""
    is_attribute: bool = False
    """STAND_IN: :attr:`method` is the name of the attribute that is being looked up."""
    operand: int = 0
    """STAND_IN: which of the restored stack slots its object is in, 1 being the topmost."""
    opening: bool = False
    """Before all else the morph yields its first value: it goes on when it is resumed for the second
    time, be it by an exception."""


@dataclass(frozen=True)
class Shape:
    """Which slots a frame had filled. The values themselves travel beside it, in this order."""

    bound: tuple[int, ...]
    """Slots below the stack that hold an object, ascending."""
    deleted: tuple[int, ...]
    """Arguments that were deleted: a call of the morph would bind them."""
    stack: str
    """Bottom to top: ``v`` value, ``n`` NULL, ``E`` an entered handler (its value is the exception that it
    handles), ``L`` the next of :attr:`lasti`."""
    lasti: tuple[int, ...] = ()
    """Instruction indexes (in code units of the original) that handlers keep for RERAISE."""


@dataclass(frozen=True, eq=False)
class FrameSnapshot:
    """One interrupted frame. Pickles by reference of this class.

    ``values``: objects in the order in which the morph fetches them. A frame that belongs to a generator or
    coroutine has its values in the pickled state of that object instead (so that cycles through it work):
    then they do not travel here.
    """

    code: CodeType = field(repr=False)
    code_hash: str
    shape: Shape
    action: Action
    position: Position
    values: Sequence[object] = field(repr=False)
    extras: tuple[object, ...] = field(repr=False)
    """What the continuation needs besides (the instance under construction, the name and bases of a
    class, the generators that wait for the one that is being closed)."""
    globals: dict[str, object] = field(repr=False)
    locals: object = field(repr=False)
    """The namespace of module-level code, class bodies and ``exec``; None for functions."""
    closure: tuple[CellType, ...] | None = field(repr=False)
    qualname: str
    generator: object = field(repr=False)
    """The generator, coroutine or async generator the frame belongs to, or None."""
    library: str | None
    """Importable module whose source defines the code: it must be the same over there."""
    words: str
    """How messages name this frame."""
    magic: bytes = importlib.util.MAGIC_NUMBER
    """Bytecode version. The same minor has the same one, but pre-releases may differ."""

    def __getstate__(self) -> dict[str, object]:
        # A list, for what cannot be made before the cell goes on (:mod:`.pending`).
        return {**self.__dict__, "values": [] if self.generator is not None else list(self.values)}


class Within(Protocol):
    """What runs inside the innermost frame of a stack, across C that is done anew: an event loop."""

    @property
    def stack(self) -> Stack:
        """The running frames in there."""

    def enter(self, value: object, arrived: Callable[[], object] | None) -> Callable[[], object]:
        """What the innermost frame of the stack around it calls, so that the frames in there go on; the
        innermost of them gets ``value``, and calls ``arrived`` if it can; else it is called here."""


@dataclass(frozen=True, eq=False)
class Identities:
    """Objects that running functions know by their ``id`` (:mod:`.identities`)."""

    holders: tuple[dict[Any, Any], ...] = ()
    """Dicts with such numbers as keys."""
    objects: tuple[tuple[int, object], ...] = ()
    """Each with the number that it had when it was captured."""


@dataclass
class Stack:
    """The running frames of a cell, innermost first. Emptied by the resume, so that it keeps nothing
    alive."""

    frames: tuple[FrameSnapshot, ...]
    within: Within | None = None
    identities: Identities = field(default_factory=Identities)

    @property
    def all_frames(self) -> tuple[FrameSnapshot, ...]:
        """With those that run within."""
        return self.frames if self.within is None else (*self.within.stack.all_frames, *self.frames)

    def take(self) -> tuple[FrameSnapshot, ...]:
        """The frames, for good: the stack is empty afterwards."""
        frames, self.frames, self.within, self.identities = self.frames, (), None, Identities()
        return frames


def running_generators(stack: Stack) -> dict[int, FrameSnapshot]:
    """The frames of the stack that belong to generators, by ``id`` of the generator: to be pickled as
    running."""
    closing = [frame for frame in stack.all_frames if frame.action.kind is Kind.CLOSE]
    waiting = [cast(FrameSnapshot, each) for frame in closing for each in frame.extras]
    frames = (*stack.all_frames, *waiting)
    return {id(frame.generator): frame for frame in frames if frame.generator is not None}
