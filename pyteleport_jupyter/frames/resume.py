"""From snapshots to something that runs: the morph of each frame, loaded with its values and the one inside
it."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any, Final, cast

from .caches import CachedCall, call_again
from .calls import bare_function
from .class_hooks import MadeWith, initialiser
from .classes import ClassArguments, continue_class
from .dialect import CALLING
from .identities import with_new_identities
from .morph import build_morph
from .on_the_way import awaited
from .priming import generator_code
from .registry import load_values
from .snapshot import FrameSnapshot, Kind, Stack
from .stand_ins import StandIn, give_method

Call = Callable[[], object]
Calls = tuple[object, ...]
"""What a frame fetches to call what is within it: in most cases one callable."""


def resume_code(stack: Stack, value: object, arrived: Call | None = None) -> CodeType:
    """The code object that resumes the whole stack, to be run by ``exec(code, globals, locals)`` or, for
    the cell with a top-level await, by ``await eval(code, globals, locals)``.

    The call in which the innermost frame was interrupted returns ``value``. The stack is empty afterwards:
    nothing but the frames themselves keeps their objects alive once they run. ``arrived`` is called when
    everything is restored, in the innermost frame: what it raises is raised there. Until then the user's code
    is in no state to be interrupted.
    """
    code, frames = _load_stack(stack, value, arrived)
    root = frames[-1].generator
    if root is not None:
        cast(
            Any, root
        ).close()  # its code is awaited anew; a coroutine that never ran would be complained about
    return code


def resume_call(stack: Stack, value: object, arrived: Call | None = None) -> Call:
    """As :func:`resume_code`, as a call without arguments, for a root that is any kind of frame."""
    code, frames = _load_stack(stack, value, arrived)
    return _entry(frames[-1], code)


def _load_stack(
    stack: Stack, value: object, arrived: Call | None
) -> tuple[CodeType, tuple[FrameSnapshot, ...]]:
    """Make and load the morphs of all frames, with those that run within; the morph of the outermost."""
    within, identities = stack.within, stack.identities
    frames = with_new_identities(identities, stack.take())
    if within is not None:
        last = within.enter(value, arrived)
    elif frames[0].action.kind in CALLING:
        last = _innermost(value, arrived)
    else:
        if arrived is not None:
            arrived()
        last = _innermost(value, None)
    return _load_all(frames, (last,)), frames


def _innermost(value: object, arrived: Call | None) -> Call:
    """What the innermost frame calls, to get ``value``. All of it is C: no frame of ours shows up."""
    take = awaited(value).pop
    if arrived is None:
        return take
    pairs = zip(map(operator.call, (take,)), iter(arrived, _NEVER), strict=False)
    return functools.partial(next, map(operator.itemgetter(0), pairs))


_NEVER: Final = object()


def _load_all(frames: tuple[FrameSnapshot, ...], inner: Calls) -> CodeType:
    """Make and load the morphs from the innermost frame outwards; the morph of the outermost one is
    returned."""
    code: CodeType | None = None
    within: FrameSnapshot | None = None
    for frame in frames:
        calls = frame.action.kind in CALLING or frame.action.kind is Kind.STAND_IN
        if within is not None and code is not None and calls:
            inner = ENTRIES.get(frame.action.kind, _plain_entry)(frame, within, code)
        if frame.action.kind is Kind.CLOSE and within is not None:
            cast(Any, within.generator).send(
                None
            )  # to its opening: one that never ran would be closed without a word
        code, within = _loaded_morph(frame, inner), frame
    if code is None:
        raise ValueError("a stack without frames cannot be resumed")
    return code


def _loaded_morph(frame: FrameSnapshot, inner: Calls) -> CodeType:
    last: tuple[object, ...] = inner if frame.action.kind in CALLING else ()
    if frame.action.kind in (Kind.INSTANCE, Kind.OPERATOR):
        last += frame.extras
    if frame.action.kind is Kind.NEW:
        last += (functools.partial(initialiser, *cast(MadeWith, frame.extras)),)
    if frame.action.kind is Kind.STAND_IN:
        give_method(cast(StandIn, frame.extras[0]), *inner)
    if frame.generator is not None:
        code = generator_code(frame.generator)
        load_values(code, last)  # its values were loaded when it was unpickled; these are fetched behind them
        return code
    code = build_morph(frame.code, frame.shape, frame.action, frame.position)
    load_values(code, (*frame.values, *last))
    return code


def _entry(frame: FrameSnapshot, code: CodeType) -> Call:
    """How to run a frame's morph: always a function of Python or C, never a frame of ours between."""
    if frame.generator is not None:
        return functools.partial(cast(Any, frame.generator).send, None)
    if frame.locals is None:
        return bare_function(code, frame.globals, frame.closure)
    if frame.closure:
        return functools.partial(exec, code, frame.globals, cast(Any, frame.locals), closure=frame.closure)
    # eval, because it returns what the frame returns.
    return functools.partial(eval, code, frame.globals, cast(Any, frame.locals))


def _plain_entry(frame: FrameSnapshot, within: FrameSnapshot, code: CodeType) -> Calls:
    return (_entry(within, code),)


def _class_entry(frame: FrameSnapshot, within: FrameSnapshot, code: CodeType) -> Calls:
    name, bases, keywords, body = cast(ClassArguments, frame.extras)
    if body is not None:
        return (continue_class(body, _entry(within, code), name, bases, keywords),)
    body = FunctionType(code, within.globals, code.co_name, None, within.closure)
    return (continue_class(body, lambda *_, **__: within.locals, name, bases, keywords),)


def _cached_entry(frame: FrameSnapshot, within: FrameSnapshot, code: CodeType) -> Calls:
    call = CachedCall(*cast("tuple[Any, Any, Any]", frame.extras))
    return call_again(call, bare_function(code, within.globals, within.closure))


ENTRIES: Final[dict[Kind, Callable[[FrameSnapshot, FrameSnapshot, CodeType], Calls]]] = {
    Kind.CACHED: _cached_entry,
    Kind.CLASS_BODY: _class_entry,
}
"""What a frame calls to go on with the frame within it, where that is not just the frame's code."""
