"""What lies on the evaluation stack before and after each instruction, found without running the code.

A stack is a string, bottom to top, one letter for each slot:

``v`` an ordinary value (or NULL), ``E`` the exception that was current before this handler was entered
(pushed by PUSH_EXC_INFO), ``L`` the instruction index that a handler with the *lasti* flag keeps for RERAISE.

The flow is exact on all of the standard library of 3.11 to 3.14: no code object gives two different depths
for one instruction, and none exceeds its ``co_stacksize``.
"""

from __future__ import annotations

import dis
import opcode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any, Final, NamedTuple

VALUE: Final = "v"
HANDLER: Final = "E"
LASTI: Final = "L"

UNIT: Final = 2
"""Bytes of one code unit."""

_CACHES: Final[Any] = opcode._inline_cache_entries  # type: ignore[attr-defined]
ENDS: Final = frozenset({"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "INTERPRETER_EXIT"})
JUMPS_ALWAYS: Final = frozenset({"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"})
MARKERS: Final = frozenset({"END_ASYNC_FOR"})
"""Their argument names a place from which they are reached (3.14, for monitoring); they do not go there."""
CODES_KEPT: Final = 512
"""Flows remembered, so that the same function on the stack 900 times is analysed once."""


class Instruction(NamedTuple):
    """One instruction with its prefixes and caches; offsets in bytes of ``co_code``."""

    name: str
    opcode: int
    argument: int
    start: int
    """Of the first EXTENDED_ARG: where to jump to run it again."""
    offset: int
    end: int
    target: int | None


class Handler(NamedTuple):
    """One entry of the exception table; offsets in bytes."""

    start: int
    end: int
    target: int
    depth: int
    lasti: bool


@dataclass(frozen=True)
class Flow:
    """The instructions of one code object with the stack before and, where it goes on behind, after each."""

    instructions: tuple[Instruction, ...]
    handlers: tuple[Handler, ...]
    before: Mapping[int, str]
    after: Mapping[int, str]
    conflicts: tuple[int, ...]

    def index_at(self, offset: int) -> int:
        """Index of the instruction that owns the code unit at ``offset`` (prefix, operation or cache)."""
        for index, instruction in enumerate(self.instructions):
            if instruction.start <= offset < instruction.end:
                return index
        raise ValueError(f"no instruction at offset {offset}")

    def handler_at(self, offset: int) -> Handler | None:
        """The handler that an exception raised at ``offset`` goes to. Inner entries come first in the
        table."""
        return next((h for h in self.handlers if h.start <= offset < h.end), None)


def opening_of(flow: Flow) -> tuple[Instruction, ...]:
    """The instructions up to the first RESUME, included: they make cells, take the closure, and start a
    generator. Whoever looks at a frame that is past them (a tracer, say) relies on what they have done."""
    names = [instruction.name for instruction in flow.instructions]
    return flow.instructions[: names.index("RESUME") + 1]


def cache_units(name: str) -> int:
    """Number of inline cache units behind an instruction (``opcode._inline_cache_entries``: a list on 3.11
    and 3.12, a mapping by name from 3.13 on)."""
    if hasattr(_CACHES, "get"):
        return int(_CACHES.get(name, 0))
    return int(_CACHES[dis.opmap[name]])


def instructions_of(bytecode: bytes) -> Iterator[Instruction]:
    """Decode ``co_code`` (not the adaptive code: that one is specialised and instrumented)."""
    position = start = extended = 0
    while position < len(bytecode):
        operation, argument = bytecode[position], bytecode[position + 1] | extended
        if operation == dis.EXTENDED_ARG:
            extended = argument << 8
            position += UNIT
            continue
        name = dis.opname[operation]
        end = position + UNIT * (1 + cache_units(name))
        target = _jump_target(operation, name, argument, end)
        yield Instruction(name, operation, argument, start, position, end, target)
        position = start = end
        extended = 0


def _jump_target(operation: int, name: str, argument: int, end: int) -> int | None:
    if operation not in dis.hasjrel or name in MARKERS:
        return None
    return end + UNIT * argument * (-1 if "BACKWARD" in name else 1)


def handlers_of(table: bytes) -> Iterator[Handler]:
    """Decode ``co_exceptiontable`` (Objects/exception_handling_notes.txt: varints of six bits, big end
    first)."""
    numbers = _varints(table)
    for start in numbers:
        length, target, depth_and_lasti = next(numbers), next(numbers), next(numbers)
        yield Handler(
            start * UNIT,
            (start + length) * UNIT,
            target * UNIT,
            depth_and_lasti >> 1,
            bool(depth_and_lasti & 1),
        )


def _varints(table: bytes) -> Iterator[int]:
    number = 0
    for byte in table:
        number = number << 6 | byte & 63
        if not byte & 64:
            yield number
            number = 0


def effect(instruction: Instruction, jump: bool) -> int:
    """Net stack effect. ``dis.stack_effect`` is right but for two: RETURN_GENERATOR, which is resumed with a
    value on the stack, and CACHE."""
    if instruction.name == "RETURN_GENERATOR":
        return 1
    takes_argument = instruction.opcode >= dis.HAVE_ARGUMENT
    return dis.stack_effect(instruction.opcode, instruction.argument if takes_argument else None, jump=jump)


def step(instruction: Instruction, stack: str, jump: bool) -> str:
    """The stack after ``instruction``. Only three instructions move or make special slots."""
    if instruction.name == "PUSH_EXC_INFO":
        return stack[:-1] + HANDLER + VALUE
    if instruction.name == "COPY":
        return stack + stack[-instruction.argument]
    if instruction.name == "SWAP":
        slots = list(stack)
        slots[-1], slots[-instruction.argument] = slots[-instruction.argument], slots[-1]
        return "".join(slots)
    depth = len(stack) + effect(instruction, jump)
    if depth < 0:
        raise ValueError(f"{instruction.name} at {instruction.offset} takes more than there is")
    return stack[:depth] + VALUE * (depth - len(stack))


class _Walk:
    """Follows every path through one code object until nothing new is learnt."""

    def __init__(self, instructions: tuple[Instruction, ...], handlers: tuple[Handler, ...]) -> None:
        self.instructions = instructions
        self.handlers = handlers
        self.index_by_start = {each.start: index for index, each in enumerate(instructions)}
        self.before: dict[int, str] = {}
        self.after: dict[int, str] = {}
        self.conflicts: list[int] = []
        self.waiting: list[int] = []

    def run(self) -> None:
        if self.instructions:
            self.reach(0, "")
        while self.waiting:
            self.visit(self.waiting.pop())

    def reach(self, index: int, stack: str) -> None:
        known = self.before.get(index)
        if known is None:
            self.before[index] = stack
            self.waiting.append(index)
        elif known != stack:
            self.merge(index, known, stack)

    def merge(self, index: int, known: str, stack: str) -> None:
        if len(known) != len(stack):
            self.conflicts.append(index)
            return
        merged = "".join(a if a == b else VALUE for a, b in zip(known, stack, strict=True))
        if merged != known:
            self.before[index] = merged
            self.waiting.append(index)

    def visit(self, index: int) -> None:
        instruction, stack = self.instructions[index], self.before[index]
        self.raise_from(instruction, stack)
        if instruction.target is not None:
            self.reach(self.index_by_start[instruction.target], step(instruction, stack, jump=True))
        if instruction.name in ENDS or instruction.name in JUMPS_ALWAYS:
            return
        self.after[index] = step(instruction, stack, jump=False)
        if index + 1 < len(self.instructions):
            self.reach(index + 1, self.after[index])

    def raise_from(self, instruction: Instruction, stack: str) -> None:
        handler = next((h for h in self.handlers if h.start <= instruction.offset < h.end), None)
        if handler is not None and len(stack) >= handler.depth:
            entered = stack[: handler.depth] + (LASTI if handler.lasti else "") + VALUE
            self.reach(self.index_by_start[handler.target], entered)


@lru_cache(maxsize=CODES_KEPT)
def _analyse(bytecode: bytes, exception_table: bytes) -> Flow:
    instructions = tuple(instructions_of(bytecode))
    handlers = tuple(handlers_of(exception_table))
    walk = _Walk(instructions, handlers)
    walk.run()
    return Flow(instructions, handlers, walk.before, walk.after, tuple(walk.conflicts))


def flow_of(code: CodeType) -> Flow:
    """Analyse a code object. The answer depends on its bytes only, so nothing keeps the code alive."""
    return _analyse(code.co_code, code.co_exceptiontable)


def stored_slots(code: CodeType) -> set[int]:
    """Slots that the code binds or unbinds."""
    found = (STORES[each.name](each.argument) for each in flow_of(code).instructions if each.name in STORES)
    return {slot for slots in found for slot in slots}


STORES: Final[dict[str, Callable[[int], tuple[int, ...]]]] = {
    "STORE_FAST": lambda argument: (argument,),
    "DELETE_FAST": lambda argument: (argument,),
    "STORE_DEREF": lambda argument: (argument,),
    "DELETE_DEREF": lambda argument: (argument,),
    "STORE_FAST_LOAD_FAST": lambda argument: (argument >> 4,),
    "STORE_FAST_STORE_FAST": lambda argument: (argument >> 4, argument & 15),
}
"""Slots that an instruction binds or unbinds."""
