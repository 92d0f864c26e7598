"""Generators and coroutines that wait for another one, at a ``yield from`` or ``await``, and pass on what is
thrown into them.

C does that. ``throw()`` puts the frame of a generator on its way into the chain of frames only if it passes
on to a generator or coroutine itself, not to an ``asend()`` around it; ``close()`` puts none there.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType
from typing import Final

from .drivers import wrapped_generator
from .flow import Flow, flow_of
from .generators import generator_frame
from .layout import NULL, RawFrame, local_names
from .registry import original_code, record_of
from .snapshot import Kind

PASSING_ON: Final = ("YIELD_VALUE", "RESUME")
"""Instructions at which a generator stands that passes on what is thrown into it; the latter on 3.14."""

GENERATORS: Final = (GeneratorType, CoroutineType, AsyncGeneratorType)


def index_of_send(flow: Flow, index: int) -> int | None:
    """Of the SEND of the loop at whose yield (instruction ``index``) a generator waits; None at any other
    instruction."""
    if flow.instructions[index].name == "RESUME":
        index -= 1
    is_loop = flow.instructions[index].name == "YIELD_VALUE" and flow.instructions[index - 1].name == "SEND"
    return index - 1 if is_loop else None


def delegate_of(generator: object) -> object:
    """What a generator waits for at a ``yield from`` or ``await``, NULL if it does not wait there."""
    frame = generator_frame(generator)
    if frame is None:
        return NULL
    code, record = original_code(frame.f_code), record_of(frame.f_code)
    flow, offset = flow_of(code), frame.f_lasti - (record.length if record is not None else 0)
    if record is not None and offset < 0:
        if record.action.kind is not Kind.SUSPENDED:
            return NULL
        offset = record.action.offset
    send = index_of_send(flow, flow.index_at(offset)) if offset >= 0 else None
    if send is None:
        return NULL
    found = RawFrame.of(frame).slot(len(local_names(code)) + len(flow.before[send]) - 2)
    return wrapped_generator(found)


def passing_on(asked: object, generator: object) -> tuple[object, ...] | None:
    """The generators through which what is thrown into ``asked`` is passed on to ``generator``, ``asked``
    first; None if it is not."""
    passed: list[object] = []
    while asked is not generator:
        if type(asked) not in GENERATORS or any(asked is each for each in passed):
            return None
        passed.append(asked)
        asked = delegate_of(asked)
    return tuple(passed)


def with_those_passing_on(frames: Iterable[FrameType], asked: object) -> list[FrameType]:
    """The chain ``frames``, innermost first, with the frames that it lacks. ``asked``: the coroutine that C
    runs at its outer end, if there is one."""
    complete: list[FrameType] = []
    chain = list(frames)
    for frame, outer in itertools.zip_longest(chain, chain[1:]):
        complete.append(frame)
        generator = RawFrame.of(frame).generator
        around = None if outer is None else RawFrame.of(outer).generator
        asking = asked if outer is None else NULL if around is None else delegate_of(around)
        if generator is not None and asking is not None and asking is not NULL:
            between = (generator_frame(each) for each in reversed(passing_on(asking, generator) or ()))
            complete += [each for each in between if each is not None]
    return complete
