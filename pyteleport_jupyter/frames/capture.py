"""From running frames to snapshots. Reads only; a refusal changes nothing."""

from __future__ import annotations

import builtins
import dis
import functools
import itertools
import sys
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any, Final, NoReturn, cast

from ..errors import FrameRefused
from .actions import plan
from .boundary import Callee, Crossing, Site, crossing_between
from .callees import cached_call, called_object, closed, rebinds_self, runs_special_method
from .class_hooks import hook_of_class, made_with
from .classes import class_arguments, prepares_again
from .delegation import passing_on, with_those_passing_on
from .dialect import SPOKEN
from .flow import UNIT, flow_of
from .generators import capture_suspended, with_opening
from .here import action_here
from .identities import identities_in
from .layout import (
    CO_OPTIMIZED,
    NULL,
    RawFrame,
    closure_of,
    exception_below,
    generator_exception,
    local_names,
)
from .liveness import is_being_closed, operands_are_there
from .morph import is_inside_call
from .on_the_way import frames_are_on_the_way
from .operators import what_follows
from .refusals import CALLS, refusal
from .registry import MorphRecord, function_code, record_of, values_of
from .running_code import code_hash, library_of
from .selftest import check_interpreter
from .slots import Contents, position_at, read_slots, with_handled_exceptions
from .snapshot import Action, FrameSnapshot, Kind, Stack
from .stand_ins import StandIn, class_name, make_attribute_stand_in, make_stand_in, owner_of
from .words import PlaceName, describe, describe_code, no_place_name

CACHE: Final = dis.opmap["CACHE"]
CALLING_OPCODES: Final = frozenset(
    dis.opmap[name] for name in ("PRECALL", "CALL", "CALL_FUNCTION_EX") if name in dis.opmap
)
IMPORTING: Final = frozenset({"IMPORT_NAME", "IMPORT_FROM", "IMPORT_STAR"})
ENTERING: Final = frozenset({"BEFORE_WITH", "BEFORE_ASYNC_WITH"})

ON_THE_WAY: Final = "it is just being restored"
NO_CALL: Final = "it runs because something is let go of, or as a handler"


@dataclass(frozen=True, eq=False)
class Interrupted:
    """A frame with its action, before the exceptions of the chain are put where they belong."""

    site: Site
    action: Action
    contents: Contents
    extras: tuple[object, ...]


def capture_stack(
    top: FrameType,
    root: FrameType,
    base_exception: BaseException | None = None,
    place_name: PlaceName = no_place_name,
    at_instruction: bool = False,
    asked: object = None,
) -> Stack:
    """Snapshot the running frames from ``top`` out to ``root``, both included.

    Called by functions that ``top`` called: the resumed ``top`` gets the value given to the resume as the
    result of that call. Or, ``at_instruction``, by a trace function or monitoring callback for ``top``,
    which then goes on with the instruction it was about to run.

    ``base_exception``: what the frames outside any generator are handling; None to read it from the
    interpreter, which needs that no function between ``top`` and this one is handling an exception.
    ``asked``: the coroutine of the task that C runs in ``root``; other than the one of ``root`` if it only
    passes on what was thrown into it.

    Raises:
        FrameRefused: a frame cannot go on exactly as it would have. Nothing was changed.
        InterpreterUnsupported: this is no interpreter whose frames can be read.
    """
    check_interpreter()
    if frames_are_on_the_way():
        _refuse(top, ON_THE_WAY, place_name)
    frames = with_those_passing_on(_frames_between(top, root), asked)
    callees = itertools.chain([_called_by(top)], frames)
    interrupted = [
        _interrupted(frame, callee, place_name, at_instruction and frame is top)
        for callee, frame in zip(callees, frames, strict=False)
    ]
    for inner, outer in itertools.pairwise(interrupted):
        is_asked = outer.action.kind is Kind.CLOSE or not outer.site.crossing.through_c
        if not is_asked and is_being_closed(outer.site.callee, inner.contents.values):
            _refuse(inner.site.frame, NO_CALL, place_name)
    base = base_exception if base_exception is not None else _base_exception(frames)
    values = _with_handled_exceptions(interrupted, base)
    snapshots = [_snapshot(each, own, place_name) for each, own in zip(interrupted, values, strict=True)]
    for index, outer in enumerate(interrupted[1:]):
        if outer.action.kind is Kind.CLOSE:
            snapshots[index] = with_opening(snapshots[index], None)
    return Stack(tuple(snapshots), identities=identities_in(snapshots))


