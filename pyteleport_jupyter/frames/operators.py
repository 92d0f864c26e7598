"""Binary operators and comparisons: which special methods are tried, and what follows the one that runs.

A method that returns NotImplemented is followed by the reflected one and, at the end, by a default or an
error (CPython: ``binary_op1`` in Objects/abstract.c, ``SLOT1BINFULL`` in Objects/typeobject.c,
``do_richcompare`` in Objects/object.c). What is left of this list goes with the frame as callables of C.
"""

from __future__ import annotations

import array
import ctypes
import dis
import functools
import operator
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import CodeType, FunctionType, MethodDescriptorType, WrapperDescriptorType
from typing import Any, Final

from .boundary import Site
from .layout import CO_VARARGS, MINOR, WORD
from .registry import original_code

BINARY: Final = (
    "add", "and", "floordiv", "lshift", "matmul", "mul", "mod", "or", "pow", "rshift", "sub", "truediv",
    "xor",
)  # fmt: skip
"""By the argument of BINARY_OP (``Include/opcode.h``, NB_ADD...); those in place follow in the same order."""

IN_PLACE_ADD: Final = len(BINARY)

COMPARISONS: Final = {"<": "lt", "<=": "le", "==": "eq", "!=": "ne", ">": "gt", ">=": "ge"}
REFLECTED: Final = {"lt": "gt", "le": "ge", "eq": "eq", "ne": "ne", "gt": "lt", "ge": "le"}
COMPARISON_BITS: Final = 0 if MINOR == (3, 11) else 4 if MINOR == (3, 12) else 5
"""Bits of the argument of COMPARE_OP below the operator."""
AS_BOOL: Final = 16
"""Bit of the argument of COMPARE_OP (3.13 and later): the result is wanted as a bool."""

SEQUENCES: Final = (list, tuple, str, bytes, bytearray, deque, array.array)
"""Types that concatenate and repeat in another slot than numbers add and multiply."""

Call = Callable[[], object]


@dataclass(frozen=True)
class Attempt:
    """One special method that an operation may call, with its arguments in order."""

    name: str
    receiver: object
    other: object

    @property
    def method(self) -> object:
        """What the type of the receiver has under this name, or None."""
        return next(
            (base.__dict__[self.name] for base in type(self.receiver).__mro__ if self.name in base.__dict__),
            None,
        )

    @property
    def is_inverted(self) -> bool:
        """Whether it is the ``!=`` of ``object``, which inverts ``==``."""
        return self.method is vars(object)["__ne__"]

    @property
    def _running(self) -> Any:
        return replace(self, name="__eq__").method if self.is_inverted else self.method

    @property
    def code(self) -> CodeType | None:
        """Of the Python function that runs, if one does."""
        running = self._running
        return original_code(running.__code__) if isinstance(running, FunctionType) else None

    @property
    def call(self) -> Call | None:
        """The call as a callable of C; None if the method is of a kind that binds in a way of its own."""
        method = self._running
        plain = isinstance(method, FunctionType | WrapperDescriptorType | MethodDescriptorType)
        return functools.partial(method, self.receiver, self.other) if plain else None


@dataclass(frozen=True)
class Following:
    """What is left of an operation: tried in this order if the running method returns NotImplemented."""

    calls: tuple[Call, ...]
    inverts: tuple[bool, ...]
    """Whether the result is negated: of the running method, then of each call."""


def what_follows(site: Site) -> Following | None:
    """What follows the special method that runs.

    None if the callee is not a method of this operation, or if it cannot be told what follows.
    """
    left, right = site.operand(2), site.operand(1)
    if site.instruction.name == "COMPARE_OP":
        attempts, last = _comparison(_compared(site), left, right)
    else:
        attempts, last = _binary(site.instruction.argument, left, right)
    position = _position(site, attempts)
    if position is None or last is None:
        return None
    left = attempts[position + 1 :]
    calls = [call for attempt in left if (call := attempt.call) is not None]
    if len(calls) < len(left):
        return None
    inverts = [attempt.is_inverted for attempt in attempts[position:]]
    return Following((*calls, last), (*inverts, False))


