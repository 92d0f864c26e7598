"""Tracebacks across machines: each entry gets a real frame of the real code, so lines, columns and names
are right.

Such a frame is made by a morph of the code that is a coroutine, which never runs.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from types import CellType, CodeType, FrameType, TracebackType
from typing import Any, Final, NamedTuple

from . import assemble, running_code
from .calls import bare_function
from .flow import UNIT, flow_of, opening_of
from .layout import CO_COROUTINE, GENERATOR_FLAGS
from .registry import MorphRecord, record_of, register
from .snapshot import Action, Kind


class Entry(NamedTuple):
    """One entry of a traceback. ``lasti``: offset of the instruction in bytes of the original code."""

    code: CodeType
    globals: dict[str, Any]
    lasti: int
    line: int


def reduce_traceback(traceback: TracebackType) -> tuple[object, ...]:
    """Reduce tuple of a traceback: code, globals, position. Local variables of its frames do not travel."""
    return rebuilt_traceback, tuple(_entries(traceback))


def _entries(traceback: TracebackType | None) -> Iterator[Entry]:
    while traceback is not None:
        frame = traceback.tb_frame
        record = record_of(frame.f_code)
        code = record.original if record is not None else frame.f_code
        lasti = _original_offset(record, traceback.tb_lasti)
        yield Entry(code, frame.f_globals, lasti, traceback.tb_lineno or code.co_firstlineno)
        traceback = traceback.tb_next


def _original_offset(record: MorphRecord | None, lasti: int) -> int:
    if record is None:
        return lasti
    return record.original_offset(lasti)


def rebuilt_traceback(*entries: Entry) -> TracebackType | None:
    """The traceback of these entries, outermost first."""
    traceback: TracebackType | None = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of coroutines that nobody awaits
        for entry in reversed(entries):
            frame, shift = _frame_of(entry)
            traceback = TracebackType(traceback, frame, entry.lasti + shift, entry.line)
    return traceback


def reduce_code(code: CodeType) -> tuple[object, ...]:
    """Reduce tuple of any code object. A morph travels as its original; but that of an entry which was
    rebuilt here as itself: somebody may have read a position in it."""
    record = record_of(code)
    if record is None or record.action.opcode != NEVER_RUN:
        return running_code.reduce_code(code)
    line = next(iter(code.co_positions()))[0]
    return waiting_code, (record.original, record.action.offset, line or code.co_firstlineno)


def waiting_code(code: CodeType, lasti: int, line: int) -> CodeType:
    """The code object of a rebuilt entry."""
    return _waiting_morph(Entry(code, {}, lasti, line))[0]


def _frame_of(entry: Entry) -> tuple[FrameType, int]:
    """A finished frame of the code, and the bytes that its code has before the original.

    It is that of a coroutine that never runs. A frame that has run would refer to the frames that called it,
    and keep alive what they hold.
    """
    morph, length = _waiting_morph(entry)
    cells = tuple(CellType() for _ in entry.code.co_freevars) or None
    coroutine = bare_function(morph, entry.globals, cells)()
    frame: FrameType = coroutine.cr_frame
    return frame, length


BEFORE: Final = frozenset({"COPY_FREE_VARS", "MAKE_CELL"})
"""What of the opening of a code object comes before it becomes a coroutine."""


NEVER_RUN: Final = "NOP"
"""What the records of these morphs say they were interrupted at: no frame can be."""


def _waiting_morph(entry: Entry) -> tuple[CodeType, int]:
    code = entry.code
    opening = [(each.name, each.argument) for each in opening_of(flow_of(code)) if each.name in BEFORE]
    waiting = (*opening, ("RETURN_GENERATOR", 0), ("POP_TOP", 0), ("RESUME", 0), *[("NOP", 0)] * 3)
    prologue = b"".join(assemble.operation(name, argument) for name, argument in waiting)
    units, line = len(prologue) // UNIT, code.co_firstlineno
    # Its f_lineno is where it was, too: some ask the frame and not the traceback.
    lines = assemble.at_position(units - 1, line, (entry.line, None, None, None))
    morph = code.replace(
        co_code=prologue + code.co_code,
        co_flags=code.co_flags & ~GENERATOR_FLAGS | CO_COROUTINE,
        co_stacksize=code.co_stacksize + 1,
        co_exceptiontable=b"",
        co_linetable=lines + assemble.back_to_line(entry.line, line) + code.co_linetable,
    )
    action = Action(Kind.AGAIN, NEVER_RUN, entry.lasti, entry.lasti, "")
    register(morph, MorphRecord(code, len(prologue), action, len(prologue), 0))
    return morph, len(prologue)