def _frames_between(top: FrameType, root: FrameType) -> list[FrameType]:
    frames, frame = [], top
    while frame is not root:
        frames.append(frame)
        if frame.f_back is None:
            raise FrameRefused(frame=describe(root), reason="it is not running in this thread")
        frame = frame.f_back
    return [*frames, root]


def _called_by(top: FrameType) -> FrameType:
    """The frame that ``top`` called, on the way to us."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_back is not top:
        frame = frame.f_back
    if frame is None:
        raise FrameRefused(frame=describe(top), reason="it is not running in this thread")
    return frame


def _interrupted(
    frame: FrameType, callee: FrameType, place_name: PlaceName, at_instruction: bool
) -> Interrupted:
    record = record_of(frame.f_code)
    site = _site(frame, callee, record)
    overrides: dict[int, object] = {}
    if at_instruction:
        action = _action_here(site, place_name)
    elif record is not None and frame.f_lasti < record.length:
        action = _action_in_prologue(site, record, place_name)
    else:
        action = _planned(site, place_name)
        overrides = _overrides(site, action)
    contents = read_slots(site.code, site.raw, record, action.stack, overrides)
    extras = _extras(site, action) or tuple(each for each in overrides.values() if isinstance(each, StandIn))
    return Interrupted(site, action, contents, extras)


def _site(frame: FrameType, callee: FrameType, record: MorphRecord | None) -> Site:
    code = record.original if record else frame.f_code
    shift = record.length if record else 0
    flow = flow_of(code)
    index = flow.index_at(max(frame.f_lasti - shift, 0))
    while flow.instructions[index].name == "PRECALL":
        index += 1
    crossing = crossing_between(callee, frame)
    if RawFrame.of(callee).generator is not None and flow.instructions[index].name in CALLS:
        # A method of a generator, in C; where throw() is passed on there is no entry from C to be seen.
        crossing = Crossing(through_c=True, through_init=False)
    return Site(frame, code, RawFrame.of(frame), shift, index, Callee.of(callee), crossing)


def _action_in_prologue(site: Site, record: MorphRecord, place_name: PlaceName) -> Action:
    """A frame that moved before and is still inside the same call: as it was then."""
    if record.action.kind is Kind.SUSPENDED:
        # It was restored at its yield, and what is thrown into it there is passed on.
        return _planned(replace(site, index=site.flow.index_at(record.action.offset)), place_name)
    if not is_inside_call(record, site.frame.f_lasti) or not _is_at_call(site.frame):
        _refuse(site.frame, ON_THE_WAY, place_name)
    if record.action.kind is Kind.OPERATOR:
        return _operator_in_prologue(site, record, place_name)
    if record.action.kind is Kind.NEW and not values_of(site.frame.f_code):
        return _initialising(site, record, place_name)
    if record.action.kind is Kind.CLASS_BODY and not _is_in_body(site, record):
        return _making_class(site, record, place_name)
    if record.action.kind is Kind.CACHED and cached_call(site) is None:
        return replace(record.action, opening=False, kind=Kind.RESULT)
    return replace(record.action, opening=False)


def _initialising(site: Site, record: MorphRecord, place_name: PlaceName) -> Action:
    """A class call that moved in ``__new__``, which has ended: now ``__init__`` runs."""
    made = site.stack_slot(len(record.action.stack))
    is_init = runs_special_method(site, made, ("__init__",)) and not rebinds_self(site.callee.code)
    if not is_init:
        _refuse(site.callee.frame, refusal(site, place_name), place_name)
    return replace(record.action, opening=False, kind=Kind.INSTANCE)


def _is_in_body(site: Site, record: MorphRecord) -> bool:
    return not site.callee.code.co_flags & CO_OPTIMIZED or prepares_again(site, record.action.stack)


def _making_class(site: Site, record: MorphRecord, place_name: PlaceName) -> Action:
    """A class statement that moved in its body, which has ended: now the class is made."""
    kind = hook_of_class(site, builtins.__build_class__, record.action.stack)
    if kind is None:
        _refuse(site.callee.frame, refusal(site, place_name), place_name)
    return replace(record.action, opening=False, kind=kind)


def _is_at_call(frame: FrameType) -> bool:
    """Whether the frame waits for a call, not for the truth of a result or the end of an object."""
    bytecode, offset = frame.f_code.co_code, frame.f_lasti
    while bytecode[offset] == CACHE and offset > 0:
        offset -= UNIT
    return bytecode[offset] in CALLING_OPCODES


def _operator_in_prologue(site: Site, record: MorphRecord, place_name: PlaceName) -> Action:
    """An operator that moved before: in the method that ran then, or in one that followed it."""
    left = len(values_of(site.frame.f_code))
    if left < record.action.fallbacks:
        depth = len(record.action.stack)
        called = next(slot for slot in map(site.stack_slot, (depth, depth + 1)) if slot is not NULL)
        if not isinstance(called, functools.partial) or function_code(called.func) != site.callee.code:
            _refuse(site.callee.frame, refusal(site, place_name), place_name)
    inverts = record.action.inverts[-left - 1 :]
    return replace(record.action, opening=False, fallbacks=left, inverts=inverts)


def _action_here(site: Site, place_name: PlaceName) -> Action:
    offset = site.frame.f_lasti - site.shift
    action = action_here(site.flow, offset) if offset >= 0 else None
    if action is None:
        _refuse(site.frame, "it cannot be left before this instruction", place_name)
    return action


def _check_import(site: Site, place_name: PlaceName) -> None:
    """A module that is half loaded cannot travel: it is in ``sys.modules`` here, and its lock is held."""
    if site.instruction.name in IMPORTING or site.code.co_filename.startswith("<frozen importlib"):
        reason = "it is importing a module, and an import is done as a whole"
        _refuse(site.frame, reason, place_name)


def _planned(site: Site, place_name: PlaceName) -> Action:
    _check_import(site, place_name)
    if site.index not in site.flow.before or site.index not in site.flow.after:
        _refuse(
            site.callee.frame,
            f"it runs inside {site.instruction.name}, where no call is expected",
            place_name,
        )
    if site.crossing.through_c and not operands_are_there(site):
        _refuse(site.callee.frame, NO_CALL, place_name)
    action = plan(site)
    if action is None:
        _refuse(site.callee.frame, refusal(site, place_name), place_name)
    _check_depth(site, action, place_name)
    return action


def _check_depth(site: Site, action: Action, place_name: PlaceName) -> None:
    """Where the interpreter has saved its stack top (calls without C between), it must agree."""
    saved = site.raw.saved_depth
    expected = len(local_names(site.code)) + len(action.stack)
    is_call = site.instruction.name in CALLS and not site.crossing.through_c
    if saved is not None and is_call and action.kind is Kind.RESULT and saved != expected:
        _refuse(site.frame, "its evaluation stack does not look as its code says", place_name)


def _refuse(frame: FrameType, reason: str, place_name: PlaceName) -> NoReturn:
    raise FrameRefused(frame=describe(frame, place_name), reason=reason)


def _overrides(site: Site, action: Action) -> dict[int, object]:
    """Stack slots (by depth) that have to hold something else than they do while the instruction runs."""
    if action.kind is Kind.STAND_IN:
        depth = len(action.stack) - action.operand
        if action.is_attribute:
            return {depth: make_attribute_stand_in(action.method, _fallback_of(site, depth))}
        return {depth: make_stand_in(action.method, class_name(site.callee.first_local()))}
    if action.opcode not in ENTERING or SPOKEN.exit_replaces_manager:
        return {}
    manager: Any = site.operand(1)
    name = "__aexit__" if action.opcode == "BEFORE_ASYNC_WITH" else "__exit__"
    leave = getattr(type(manager), name)
    return {len(action.stack) - 1: leave.__get__(manager, type(manager))}


def _fallback_of(site: Site, depth: int) -> object:
    """The object whose ``__getattr__`` is asked next; None if that is what is running."""
    asked = site.stack_slot(depth)
    return None if runs_special_method(site, asked, ("__getattr__",)) else owner_of(asked)


def _extras(site: Site, action: Action) -> tuple[object, ...]:
    if action.kind is Kind.INSTANCE:
        return (site.callee.first_local(),)
    if action.kind is Kind.CLASS_BODY:
        return class_arguments(site, action.stack)
    if action.kind is Kind.CACHED:
        return cached_call(site) or ()
    if action.kind is Kind.NEW:
        return _made_with(site, action)
    if action.kind is Kind.OPERATOR:
        return _what_follows(site)
    if action.kind is Kind.CLOSE:
        passed = passing_on(closed(site), site.callee.generator) or ()
        return tuple(map(capture_suspended, passed))
    return ()


def _made_with(site: Site, action: Action) -> tuple[object, ...]:
    if site.frame.f_lasti >= site.shift:
        return made_with(site, called_object(site), action.stack) or ()
    kept = values_of(site.frame.f_code)
    if kept:  # it moved in __new__ before
        return cast("functools.partial[Any]", kept[0]).args
    return made_with(site, builtins.__build_class__, action.stack) or ()


def _what_follows(site: Site) -> tuple[object, ...]:
    if site.frame.f_lasti < site.shift:
        return tuple(reversed(values_of(site.frame.f_code)))
    following = what_follows(site)
    return following.calls if following else ()


def _base_exception(frames: list[FrameType]) -> BaseException | None:
    """What the frames that belong to no generator are handling.

    Handled exceptions are kept for each running generator and once for the thread. A cell runs inside a
    coroutine of the shell, so what surrounds the outermost generator of the chain counts, not the thread.
    """
    inside = [generator for frame in frames if (generator := RawFrame.of(frame).generator) is not None]
    if inside:
        return exception_below(inside)
    around: FrameType | None = frames[-1].f_back
    while around is not None:
        generator = RawFrame.of(around).generator
        if generator is not None:
            return generator_exception(generator)
        around = around.f_back
    return sys.exc_info()[1]


def _with_handled_exceptions(
    interrupted: list[Interrupted], base: BaseException | None
) -> list[tuple[object, ...]]:
    """The values of each frame, with each handler holding what it handles, from the innermost frame
    outwards."""
    current: dict[int | None, object] = {None: base}
    resolved = []
    for each in interrupted:
        generator = each.site.raw.generator
        key = None if generator is None else id(generator)
        if generator is not None:
            current.setdefault(key, generator_exception(generator))
        values, current[key] = with_handled_exceptions(each.contents, current[key])
        resolved.append(values)
    return resolved


def _snapshot(each: Interrupted, values: tuple[object, ...], place_name: PlaceName) -> FrameSnapshot:
    site, code, frame = each.site, each.site.code, each.site.frame
    position = position_at(code, each.action.offset)
    return FrameSnapshot(
        code=code,
        code_hash=code_hash(code),
        shape=each.contents.shape,
        action=each.action,
        position=position,
        values=values,
        extras=each.extras,
        globals=frame.f_globals,
        locals=None if code.co_flags & CO_OPTIMIZED else site.raw.locals,
        closure=closure_of(code, site.raw),
        qualname=code.co_qualname,
        generator=site.raw.generator,
        library=library_of(code, frame.f_globals),
        words=describe_code(code, position[0], place_name),
    )
