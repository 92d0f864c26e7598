"""How each minor version says in bytecode what a morph has to say, and the few shapes of the stack that
differ.

An operation is ``(name, argument)``. Four arguments are filled in by :mod:`.morph`: :data:`FETCH` (the
constant that hands out the next value), :data:`NONE`, :data:`STOP` and :data:`NOT_IMPLEMENTED` (the constants
None, StopIteration and NotImplemented).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .layout import MINOR
from .snapshot import Kind

FETCH: Final = "fetch"
NONE: Final = "none"
STOP: Final = "stop"
NOT_IMPLEMENTED: Final = "not implemented"

Operation = tuple[str, int | str]
Operations = tuple[Operation, ...]


@dataclass(frozen=True)
class Dialect:
    """One minor version."""

    fetch: Operations
    """Push the next value: a call of a C function without arguments."""
    call: Operations
    """Fetch a callable and call it without arguments; a Python function runs without a C frame between."""
    spread_call: Operations
    """Fetch a callable, a tuple and a dict, and call it with them."""
    call_pair: Operations
    """Call the pair on top without arguments."""
    ask: Operations
    """Fetch a callable and call it with what lies on top, which stays there."""
    null_pair: Operations
    """Put a NULL beside the result, in the order of a call of something that is no method."""
    truth: Operations
    falsity: Operations
    wrap: Operations
    """Wrap the value that an async generator yields."""
    callable_first: bool
    """Whether the callable lies below the NULL of a call."""
    exit_replaces_manager: bool
    """Whether ``__exit__`` is already on the stack while ``__enter__`` runs."""
    keyword_names: bool
    """Whether keyword names of a call are set by an instruction of their own (KW_NAMES)."""
    clobbered_callable: bool
    """Whether ``functools.partial`` overwrites the slot of the callable while it runs."""
    jump_if_true: str
    attribute_shift: int
    """Bits of the argument of LOAD_ATTR below the index of the name."""
    loop_exit_units: int
    """Code units behind the target of FOR_ITER that an exhausted loop skips (END_FOR, POP_TOP)."""
    exit_operand: int
    """Where WITH_EXCEPT_START finds ``__exit__``, 1 being the topmost slot."""
    lasti_by_raising: bool
    """Whether the instruction index that a handler keeps is a tagged integer, which no instruction but one
    that raises can push."""
    throw_reads_send: bool
    """Whether ``throw()`` looks for a SEND in front of the yield at which a generator waits for another one,
    to go on where that jumps to (``_gen_throw`` in Objects/genobject.c of 3.11)."""
    subscript: int | None
    """Argument of BINARY_OP for a subscript (NB_SUBSCR); None where it is an instruction of its own."""


_CALL_311: Final[Operations] = (("PRECALL", 0), ("CALL", 0))
_FETCH_311: Final[Operations] = (("PUSH_NULL", 0), ("LOAD_CONST", FETCH), *_CALL_311)
_FETCH_312: Final[Operations] = (("PUSH_NULL", 0), ("LOAD_CONST", FETCH), ("CALL", 0))
_FETCH_313: Final[Operations] = (("LOAD_CONST", FETCH), ("PUSH_NULL", 0), ("CALL", 0))
_ASK_311: Final[Operations] = (("PUSH_NULL", 0), *_FETCH_311, ("COPY", 3), ("PRECALL", 1), ("CALL", 1))
_ASK_312: Final[Operations] = (("PUSH_NULL", 0), *_FETCH_312, ("COPY", 3), ("CALL", 1))
_ASK_313: Final[Operations] = (*_FETCH_313, ("PUSH_NULL", 0), ("COPY", 3), ("CALL", 1))
_SPREAD: Final[Operations] = (("CALL_FUNCTION_EX", 1),)
_NULL_BELOW: Final[Operations] = (("PUSH_NULL", 0), ("SWAP", 2))

DIALECTS: Final[dict[tuple[int, int], Dialect]] = {
    (3, 11): Dialect(
        fetch=_FETCH_311,
        call=(("PUSH_NULL", 0), *_FETCH_311, *_CALL_311),
        spread_call=(("PUSH_NULL", 0), *_FETCH_311 * 3, *_SPREAD),
        call_pair=_CALL_311,
        ask=_ASK_311,
        null_pair=_NULL_BELOW,
        truth=(("UNARY_NOT", 0), ("UNARY_NOT", 0)),
        falsity=(("UNARY_NOT", 0),),
        wrap=(("ASYNC_GEN_WRAP", 0),),
        callable_first=False,
        exit_replaces_manager=True,
        keyword_names=True,
        clobbered_callable=True,
        jump_if_true="POP_JUMP_FORWARD_IF_TRUE",
        attribute_shift=0,
        loop_exit_units=0,
        exit_operand=4,
        lasti_by_raising=False,
        throw_reads_send=True,
        subscript=None,
    ),
    (3, 12): Dialect(
        fetch=_FETCH_312,
        call=(("PUSH_NULL", 0), *_FETCH_312, ("CALL", 0)),
        spread_call=(("PUSH_NULL", 0), *_FETCH_312 * 3, *_SPREAD),
        call_pair=(("CALL", 0),),
        ask=_ASK_312,
        null_pair=_NULL_BELOW,
        truth=(("UNARY_NOT", 0), ("UNARY_NOT", 0)),
        falsity=(("UNARY_NOT", 0),),
        wrap=(("CALL_INTRINSIC_1", 4),),
        callable_first=False,
        exit_replaces_manager=False,
        keyword_names=True,
        clobbered_callable=True,
        jump_if_true="POP_JUMP_IF_TRUE",
        attribute_shift=1,
        loop_exit_units=1,
        exit_operand=4,
        lasti_by_raising=False,
        throw_reads_send=False,
        subscript=None,
    ),
    (3, 13): Dialect(
        fetch=_FETCH_313,
        call=(*_FETCH_313, ("PUSH_NULL", 0), ("CALL", 0)),
        spread_call=(*_FETCH_313, ("PUSH_NULL", 0), *_FETCH_313 * 2, *_SPREAD),
        call_pair=(("CALL", 0),),
        ask=_ASK_313,
        null_pair=(("PUSH_NULL", 0),),
        truth=(("TO_BOOL", 0),),
        falsity=(("TO_BOOL", 0), ("UNARY_NOT", 0)),
        wrap=(("CALL_INTRINSIC_1", 4),),
        callable_first=True,
        exit_replaces_manager=False,
        keyword_names=False,
        clobbered_callable=False,
        jump_if_true="POP_JUMP_IF_TRUE",
        attribute_shift=1,
        loop_exit_units=2,
        exit_operand=4,
        lasti_by_raising=False,
        throw_reads_send=False,
        subscript=None,
    ),
    (3, 14): Dialect(
        fetch=_FETCH_313,
        call=(*_FETCH_313, ("PUSH_NULL", 0), ("CALL", 0)),
        spread_call=(*_FETCH_313, ("PUSH_NULL", 0), *_FETCH_313 * 2, *_SPREAD),
        call_pair=(("CALL", 0),),
        ask=_ASK_313,
        null_pair=(("PUSH_NULL", 0),),
        truth=(("TO_BOOL", 0),),
        falsity=(("TO_BOOL", 0), ("UNARY_NOT", 0)),
        wrap=(("CALL_INTRINSIC_1", 4),),
        callable_first=True,
        exit_replaces_manager=False,
        keyword_names=False,
        clobbered_callable=False,
        jump_if_true="POP_JUMP_IF_TRUE",
        attribute_shift=1,
        loop_exit_units=2,
        exit_operand=5,
        lasti_by_raising=True,
        throw_reads_send=False,
        subscript=26,
    ),
}

SPOKEN: Final = DIALECTS.get(MINOR, DIALECTS[max(DIALECTS)])
"""The dialect of this interpreter; an unknown minor has to pass the self-test with the newest one."""

_DROP: Final[Operations] = (("POP_TOP", 0),)
_PUSH_NONE: Final[Operations] = (("LOAD_CONST", NONE),)

TAILS: Final[dict[Kind, Operations]] = {
    Kind.RESULT: SPOKEN.call,
    Kind.DISCARD: SPOKEN.call + _DROP,
    Kind.METHOD_PAIR: SPOKEN.call + SPOKEN.null_pair,
    Kind.INSTANCE: SPOKEN.call + _DROP + SPOKEN.fetch,
    Kind.NEW: SPOKEN.call + SPOKEN.ask + SPOKEN.null_pair + SPOKEN.call_pair + _DROP,
    Kind.NOTHING: SPOKEN.call + _DROP + _PUSH_NONE,
    Kind.ADVANCE: SPOKEN.call,
    Kind.CACHED: SPOKEN.call + _DROP + SPOKEN.spread_call,
    Kind.CLASS_BODY: SPOKEN.call,
    Kind.TRUTH: SPOKEN.call + SPOKEN.truth,
    Kind.FALSITY: SPOKEN.call + SPOKEN.falsity,
    Kind.OPERAND: SPOKEN.call,
    Kind.AGAIN: (),
    Kind.AWAIT: _PUSH_NONE,
    Kind.NEXT_ITEM: SPOKEN.call,
    Kind.OPERATOR: SPOKEN.call,
    Kind.STAND_IN: (),
    Kind.HERE: SPOKEN.call + _DROP,
    Kind.SUSPENDED: (),
    Kind.CLOSE: (),
}
"""What a morph does between restoring the slots and jumping into the original code."""

CALLING: Final = frozenset(kind for kind, tail in TAILS.items() if tail[: len(SPOKEN.call)] == SPOKEN.call)
"""The kinds whose tail calls the inner frame: their morphs can be met in the middle of that call."""
