"""From the interrupted instruction to the action with which the frame goes on, one planner for each kind of
opcode.

A planner returns None where the way on is not known to be exact; :func:`plan` then refuses in one sentence.
Opcodes of all minors share the table: a name that a minor lacks is simply never met there.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from typing import Final

from .attributes import ask_again, plan_load_attribute, plan_set_attribute, plan_super_attribute
from .boundary import Site
from .callees import (
    argument_of,
    call_has_keywords,
    called_object,
    first_in_call,
    has_length,
    is_trusted,
    kind_of_call,
    rebinds_self,
    runs_special_method,
    special_method_running,
)
from .class_hooks import hook_of_class
from .delegation import PASSING_ON, index_of_send
from .dialect import SPOKEN
from .drivers import FILLED_FROM, drives
from .flow import UNIT, VALUE
from .liveness import address_in_slot
from .operators import IN_PLACE_ADD, wants_bool, what_follows
from .planning import Planner, again, behind
from .registry import function_code
from .snapshot import Action, Kind
from .stand_ins import stand_ins_alive


def plan_call(site: Site) -> Action | None:
    stack = site.after[:-1]
    if site.crossing.through_c and (action := plan_builtin(site)) is not None:
        return action
    kind = _kind_through_c(site) if site.crossing.through_c else _kind_of_direct_call(site)
    if kind in (Kind.AGAIN, Kind.CLOSE):
        # next(generator): operands stay; up to 3.12 the stack before a CALL is that before its PRECALL.
        return again(site, kind, stack + VALUE * (2 + site.instruction.argument))
    return None if kind is None else behind(site, kind, stack)


def _kind_through_c(site: Site) -> Kind | None:
    kind, called = kind_of_call(site), called_object(site)
    return hook_of_class(site, called, site.after[:-1]) if kind is None and is_trusted(site, called) else kind


def plan_builtin(site: Site) -> Action | None:
    """A builtin that has only just called a special method of one of its arguments."""
    if site.instruction.name == "CALL_FUNCTION_EX":
        return plan_spreading(site)
    called = called_object(site)
    if any(called is each for each in ASKING) and not call_has_keywords(site):
        return plan_asking(site)
    first = first_in_call(site, called) if is_trusted(site, called) else None
    if first is None:
        return None
    count = site.instruction.argument
    stack = site.after[:-1] + VALUE * (2 + count)
    return stand_in(site, stack, count - first.argument, first.methods)


ASKING: Final = (getattr, hasattr)


def plan_asking(site: Site) -> Action | None:
    """``getattr(owner, name)``, with or without a default."""
    count = site.instruction.argument
    name = argument_of(site, 1)
    stack = site.after[:-1] + VALUE * (2 + count)
    return ask_again(site, stack, count, name) if isinstance(name, str) else None


def plan_spreading(site: Site) -> Action | None:
    """``f(*iterable)``, in ``__iter__``. Once the arguments are there the iterable may be gone, so its slot
    is only compared with what the method was called on."""
    operand = len(site.before) - len(site.after) - 1
    address = address_in_slot(site, len(site.before) - operand)
    candidates = (site.callee.first_local(), *stand_ins_alive())
    receiver = next((each for each in candidates if id(each) == address), None)
    if receiver is None or has_length(receiver):
        return None
    return stand_in(site, site.before, operand, ("__iter__",))


def _kind_of_direct_call(site: Site) -> Kind | None:
    if not site.crossing.through_init:
        return Kind.RESULT
    return None if rebinds_self(site.callee.code) else Kind.INSTANCE


def plan_for(site: Site) -> Action | None:
    iterator, generator = site.operand(1), site.callee.generator
    if generator is not None:
        return again(site, Kind.AGAIN, site.before) if drives(iterator, generator) else None
    if not runs_special_method(site, iterator, ("__next__",)):
        return None
    loop_exit = (site.instruction.target or 0) + UNIT * SPOKEN.loop_exit_units
    return replace(behind(site, Kind.NEXT_ITEM, site.before), exit=loop_exit)


def plan_passing_on(site: Site) -> Action | None:
    """A generator through which a throw() is passed on, at the yield of a ``yield from`` or ``await``: the
    one that it is passed on to goes on when it is sent something by way of this one."""
    index = index_of_send(site.flow, site.index)
    return None if index is None else plan_send(replace(site, index=index))


def plan_send(site: Site) -> Action | None:
    receiver, generator = site.operand(2), site.callee.generator
    if generator is None:
        return None
    return again(site, Kind.AWAIT, site.before[:-1]) if drives(receiver, generator) else None


@dataclass(frozen=True)
class Operator:
    """An instruction that calls a special method of one of its operands."""

    methods: tuple[str, ...]
    operand: int
    """Which operand, 1 being the topmost."""
    kind: Kind = Kind.RESULT


OPERATORS: Final[dict[str, Operator]] = {
    "BINARY_SUBSCR": Operator(("__getitem__", "__missing__"), 2),
    "BINARY_SLICE": Operator(("__getitem__",), 3),
    "STORE_SUBSCR": Operator(("__setitem__",), 2, Kind.DISCARD),
    "STORE_SLICE": Operator(("__setitem__",), 3, Kind.DISCARD),
    "DELETE_SUBSCR": Operator(("__delitem__",), 2, Kind.DISCARD),
    "UNARY_NEGATIVE": Operator(("__neg__",), 1),
    "UNARY_INVERT": Operator(("__invert__",), 1),
    "UNARY_POSITIVE": Operator(("__pos__",), 1),
}


def plan_operator(site: Site) -> Action | None:
    return _plan_operator(site, OPERATORS[site.instruction.name])


def _plan_operator(site: Site, operator: Operator) -> Action | None:
    receiver = site.operand(operator.operand)
    known = runs_special_method(site, receiver, operator.methods) or _is_class_subscript(site, receiver)
    if site.crossing.through_c and not known:
        return None
    return behind(site, operator.kind, site.after[:-1] if operator.kind is Kind.RESULT else site.after)


def _is_class_subscript(site: Site, receiver: object) -> bool:
    """``C[item]`` by ``__class_getitem__``."""
    found = (
        inspect.getattr_static(receiver, "__class_getitem__", None) if isinstance(receiver, type) else None
    )
    return found is not None and function_code(found) == site.callee.code


def plan_binary(site: Site) -> Action | None:
    is_subscript = site.instruction.argument == SPOKEN.subscript
    return _plan_operator(site, OPERATORS["BINARY_SUBSCR"]) if is_subscript else plan_tried(site)


def plan_tried(site: Site) -> Action | None:
    """A binary operator or comparison, of which several methods are tried."""
    if site.callee.generator is not None:
        return plan_filling(site)
    following = what_follows(site)
    if following is None:
        return None
    action = behind(site, Kind.OPERATOR, site.after[:-1])
    calls, inverts = len(following.calls), following.inverts
    return replace(action, fallbacks=calls, inverts=inverts, as_bool=wants_bool(site))


FILLING: Final = ("LIST_EXTEND", "SET_UPDATE")


def plan_filling(site: Site) -> Action | None:
    """A list or set that takes elements from a generator: those it has got lie in it. Or from an object that
    is only just asked for its iterator."""
    if site.callee.generator is None:
        return None if has_length(site.operand(1)) else stand_in(site, site.before, 1, ("__iter__",))
    fills = site.instruction.name in FILLING or (
        site.instruction.name == "BINARY_OP"
        and site.instruction.argument == IN_PLACE_ADD
        and type(site.operand(2)) in FILLED_FROM
    )
    known = fills and drives(site.operand(1), site.callee.generator)
    return again(site, Kind.AGAIN, site.before) if known else None


def plan_contains(site: Site) -> Action | None:
    if site.callee.generator is None:
        return plan_first(site)
    return again(site, Kind.AGAIN, site.before) if drives(site.operand(1), site.callee.generator) else None


def stand_in(site: Site, stack: str, operand: int, methods: tuple[str, ...]) -> Action | None:
    """The instruction runs again, with a stand-in for its operand (1 being the topmost slot of ``stack``)."""
    receiver = site.stack_slot(len(stack) - operand)
    method = special_method_running(site, receiver, methods)
    if method is None:
        return None
    return replace(again(site, Kind.STAND_IN, stack), method=method, operand=operand)


@dataclass(frozen=True)
class First:
    """What an instruction does first of all: it calls one of these methods of an operand."""

    methods: tuple[str, ...]
    operand: int = 1


FIRST: Final[dict[str, First]] = {
    "GET_ITER": First(("__iter__",)),
    "GET_YIELD_FROM_ITER": First(("__iter__",)),
    "GET_AITER": First(("__aiter__",)),
    "GET_AWAITABLE": First(("__await__",)),
    "UNPACK_SEQUENCE": First(("__iter__",)),
    "UNPACK_EX": First(("__iter__",)),
    "TO_BOOL": First(("__bool__", "__len__")),
    "UNARY_NOT": First(("__bool__", "__len__")),
    **dict.fromkeys(
        (
            f"POP_JUMP{direction}_IF_{truth}"
            for direction in ("", "_FORWARD", "_BACKWARD")
            for truth in ("TRUE", "FALSE")
        ),
        First(("__bool__", "__len__")),
    ),
    "CONTAINS_OP": First(("__contains__", "__iter__")),
    "CONVERT_VALUE": First(("__str__", "__repr__")),
    "FORMAT_SIMPLE": First(("__format__", "__str__", "__repr__")),
    "FORMAT_WITH_SPEC": First(("__format__", "__str__", "__repr__"), 2),
}


def plan_first(site: Site) -> Action | None:
    first = FIRST[site.instruction.name]
    return stand_in(site, site.before, first.operand, first.methods)


FORMAT_SPEC: Final = 4
"""Bit of the argument of FORMAT_VALUE (3.11, 3.12)."""


def plan_format_value(site: Site) -> Action | None:
    operand = 2 if site.instruction.argument & FORMAT_SPEC else 1
    return stand_in(site, site.before, operand, ("__format__", "__str__", "__repr__"))


def plan_store_name(site: Site) -> Action | None:
    """A name bound in a namespace of its own kind (``__prepare__``), whose ``__setitem__`` has no result."""
    known = runs_special_method(site, site.raw.locals, ("__setitem__",))
    return behind(site, Kind.DISCARD, site.after) if known else None


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
    **dict.fromkeys(PASSING_ON, plan_passing_on),
    **dict.fromkeys(OPERATORS, plan_operator),
    "BINARY_OP": plan_binary,
    "COMPARE_OP": plan_tried,
    **dict.fromkeys(FIRST, plan_first),
    "CONTAINS_OP": plan_contains,
    **dict.fromkeys(FILLING, plan_filling),
    "FORMAT_VALUE": plan_format_value,
    **dict.fromkeys(("LOAD_ATTR", "LOAD_METHOD"), plan_load_attribute),
    "STORE_NAME": plan_store_name,
    "LOAD_SUPER_ATTR": plan_super_attribute,
    **dict.fromkeys(("STORE_ATTR", "DELETE_ATTR"), plan_set_attribute),
    **dict.fromkeys(("BEFORE_WITH", "BEFORE_ASYNC_WITH"), plan_enter),
    "WITH_EXCEPT_START": plan_exit,
}


def plan(site: Site) -> Action | None:
    """The action of an interrupted frame; None if it cannot go on exactly as it would have."""
    planner = PLANNERS.get(site.instruction.name)
    return planner(site) if planner else None
