"""Whether the operands of an interrupted instruction are still there.

A Python function can be called by C at the *end* of an instruction, when its operands are being let go of, or
behind it: ``__del__``, the callback of a weak reference, a signal handler, a generator that is closed because
it is deleted. The interpreter does not clear their stack slots, so these may then point to freed memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .boundary import Callee, Site
from .delegation import PASSING_ON
from .layout import HERE, WORD, generator_exception, word_at

MOST_OPERANDS: Final = 4
"""So far below the top of the stack looks an instruction that is no call (WITH_EXCEPT_START)."""

_COUNT, _OVERFLOW = 0xFFFFFFFF, 0xFFFF << 32
"""Bits of the first word of an object: the reference count, and those that a count never reaches. A freed
block starts with a pointer to the next free one instead (Objects/obmalloc.c), or with zero."""


def operands_are_there(site: Site) -> bool:
    """Whether every slot that the instruction takes from the stack is empty or points to a live object."""
    kept = max(min(len(site.after) - 1, len(site.before) - MOST_OPERANDS), 0)
    end = len(site.before)
    if site.instruction.name in PASSING_ON:
        kept, end = len(site.before) - 2, len(site.before) - 1  # what it yields was handed out long ago
    elif site.instruction.name == "CALL":
        # 3.11 counts the arguments off at the PRECALL before it, where they still are.
        end = len(site.after) - 1 + 2 + site.instruction.argument
    elif site.instruction.name == "CALL_FUNCTION_EX":
        end = len(site.after) - 1 + 2  # an iterable of arguments goes as soon as the arguments are there
    return all(_is_object(site.raw.slot_word(index)) for index in site.slots(kept, end))


def address_in_slot(site: Site, depth: int) -> int:
    """``id`` of what the stack slot ``depth`` slots above the bottom holds, or held: it may be gone."""
    return site.raw.slot_word(site.slots(depth, depth + 1)[0]) & ~3


def is_being_closed(callee: Callee, values: tuple[object, ...]) -> bool:
    """Whether the callee is a generator that GeneratorExit was thrown into: nobody waits for a value of it.

    ``values``: of its frame. The exception is among them before and after it is handled.
    """
    if callee.generator is None:
        return False
    around = (generator_exception(callee.generator), *values)
    # Not isinstance: it asks the object.
    return any(issubclass(type(value), GeneratorExit) for value in around)


def _is_object(word: int) -> bool:
    if HERE.tagged and word & 3 == 3:
        return True
    pointer = word & ~3 if HERE.tagged else word
    if not pointer:
        return True
    if pointer % WORD:
        return False
    count = word_at(pointer)
    return bool(count & _COUNT) and not count & _OVERFLOW and _is_type(word_at(pointer + WORD))


_types: set[int] = set()
"""Addresses of types, as far as they were looked for."""


def _is_type(address: int) -> bool:
    if address not in _types:
        _types.clear()
        _types.update(map(id, _all_types()))
    return address in _types


def _all_types() -> Iterator[type]:
    waiting: list[type] = [object]
    seen: set[int] = set()  # by address: to hash or compare a class may run code of its metaclass
    while waiting:
        kind = waiting.pop()
        if id(kind) not in seen:
            seen.add(id(kind))
            waiting += type.__subclasses__(kind)
            yield kind
