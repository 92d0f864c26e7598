"""From the interrupted instruction to the action with which the frame goes on, one planner for each kind of
opcode.

A planner returns None where the way on is not known to be exact; :func:`plan` then refuses in one sentence.
Opcodes of all minors share the table: a name that a minor lacks is simply never met there.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from .boundary import Site
from .callees import (
    called_object,
    function_code,
    kind_of_call,
    method_code,
    rebinds_self,
    refers_to,
    runs_special_method,
)
from .dialect import SPOKEN
from .flow import UNIT, VALUE, Instruction
from .snapshot import Action, Kind
from .words import PlaceName, describe_code, name_of

Planner = Callable[[Site], Action | None]


def behind(site: Site, kind: Kind, stack: str) -> Action:
    """Go on behind the instruction."""
    instruction = site.instruction
    return Action(kind, instruction.name, instruction.offset, instruction.end, stack)


def again(site: Site, kind: Kind, stack: str) -> Action:
    """Run the instruction again."""
    return replace(behind(site, kind, stack), target=site.instruction.start)


def plan_call(site: Site) -> Action | None:
    stack = site.after[:-1]
    kind = kind_of_call(site) if site.crossing.through_c else _kind_of_direct_call(site)
    if kind is Kind.AGAIN:
        # next(generator): operands stay; up to 3.12 the stack before a CALL is that before its PRECALL.
        return again(site, kind, stack + VALUE * (2 + site.instruction.argument))
    return None if kind is None else behind(site, kind, stack)


def _kind_of_direct_call(site: Site) -> Kind | None:
    if not site.crossing.through_init:
        return Kind.RESULT
    return None if rebinds_self(site.callee.code) else Kind.INSTANCE


def plan_for(site: Site) -> Action | None:
    iterator, generator = site.operand(1), site.callee.generator
    if generator is not None:
        known = iterator is generator or (type(iterator) is enumerate and refers_to(iterator, generator))
        return again(site, Kind.AGAIN, site.before) if known else None
    if not runs_special_method(site, iterator, ("__next__",)):
        return None
    loop_exit = (site.instruction.target or 0) + UNIT * SPOKEN.loop_exit_units
    return replace(behind(site, Kind.NEXT_ITEM, site.before), exit=loop_exit)


DRIVERS: Final = ("coroutine_wrapper", "async_generator_asend")
"""C objects that only pass on what is sent to them: ``coroutine.__await__()``, ``agen.asend()``."""


def plan_send(site: Site) -> Action | None:
    receiver, generator = site.operand(2), site.callee.generator
    if generator is None:
        return None
    driven = type(receiver).__name__ in DRIVERS and refers_to(receiver, generator)
    return again(site, Kind.AWAIT, site.before[:-1]) if receiver is generator or driven else None


@dataclass(frozen=True)
class Operator:
    """An instruction that calls a special method of one of its operands."""

    methods: tuple[str, ...]
    operand: int
    """Which operand, 1 being the topmost."""
    kind: Kind = Kind.RESULT


OPERATORS: Final[dict[str, Operator]] = {
    "BINARY_SUBSCR": Operator(("__getitem__",), 2),
    "BINARY_SLICE": Operator(("__getitem__",), 3),
    "STORE_SUBSCR": Operator(("__setitem__",), 2, Kind.DISCARD),
    "STORE_SLICE": Operator(("__setitem__",), 3, Kind.DISCARD),
    "DELETE_SUBSCR": Operator(("__delitem__",), 2, Kind.DISCARD),
    "UNARY_NEGATIVE": Operator(("__neg__",), 1),
    "UNARY_INVERT": Operator(("__invert__",), 1),
    "UNARY_POSITIVE": Operator(("__pos__",), 1),
    "CONVERT_VALUE": Operator(("__str__", "__repr__"), 1),
    "FORMAT_SIMPLE": Operator(("__format__", "__str__", "__repr__"), 1),
    "FORMAT_WITH_SPEC": Operator(("__format__",), 2),
}
"""Binary operators and comparisons are missing on purpose: a method that returns NotImplemented would have
to be followed by the reflected one, which C decides."""


def plan_operator(site: Site) -> Action | None:
    return _plan_operator(site, OPERATORS[site.instruction.name])


def _plan_operator(site: Site, operator: Operator) -> Action | None:
    receiver = site.operand(operator.operand)
    if site.crossing.through_c and not runs_special_method(site, receiver, operator.methods):
        return None
    return behind(site, operator.kind, site.after[:-1] if operator.kind is Kind.RESULT else site.after)


def plan_binary(site: Site) -> Action | None:
    is_subscript = site.instruction.argument == SPOKEN.subscript
    return _plan_operator(site, OPERATORS["BINARY_SUBSCR"]) if is_subscript else None


def plan_contains(site: Site) -> Action | None:
    if not runs_special_method(site, site.operand(1), ("__contains__",)):
        return None
    kind = Kind.FALSITY if site.instruction.argument & 1 else Kind.TRUTH
    return behind(site, kind, site.after[:-1])


FORMAT_CONVERSION, FORMAT_SPEC = 3, 4
"""Bits of the argument of FORMAT_VALUE (3.11, 3.12)."""


def plan_format_value(site: Site) -> Action | None:
    """Nothing may follow the method: with a conversion *and* a format, the format would."""
    argument = site.instruction.argument
    has_spec = bool(argument & FORMAT_SPEC)
    if has_spec and argument & FORMAT_CONVERSION:
        return None
    methods = ("__format__",) if has_spec else ("__format__", "__str__", "__repr__")
    receiver = site.operand(2 if has_spec else 1)
    return (
        behind(site, Kind.RESULT, site.after[:-1]) if runs_special_method(site, receiver, methods) else None
    )


def plan_iter(site: Site) -> Action | None:
    """``__iter__``: GET_ITER runs again on its result, because only it checks that this is an iterator."""
    known = runs_special_method(site, site.operand(1), ("__iter__",))
    return again(site, Kind.OPERAND, site.before[:-1]) if known else None


def plan_truth(site: Site) -> Action | None:
    """``__bool__`` or ``__len__``: their result is tested in place of the object."""
    known = runs_special_method(site, site.operand(1), ("__bool__", "__len__"))
    return again(site, Kind.OPERAND, site.before[:-1]) if known else None


def plan_load_attribute(site: Site) -> Action | None:
    is_pair = len(site.after) == len(site.before) + 1
    kind, results = (Kind.METHOD_PAIR, 2) if is_pair else (Kind.RESULT, 1)
    if site.crossing.through_c and not _is_getter(site, site.operand(1)):
        return None
    return behind(site, kind, site.after[:-results])


def _is_getter(site: Site, owner: object) -> bool:
    """A property, descriptor or ``__getattr__``, and nothing is tried after it if it raises
    AttributeError."""
    if runs_special_method(site, owner, ("__getattr__",)):
        return True
    if any("__getattr__" in base.__dict__ for base in type(owner).__mro__):
        return False
    descriptor = inspect.getattr_static(type(owner), _attribute_name(site), None)
    getter: Any = getattr(descriptor, "fget", None) if isinstance(descriptor, property) else None
    found = (function_code(getter), method_code(type(descriptor), "__get__"))
    return site.callee.code in [code for code in found if code is not None]


def _attribute_name(site: Site) -> str:
    shift = SPOKEN.attribute_shift if site.instruction.name == "LOAD_ATTR" else 0
    return site.code.co_names[site.instruction.argument >> shift]


def plan_set_attribute(site: Site) -> Action | None:
    return behind(site, Kind.DISCARD, site.after) if _is_setter(site, site.operand(1)) else None


def _is_setter(site: Site, owner: object) -> bool:
    if runs_special_method(site, owner, ("__setattr__", "__delattr__")):
        return True
    descriptor = inspect.getattr_static(type(owner), _attribute_name(site), None)
    if isinstance(descriptor, property):
        return site.callee.code in (function_code(descriptor.fset), function_code(descriptor.fdel))
    return site.callee.code in (
        method_code(type(descriptor), "__set__"),
        method_code(type(descriptor), "__delete__"),
    )


def plan_enter(site: Site) -> Action | None:
    """``__enter__``. The slot below the result is the bound ``__exit__``; :mod:`.capture` puts it there."""
    manager = site.operand(1)
    if SPOKEN.exit_replaces_manager:
        manager = getattr(manager, "__self__", None)
    known = runs_special_method(site, manager, ("__enter__", "__aenter__"))
    return behind(site, Kind.RESULT, site.before) if known or not site.crossing.through_c else None


def plan_exit(site: Site) -> Action | None:
    """``__exit__`` with an exception: below it lie the exit function, lasti and the exception before."""
    known = function_code(site.operand(SPOKEN.exit_operand)) == site.callee.code
    return behind(site, Kind.RESULT, site.after[:-1]) if known else None


PLANNERS: Final[dict[str, Planner]] = {
    **dict.fromkeys(("CALL", "CALL_KW", "CALL_FUNCTION_EX"), plan_call),
    "FOR_ITER": plan_for,
    "SEND": plan_send,
    **dict.fromkeys(OPERATORS, plan_operator),
    "BINARY_OP": plan_binary,
    "CONTAINS_OP": plan_contains,
    "FORMAT_VALUE": plan_format_value,
    "GET_ITER": plan_iter,
    **dict.fromkeys(("TO_BOOL", "UNARY_NOT"), plan_truth),
    **dict.fromkeys(("POP_JUMP_IF_TRUE", "POP_JUMP_IF_FALSE"), plan_truth),
    **dict.fromkeys(("POP_JUMP_FORWARD_IF_TRUE", "POP_JUMP_FORWARD_IF_FALSE"), plan_truth),
    **dict.fromkeys(("POP_JUMP_BACKWARD_IF_TRUE", "POP_JUMP_BACKWARD_IF_FALSE"), plan_truth),
    **dict.fromkeys(("LOAD_ATTR", "LOAD_METHOD"), plan_load_attribute),
    **dict.fromkeys(("STORE_ATTR", "DELETE_ATTR"), plan_set_attribute),
    **dict.fromkeys(("BEFORE_WITH", "BEFORE_ASYNC_WITH"), plan_enter),
    "WITH_EXCEPT_START": plan_exit,
}
CALLS: Final = frozenset({"CALL", "CALL_KW", "CALL_FUNCTION_EX"})


def plan(site: Site) -> Action | None:
    """The action of an interrupted frame; None if it cannot go on exactly as it would have."""
    planner = PLANNERS.get(site.instruction.name)
    return planner(site) if planner else None


def refusal(site: Site, place_name: PlaceName) -> str:
    """One clause: why the frame that ``site`` waits for cannot be moved."""
    caller = describe_code(site.code, site.frame.f_lineno, place_name)
    generator = "" if site.callee.generator is None else " (as a generator)"
    if site.instruction.name in CALLS:
        return (
            f"it was called{generator} by {caller} through {name_of(called_object(site))}, which is written "
            "in C, so how far it has come cannot be read"
        )
    return (
        f"it runs{generator} inside {_words_of(site.instruction)} of {caller}, which Python carries out in "
        "C, so what would have to follow it cannot be read"
    )


WORDS: Final[dict[str, str]] = {
    "BINARY_OP": "an operator",
    "COMPARE_OP": "a comparison",
    "FOR_ITER": "an iterator under for",
    "SEND": "an await or yield from",
    "YIELD_VALUE": "a throw() that was passed on by yield from",
    "IMPORT_NAME": "an import",
    "LIST_EXTEND": "a list display",
    "UNPACK_SEQUENCE": "an unpacking",
    "LOAD_ATTR": "an attribute access",
    "STORE_ATTR": "an attribute assignment",
}


def _words_of(instruction: Instruction) -> str:
    return WORDS.get(instruction.name, f"the operation {instruction.name}")