def wants_bool(site: Site) -> bool:
    """Whether the instruction makes a bool of the result."""
    is_comparison = site.instruction.name == "COMPARE_OP"
    return is_comparison and MINOR >= (3, 13) and bool(site.instruction.argument & AS_BOOL)


def _compared(site: Site) -> str:
    return COMPARISONS[dis.cmp_op[site.instruction.argument >> COMPARISON_BITS]]


def _position(site: Site, attempts: list[Attempt]) -> int | None:
    """Which of the attempts is running. Two may have the same code: they differ in ``self``."""
    found = [index for index, attempt in enumerate(attempts) if attempt.code == site.callee.code]
    if len(found) > 1:
        receiver = _first_argument(site)
        found = [index for index in found if attempts[index].receiver is receiver]
    return found[0] if len(found) == 1 else None


def _first_argument(site: Site) -> object:
    first, code = site.callee.first_local(), site.callee.code
    if code.co_argcount == 0 and code.co_flags & CO_VARARGS and isinstance(first, tuple):
        return first[0] if first else None
    return first


def _comparison(name: str, left: object, right: object) -> tuple[list[Attempt], Call | None]:
    straight = Attempt(f"__{name}__", left, right)
    swapped = Attempt(f"__{REFLECTED[name]}__", right, left)
    is_first = type(right) is not type(left) and issubclass(type(right), type(left))
    attempts = [swapped, straight] if is_first else [straight, swapped]
    if name in ("eq", "ne"):
        default = operator.is_ if name == "eq" else operator.is_not
        return attempts, functools.partial(default, left, right)
    return attempts, _failing(name, left, right)


def _binary(argument: int, left: object, right: object) -> tuple[list[Attempt], Call | None]:
    in_place, index = divmod(argument, len(BINARY))
    name = BINARY[index]
    attempts = _ordered(name, left, right)
    if in_place:
        attempts.insert(0, Attempt(f"__i{name}__", left, right))
    attempts = [attempt for attempt in attempts if attempt.method is not None]
    return attempts, _last(name, "i" * in_place, left, right, attempts)


def _ordered(name: str, left: object, right: object) -> list[Attempt]:
    straight, swapped = Attempt(f"__{name}__", left, right), Attempt(f"__r{name}__", right, left)
    if type(left) is type(right):
        return [straight]
    inherited = Attempt(swapped.name, left, right)
    is_first = issubclass(type(right), type(left)) and swapped.method is not inherited.method
    return [swapped, straight] if is_first else [straight, swapped]


def _last(name: str, in_place: str, left: object, right: object, attempts: list[Attempt]) -> Call | None:
    """What C does when all numbers have refused: sequences have a say, else it is an error."""
    if name not in ("add", "mul") or (not isinstance(left, SEQUENCES) and not isinstance(right, SEQUENCES)):
        return _failing(in_place + name, left, right)
    if name == "mul" or not isinstance(left, SEQUENCES):
        return None if name == "mul" else _failing(in_place + name, left, right)
    # Their own ``__add__`` is not one of the attempts: it is the concatenation.
    if type(left) not in SEQUENCES:
        return None
    attempts[:] = [attempt for attempt in attempts if attempt.receiver is not left]
    return functools.partial(getattr(operator, f"{in_place}concat"), left, right)


def _failing(name: str, left: object, right: object) -> Call:
    """The same operation on two objects of types that only have the right names."""
    function = getattr(operator, name if hasattr(operator, name) else f"{name}_")
    return functools.partial(function, _bare(left), _bare(right))


def _bare(named: object) -> object:
    return type(_c_name(type(named)), (), {})()


def _c_name(kind: type) -> str:
    """``tp_name``, by which error messages call a type: behind head and size of the object."""
    address: Any = ctypes.c_char_p.from_address(id(kind) + object.__basicsize__ + WORD)
    name: bytes = address.value
    return name.decode()
