"""Which global names interrupted code may still look up: those in instructions that can still be reached."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from types import CodeType

LOOKS_UP = ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS", "DELETE_NAME", "DELETE_GLOBAL")
ENDS = ("RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE")
"""Nothing follows these."""


def names_ahead(code: CodeType, offset: int) -> set[str]:
    """Names that ``code`` may look up from ``offset`` (in bytes) on; of functions that it makes, all."""
    found: set[str] = set()
    for instruction in _reachable(code, offset):
        if instruction.opname.startswith(LOOKS_UP):
            found.add(str(instruction.argval))
        elif isinstance(instruction.argval, CodeType):
            found |= names_ahead(instruction.argval, 0)
    return found


def _reachable(code: CodeType, offset: int) -> Iterator[dis.Instruction]:
    listed = list(dis.get_instructions(code))
    place = {instruction.offset: number for number, instruction in enumerate(listed)}
    handlers = dis.Bytecode(code).exception_entries  # type: ignore[attr-defined]
    waiting = [next((number for start, number in place.items() if start >= offset), 0)]
    # The interrupted call itself may still raise.
    waiting += [place[entry.target] for entry in handlers if entry.start < offset <= entry.end]
    seen: set[int] = set()
    while waiting:
        number = waiting.pop()
        if number in seen or number >= len(listed):
            continue
        seen.add(number)
        instruction = listed[number]
        yield instruction
        waiting += _next(instruction, number, place)
        waiting += [place[each.target] for each in handlers if each.start <= instruction.offset < each.end]


def _next(instruction: dis.Instruction, number: int, place: dict[int, int]) -> list[int]:
    following = []
    jumps = instruction.opcode in dis.hasjrel or instruction.opcode in dis.hasjabs
    if jumps and instruction.argval in place:
        following.append(place[instruction.argval])
    always = jumps and instruction.opname.startswith(("JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_NO"))
    if not always and instruction.opname not in ENDS:
        following.append(number + 1)
    return following
