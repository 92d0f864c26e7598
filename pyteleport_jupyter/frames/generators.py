"""Generators, coroutines and async generators as pickles: fresh, suspended, running, finished.

Suspended and running ones come back with a morph as their code. The generator object exists at once (so
that cycles through it work); its values are loaded when the unpickler sets its state. A running one is
started by the frame that was driving it. A suspended one has to run its prologue up to its yield:
:func:`finish_restore` does that, once everything it refers to is there.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import replace
from types import (
    AsyncGeneratorType,
    CellType,
    CodeType,
    CoroutineType,
    FrameType,
    FunctionType,
)
from typing import Any, Final, NoReturn

from ..errors import FrameRefused
from .boundary import contents
from .calls import bare_function
from .flow import Flow, Instruction, flow_of
from .layout import (
    CO_OPTIMIZED,
    CO_VARARGS,
    CO_VARKEYWORDS,
    HERE,
    RawFrame,
    argument_count,
    closure_of,
    generator_exception,
    generator_state,
)
from .morph import build_morph
from .priming import PREFIXES, drive, generator_code, load_generator
from .registry import original_code, record_of
from .running_code import code_hash, library_of
from .selftest import check_interpreter
from .slots import position_at, read_slots, with_handled_exceptions
from .snapshot import Action, FrameSnapshot, Kind, Position, Shape
from .words import PlaceName, describe, describe_code, no_place_name

Closure = tuple[CellType, ...] | None
Reduced = tuple[object, ...]


def generator_frame(generator: object) -> FrameType | None:
    """Its frame; None when it is finished."""
    frame: FrameType | None = getattr(generator, PREFIXES[type(generator)] + "frame")
    return frame


def reduce_generator(generator: object, running: Mapping[int, FrameSnapshot]) -> Reduced:
    """Reduce tuple of a generator, coroutine or async generator.

    ``running``: see :func:`.snapshot.running_generators`. Raises FrameRefused for one that runs elsewhere or
    waits where it cannot be put back.
    """
    check_interpreter()
    snapshot = running.get(id(generator))
    if snapshot is not None:
        return _restored(generator, snapshot, tuple(snapshot.values))
    frame, code = generator_frame(generator), original_code(generator_code(generator))
    if frame is None:
        return finished_generator, (code, *_names(generator))
    state = generator_state(generator)
    if state == HERE.state_created:
        return _reduce_fresh(generator, frame, code)
    if state not in HERE.states_suspended:
        _refuse(frame, "it is running, but not in the cell that moves")
    snapshot = capture_suspended(generator)
    return _restored(generator, snapshot, tuple(snapshot.values))


def _names(generator: Any) -> tuple[str, str]:
    return generator.__name__, generator.__qualname__


def _refuse(frame: FrameType, reason: str) -> NoReturn:
    raise FrameRefused(frame=describe(frame), reason=reason)


def _restored(generator: object, snapshot: FrameSnapshot, values: tuple[object, ...]) -> Reduced:
    arguments = (
        snapshot.code,
        snapshot.shape,
        snapshot.action,
        snapshot.position,
        snapshot.globals,
        snapshot.locals,
        snapshot.closure,
        *_names(generator),
    )
    return restored_generator, arguments, values, None, None, load_generator


def restored_generator(
    code: CodeType,
    shape: Shape,
    action: Action,
    position: Position,
    global_names: dict[str, Any],
    local_names: Any,
    closure: Closure,
    name: str,
    qualname: str,
) -> object:
    """A generator that has not started, whose code is the morph; its values follow by
    :func:`load_generator`."""
    morph = build_morph(code, shape, action, position)
    if not code.co_flags & CO_OPTIMIZED:
        return eval(morph, global_names, local_names)
    function = bare_function(morph, global_names, closure)
    function.__name__, function.__qualname__ = name, qualname
    return function()


def capture_suspended(generator: object, place_name: PlaceName = no_place_name) -> FrameSnapshot:
    """The frame of a suspended generator, coroutine or async generator, with its values."""
    frame, code = generator_frame(generator), original_code(generator_code(generator))
    if frame is None:
        raise ValueError(f"{generator!r} is finished")
    record, flow = record_of(frame.f_code), flow_of(code)
    raw, shift = RawFrame.of(frame), record.length if record else 0
    if record is not None and frame.f_lasti < record.length:
        action = replace(record.action, opening=False)
    else:
        action = _action_of_suspended(frame, flow, flow.index_at(frame.f_lasti - shift))
    slots = read_slots(code, raw, record, action.stack, {})
    values, _ = with_handled_exceptions(slots, generator_exception(generator))
    return FrameSnapshot(
        code=code,
        code_hash=code_hash(code),
        shape=slots.shape,
        action=action,
        position=position_at(code, action.offset),
        values=values,
        extras=(),
        globals=frame.f_globals,
        locals=None if code.co_flags & CO_OPTIMIZED else raw.locals,
        closure=closure_of(code, raw),
        qualname=code.co_qualname,
        generator=generator,
        library=library_of(code, frame.f_globals),
        words=describe_code(code, frame.f_lineno, place_name),
    )


def with_opening(snapshot: FrameSnapshot, value: object) -> FrameSnapshot:
    """The same frame, but it first yields ``value`` and goes on when it is resumed after that."""
    action = replace(snapshot.action, opening=True)
    return replace(snapshot, action=action, values=(value, *snapshot.values))


def _action_of_suspended(frame: FrameType, flow: Flow, index: int) -> Action:
    if flow.instructions[index].name == "RESUME":
        index -= 1  # where 3.14 says that a suspended generator is
    suspended, follower = flow.instructions[index], flow.instructions[index + 1]
    if suspended.name != "YIELD_VALUE" or follower.name != "RESUME":
        _refuse(frame, f"it waits at {suspended.name}, where no yield is expected")
    return Action(
        Kind.SUSPENDED,
        suspended.name,
        suspended.offset,
        follower.end,
        flow.after[index][:-1],
        exit=_end_of_loop(flow.instructions[index - 1]),
        yielded=suspended.argument,
        resumed=follower.argument,
        wrapped=_wraps(flow.instructions[index - 1]),
    )


def _end_of_loop(before_yield: Instruction) -> int:
    """Where a ``yield from`` or ``await`` goes on when what it waits for returns; 0 at any other yield."""
    return before_yield.target or 0 if before_yield.name == "SEND" else 0


def _wraps(before_yield: Instruction) -> bool:
    """Whether the value to be yielded was wrapped: so do async generators at yields of their own."""
    return before_yield.name == "ASYNC_GEN_WRAP" or (
        before_yield.name == "CALL_INTRINSIC_1" and before_yield.argument == ASYNC_GEN_WRAP_INTRINSIC
    )


ASYNC_GEN_WRAP_INTRINSIC: Final = 4


def _reduce_fresh(generator: object, frame: FrameType, code: CodeType) -> Reduced:
    raw = RawFrame.of(frame)
    if record_of(frame.f_code) is not None:
        _refuse(frame, "it is just being restored")
    named = code.co_argcount + code.co_kwonlyargcount
    values: list[Any] = [contents(raw.slot(index)) for index in range(argument_count(code))]
    keywords = dict(
        zip(code.co_varnames[code.co_argcount : named], values[code.co_argcount : named], strict=False)
    )
    positional, rest = values[: code.co_argcount], iter(values[named:])
    if code.co_flags & CO_VARARGS:
        positional += next(rest)
    if code.co_flags & CO_VARKEYWORDS:
        keywords |= next(rest)
    local_names = None if code.co_flags & CO_OPTIMIZED else raw.locals
    arguments = (code, frame.f_globals, local_names, closure_of(code, raw), *_names(generator))
    return fresh_generator, (*arguments, tuple(positional), keywords)


def fresh_generator(
    code: CodeType,
    global_names: dict[str, Any],
    local_names: Any,
    closure: Closure,
    name: str,
    qualname: str,
    positional: tuple[object, ...],
    keywords: dict[str, object],
) -> object:
    """A generator that has not started yet: its function is called with the arguments it had."""
    if not code.co_flags & CO_OPTIMIZED:
        return eval(code, global_names, local_names)
    function = FunctionType(code, global_names, name, None, closure)
    function.__qualname__ = qualname
    return function(*positional, **keywords)


def finished_generator(code: CodeType, name: str, qualname: str) -> object:
    """A generator that has ended."""
    closure = tuple(CellType() for _ in code.co_freevars) or None
    if code.co_flags & CO_OPTIMIZED:
        function = bare_function(code, {}, closure)
        function.__name__, function.__qualname__ = name, qualname
        generator: Any = function()
    else:
        generator = eval(code, {})
    if isinstance(generator, AsyncGeneratorType):
        _end(generator)
    else:
        generator.close()
    return generator


def _end(generator: AsyncGeneratorType[Any, Any]) -> None:
    try:
        generator.aclose().send(None)
    except StopIteration:
        pass  # how the end is reported


def reduce_awaitable(awaitable: object, running: Mapping[int, FrameSnapshot]) -> Reduced:
    """Reduce tuple of what C puts between an ``await`` and the object that runs: ``coroutine.__await__()``
    and ``async_generator.asend()``. Raises FrameRefused for one that nobody waits for."""
    driven: Any = next((each for each in gc.get_referents(awaitable) if type(each) in PREFIXES), None)
    if isinstance(driven, CoroutineType):
        return driven_coroutine, (driven,)
    if isinstance(driven, AsyncGeneratorType) and (id(driven) in running or _is_awaiting(driven)):
        return driven_generator, (driven,)
    raise FrameRefused(frame=type(awaitable).__name__, reason="it is not what the cell is waiting for")


def _is_awaiting(generator: AsyncGeneratorType[Any, Any]) -> bool:
    """Whether an async generator is suspended in an await of its own, not at a yield."""
    return generator.ag_frame is not None and generator.ag_await is not None


def driven_coroutine(coroutine: CoroutineType[Any, Any, Any]) -> object:
    """``coroutine.__await__()``, which only passes on what it is sent."""
    return coroutine.__await__()


def driven_generator(generator: AsyncGeneratorType[Any, Any]) -> object:
    """``async_generator.asend(None)`` for one that has not started: the first send starts its morph."""
    driver = generator.asend(None)
    drive(generator, driver)
    return driver
