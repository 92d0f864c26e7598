"""Is this an interpreter whose frames can be read and put back? Asked once, before anything is touched."""

from __future__ import annotations

import ctypes
import platform
import sys
import sysconfig
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import FrameType
from typing import Final

from ..errors import InterpreterUnsupported
from .boundary import crossing_between
from .calls import bare_function
from .dialect import DIALECTS
from .flow import HANDLER, LASTI, UNIT, flow_of
from .layout import (
    HERE,
    LAYOUTS,
    MINOR,
    NULL,
    OWNED_BY_GENERATOR,
    RawFrame,
    generator_exception,
    generator_state,
    local_names,
)
from .morph import build_morph
from .registry import load_values, original_code
from .slots import position_at
from .snapshot import Action, Kind, Shape


def check_interpreter() -> None:
    """Prove the tables of this minor version on probes of our own.

    Raises InterpreterUnsupported. The outcome is remembered: it cannot change while the process lives.
    """
    reason = _reason_against()
    if reason is not None:
        raise InterpreterUnsupported(python=platform.python_version(), reason=reason)


@lru_cache(maxsize=1)
def _reason_against() -> str | None:
    """The first check that fails, in words. The build is checked before any memory is read."""
    return next((reason for holds, reason in CHECKS if not holds()), None)


def _is_cpython() -> bool:
    return sys.implementation.name == "cpython"


def _is_known_minor() -> bool:
    return MINOR in LAYOUTS and MINOR in DIALECTS


def _is_64_bit() -> bool:
    return ctypes.sizeof(ctypes.c_void_p) == 8 and object.__basicsize__ == 16


def _has_gil() -> bool:
    """A free-threaded build has other objects and bytecode, also when it is run with the lock."""
    return "t" not in sys.abiflags and bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def _runs_bytecode() -> bool:
    """Only 3.14 and later tell whether the JIT is on; 3.13 had to be built for it, and nobody's default
    is."""
    jit = getattr(sys, "_jit", None)
    if jit is not None:
        return not jit.is_enabled()
    return "--enable-experimental-jit" not in str(sysconfig.get_config_var("CONFIG_ARGS"))


_MARK: Final = object()


def _probe(first: object, second: object) -> Iterator[object]:
    kept = [second]
    try:
        raise KeyError(first)
    except KeyError:
        yield kept
    unbound = first
    yield unbound


def _reads_suspended_frame() -> bool:
    """Offsets of the frame in its generator, of owner, instruction, stack top, locals, handled exception."""
    probe = _probe(_MARK, second := object())
    if generator_state(probe) != HERE.state_created:
        return False
    kept, frame = next(probe), _frame_of(probe)
    raw, code = RawFrame.of(frame), frame.f_code
    return (
        raw.address - id(probe) == HERE.generator_frame
        and raw.owner == OWNED_BY_GENERATOR
        and raw.generator is probe
        and generator_state(probe) in HERE.states_suspended
        and raw.instruction_pointer == id(code) + type(code).__basicsize__ + frame.f_lasti
        and [raw.slot(index) for index in range(4)] == [_MARK, second, kept, NULL]
        and isinstance(generator_exception(probe), KeyError)
        and raw.saved_depth == len(local_names(code)) + _static_depth(frame)
    )


def _static_depth(frame: FrameType) -> int:
    flow = flow_of(frame.f_code)
    return len(flow.after[flow.index_at(frame.f_lasti)]) - 1


def _frame_of(generator: Iterator[object]) -> FrameType:
    frame = getattr(generator, "gi_frame", None)
    if not isinstance(frame, FrameType):
        raise TypeError("a suspended generator has a frame")
    return frame


def _tells_calls_from_c() -> bool:
    """Offset of the previous frame, and whether an entry from C is told from a plain call."""

    def is_called_from_c(_: object = None) -> bool:
        frame = sys._getframe()
        return frame.f_back is not None and crossing_between(frame, frame.f_back).through_c

    def directly() -> bool:
        return is_called_from_c()

    def through_map() -> bool:
        return next(map(is_called_from_c, [None]))

    return not directly() and through_map()


def _reads_handlers() -> bool:
    """What an interrupted handler keeps: the index of the instruction that raised, the exception before."""
    seen: list[tuple[object, ...]] = []

    class Manager:
        def __enter__(self) -> None: ...

        def __exit__(self, *raised: object) -> bool:
            frame = sys._getframe(1)
            raw, flow, count = RawFrame.of(frame), flow_of(frame.f_code), len(local_names(frame.f_code))
            stack = flow.before[flow.index_at(frame.f_lasti)]
            index, before = (raw.slot(count + stack.rindex(letter)) for letter in (LASTI, HANDLER))
            raised_at = isinstance(index, int) and flow.instructions[flow.index_at(index * UNIT)].name
            seen.append((raised_at, before))
            return True

    try:
        raise KeyError
    except KeyError as before:
        with Manager():
            raise ValueError from None
        return seen == [("RAISE_VARARGS", before)]


def _puts_back_a_frame() -> bool:
    """A morph of a probe, in the middle of an expression, returns what the probe would have returned."""

    def probe(first: int) -> list[int]:
        second = 2
        return [first, abs(3), second]

    code = probe.__code__
    flow = flow_of(code)
    index = next(i for i, each in enumerate(flow.instructions) if each.name == "CALL")
    call, stack = flow.instructions[index], flow.after[index][:-1]
    action = Action(Kind.RESULT, call.name, call.offset, call.end, stack)
    morph = build_morph(code, Shape((0, 1), (), stack), action, position_at(code, call.offset))
    load_values(morph, (10, 20, 30, [40].pop))
    return original_code(morph) is code and bare_function(morph, {}, None)() == [30, 40, 20]


Check = tuple[Callable[[], bool], str]
CHECKS: Final[tuple[Check, ...]] = (
    (_is_cpython, "it is not CPython"),
    (_is_known_minor, "its minor version is not known to this package"),
    (_has_gil, "it is built to run without the global interpreter lock"),
    (_is_64_bit, "it is not a 64-bit build with ordinary objects"),
    (_runs_bytecode, "its just-in-time compiler is switched on"),
    (_reads_suspended_frame, "its frames do not look as those of its version do"),
    (_reads_handlers, "its exception handlers do not look as those of its version do"),
    (_tells_calls_from_c, "its running frames do not look as those of its version do"),
    (_puts_back_a_frame, "it does not accept the code that puts a frame back"),
)
