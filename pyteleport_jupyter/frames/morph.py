"""The code object that puts one frame back and goes on: a prologue before the byte-for-byte unchanged
original.

The prologue fetches the locals and the stack, calls the inner frame (itself a morph) and jumps into the
original behind the interrupted instruction. All jumps are relative since 3.11, so nothing in the original
changes; three tables are adjusted: exceptions (shifted, and the inner call is covered by the handler of the
original call), lines (the inner call has the position of the original call) and the stack size.

Names, flags, argument counts and variables stay: zero-argument ``super()`` and introspection need them.
Values are handed out by ``list.pop`` bound to a list of the frame's own, so that the code object keeps none
alive.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import CodeType
from typing import Final

from . import assemble
from .dialect import CALLING, FETCH, NONE, NOT_IMPLEMENTED, SPOKEN, STOP, TAILS, Operations
from .flow import HANDLER, LASTI, UNIT, VALUE, Handler, flow_of, opening_of
from .registry import MorphRecord, register
from .slots import position_at
from .snapshot import NULL_SLOT, Action, Kind, Position, Shape

STACK_SLACK: Final = 6
"""Most slots that the operations of a prologue use above the slots they restore."""

_RESTORE: Final[dict[str, Operations]] = {
    VALUE: SPOKEN.fetch,
    NULL_SLOT: (("PUSH_NULL", 0),),
    # Entering a handler pushes what was current before it and makes the fetched exception the current one.
    HANDLER: (*SPOKEN.fetch, ("PUSH_EXC_INFO", 0), ("POP_TOP", 0)),
}


@dataclass(frozen=True)
class _Constants:
    """Constants that a morph has behind those of the original, by their index."""

    first: int

    @property
    def by_name(self) -> dict[str, int]:
        names = (FETCH, NONE, STOP, NOT_IMPLEMENTED)
        return {name: self.first + index for index, name in enumerate(names)}

    @property
    def first_lasti(self) -> int:
        return self.first + 4


@dataclass(frozen=True)
class _Raise:
    """An instruction of a prologue that raises, so that the unwinder pushes its index for a handler."""

    start: int
    depth: int
    """Slots below the index."""
    original: int
    """Offset of the original instruction that it stands for: tracebacks look its line up."""


@dataclass(frozen=True)
class _Prologue:
    code: bytes
    call_start: int
    call_end: int
    """[call_start, call_end): the inner call; from there to the end of the prologue the way on."""
    loop_end: int
    """NEXT_ITEM: the handler behind the jump."""
    raises: tuple[_Raise, ...]
    opening: tuple[int, int]
    """[start, end) of the yield before all else, empty if there is none. What is thrown in there starts the
    rest like what is sent: it lies where that would, and is dropped."""


class _Writer:
    """Collects operations, with names of constants resolved."""

    def __init__(self, constants: _Constants) -> None:
        self.constants = constants
        self.code = bytearray()
        self.raises: list[_Raise] = []
        self.lasti_written = 0

    def write(self, *operations: tuple[str, int | str]) -> None:
        for name, argument in operations:
            number = argument if isinstance(argument, int) else self.constants.by_name[argument]
            self.code += assemble.operation(name, number)

    def restore_stack(self, shape: Shape) -> None:
        indexes = iter(shape.lasti)
        for depth, letter in enumerate(shape.stack):
            if letter != LASTI:
                self.write(*_RESTORE[letter])
            elif SPOKEN.lasti_by_raising:
                self.raise_at(depth, next(indexes) * UNIT)
            else:
                self.write(("LOAD_CONST", self.constants.first_lasti + self.lasti_written))
                self.lasti_written += 1

    def raise_at(self, depth: int, original: int) -> None:
        self.write(("LOAD_CONST", STOP))
        self.raises.append(_Raise(len(self.code), depth, original))
        self.write(("RAISE_VARARGS", 1), ("POP_TOP", 0))


def build_morph(code: CodeType, shape: Shape, action: Action, position: Position) -> CodeType:
    """Make the morph of ``code`` for a frame of this shape, and register it. Its values are loaded
    separately.

    ``position``: of the interrupted instruction, for tracebacks that go through the inner call.
    """
    constants = _Constants(len(code.co_consts))
    prologue = _write_prologue(code, shape, action, constants)
    length = len(prologue.code)
    morph = code.replace(
        co_code=prologue.code + code.co_code,
        co_consts=code.co_consts + _constant_values(shape, length),
        co_stacksize=max(code.co_stacksize, len(shape.stack)) + STACK_SLACK,
        co_exceptiontable=_exception_table(code, prologue, action),
        co_linetable=_line_table(code, prologue, position) + code.co_linetable,
    )
    raised = tuple((each.start, each.original) for each in prologue.raises)
    register(morph, MorphRecord(code, length, action, prologue.call_start, constants.first, raised))
    return morph


def _constant_values(shape: Shape, length: int) -> tuple[object, ...]:
    fetch: list[object] = []
    # An instruction index kept on the stack counts from the start of the code, which now begins with the
    # prologue.
    rebased = tuple(unit + length // UNIT for unit in shape.lasti)
    return (fetch.pop, None, StopIteration, NotImplemented, *rebased)


def _write_prologue(code: CodeType, shape: Shape, action: Action, constants: _Constants) -> _Prologue:
    writer = _Writer(constants)
    writer.code += code.co_code[: opening_of(flow_of(code))[-1].end]
    opening = _write_opening(writer) if action.opening else (0, 0)
    for slot in shape.bound:
        # STORE_FAST takes any slot: in place of the new cells come the very cell objects there were.
        writer.write(*SPOKEN.fetch, ("STORE_FAST", slot))
    for slot in shape.deleted:
        writer.write(("LOAD_CONST", NONE), ("STORE_FAST", slot), ("DELETE_FAST", slot))
    writer.restore_stack(shape)
    ending = _loop_end(action, constants) if action.kind is Kind.NEXT_ITEM else b""
    leaving = assemble.operation("JUMP_FORWARD", (len(ending) + UNIT + action.target) // UNIT)
    call_start = len(writer.code)
    if SPOKEN.throw_reads_send and action.kind is Kind.SUSPENDED and action.exit:
        writer.code += _waiting(action, constants, leaving)
    else:
        writer.write(*_tail(action))
        writer.code += _fallbacks(action, constants)
    call_end = len(writer.code)
    writer.code += leaving
    whole = bytes(writer.code) + ending + _LINES_END
    return _Prologue(whole, call_start, call_end, len(writer.code), tuple(writer.raises), opening)


def _write_opening(writer: _Writer) -> tuple[int, int]:
    writer.write(*SPOKEN.fetch)
    start = len(writer.code)
    writer.write(("YIELD_VALUE", 0), ("RESUME", 1))
    end = len(writer.code)
    writer.write(("POP_TOP", 0))
    return start, end


_LINES_END: Final = assemble.operation("NOP")
"""Never run: has the entry of the line table from which the original table can go on. A unit that is run
would be a line of its own to a tracer."""


def _tail(action: Action) -> Operations:
    if action.kind is not Kind.SUSPENDED:
        return TAILS[action.kind]
    wrap = SPOKEN.wrap if action.wrapped else ()
    # Both with the arguments of the original: the interpreter tells yield from await by them.
    return (*SPOKEN.fetch, *wrap, ("YIELD_VALUE", action.yielded), ("RESUME", action.resumed))


def _waiting(action: Action, constants: _Constants, leaving: bytes) -> bytes:
    """SUSPENDED at an await, where ``throw()`` wants a SEND in front of the yield. It never runs; where it
    jumps to, the awaited value is on the stack in place of what was waited for."""
    returned = assemble.operation("JUMP_FORWARD", (len(leaving) + UNIT + action.exit) // UNIT)
    loop = _Writer(constants)
    loop.write(*SPOKEN.fetch, ("JUMP_FORWARD", 1), ("SEND", 3), ("YIELD_VALUE", action.yielded))
    loop.write(("RESUME", action.resumed), ("JUMP_FORWARD", len(returned) // UNIT))
    return bytes(loop.code) + returned


def _fallbacks(action: Action, constants: _Constants) -> bytes:
    """OPERATOR: while the result is NotImplemented the next call follows. Those that are not needed are
    fetched all the same, so that nothing keeps their objects alive."""
    code = b""
    for left in range(1, action.fallbacks + 1):
        again, test, kept = _Writer(constants), _Writer(constants), _Writer(constants)
        again.write(("POP_TOP", 0), *SPOKEN.call)
        kept.write(*(SPOKEN.falsity if action.inverts[-left - 1] else ()))
        kept.write(*(*SPOKEN.fetch, ("POP_TOP", 0)) * left)
        kept.write(("JUMP_FORWARD", len(again.code + code) // UNIT))
        test.write(("COPY", 1), ("LOAD_CONST", NOT_IMPLEMENTED), ("IS_OP", 0))
        test.write((SPOKEN.jump_if_true, len(kept.code) // UNIT))
        code = bytes(test.code + kept.code + again.code) + code
    ending = _Writer(constants)
    ending.write(*(SPOKEN.truth if action.as_bool else ()))
    return code + bytes(ending.code)


def _loop_end(action: Action, constants: _Constants) -> bytes:
    """The handler of the inner ``__next__``: StopIteration ends the loop, anything else goes on its way."""
    other, ended = _Writer(constants), _Writer(constants)
    other.write(("SWAP", 2), ("POP_EXCEPT", 0), ("RERAISE", 0))
    ended.write(("POP_TOP", 0), ("POP_EXCEPT", 0), ("POP_TOP", 0))
    ended.write(("JUMP_FORWARD", (len(_LINES_END) + action.exit) // UNIT))
    check = _Writer(constants)
    check.write(("PUSH_EXC_INFO", 0), ("LOAD_CONST", STOP), ("CHECK_EXC_MATCH", 0))
    check.write((SPOKEN.jump_if_true, len(other.code) // UNIT))
    return bytes(check.code + other.code + ended.code)


def _exception_table(code: CodeType, prologue: _Prologue, action: Action) -> bytes:
    """In the order of the code, without overlaps (CPython searches by bisection): the raises of the
    prologue, the loop around the inner call, the handler of the original instruction, then all originals."""
    flow, length = flow_of(code), len(prologue.code)
    start, end = prologue.opening
    entries = [Handler(start, end, end, 0, False)] if end else []
    entries += [
        Handler(each.start, each.start + UNIT, each.start + UNIT, each.depth, True)
        for each in prologue.raises
    ]
    start = prologue.call_start
    if action.kind is Kind.NEXT_ITEM:
        entries.append(Handler(start, prologue.call_end, prologue.loop_end, len(action.stack), False))
        start = prologue.call_end
    covering = flow.handler_at(action.offset)
    if covering is not None:
        entries.append(_shifted(covering, length)._replace(start=start, end=length))
    return assemble.exception_table([*entries, *(_shifted(handler, length) for handler in flow.handlers)])


def _shifted(handler: Handler, length: int) -> Handler:
    return handler._replace(
        start=handler.start + length, end=handler.end + length, target=handler.target + length
    )


def _line_table(code: CodeType, prologue: _Prologue, position: Position) -> bytes:
    """The prologue belongs to no line, but what raises and what calls has the original's position."""
    placed = [(each.start, each.start + UNIT, position_at(code, each.original)) for each in prologue.raises]
    placed.append((prologue.call_start, prologue.call_end, position))
    table, reached, line = b"", 0, code.co_firstlineno
    for start, end, there in placed:
        if there[0] is not None and start < end:
            table += assemble.nowhere((start - reached) // UNIT)
            table += assemble.at_position((end - start) // UNIT, line, there)
            reached, line = end, there[0]
    left = (len(prologue.code) - reached) // UNIT
    return table + assemble.nowhere(left - 1) + assemble.back_to_line(line, code.co_firstlineno)


def is_inside_call(record: MorphRecord, offset: int) -> bool:
    """Whether a frame of this morph, at ``offset`` of the morph's code, is still in its inner call."""
    waits = record.action.kind in CALLING - {Kind.HERE} or record.action.kind is Kind.SUSPENDED
    return waits and record.call_start <= offset < record.length
