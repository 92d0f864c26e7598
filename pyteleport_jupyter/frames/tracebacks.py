"""Tracebacks across machines: each entry gets a real frame of the real code, so lines, columns and names
are right.

Such a frame is made by running a morph of the code that does nothing but raise, and keeping what was caught.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import CellType, CodeType, FrameType, TracebackType
from typing import Any, Final, NamedTuple

from . import assemble
from .calls import bare_function
from .flow import UNIT, flow_of, opening_of
from .layout import GENERATOR_FLAGS
from .registry import MorphRecord, record_of, register
from .snapshot import Action, Kind


class Entry(NamedTuple):
    """One entry of a traceback. ``lasti``: offset of the instruction in bytes of the original code."""

    code: CodeType
    globals: dict[str, Any]
    lasti: int
    line: int


class _Raised(Exception):
    """Raised by the morphs made here."""


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
    for entry in reversed(entries):
        frame, shift = _frame_of(entry)
        traceback = TracebackType(traceback, frame, entry.lasti + shift, entry.line)
    return traceback


def _frame_of(entry: Entry) -> tuple[FrameType, int]:
    """A finished frame of the code, and the bytes that its code has before the original."""
    morph, length = _raising_morph(entry)
    cells = tuple(CellType() for _ in entry.code.co_freevars) or None
    try:
        bare_function(morph, entry.globals, cells)()
    except _Raised as raised:
        raising = raised.__traceback__.tb_next if raised.__traceback__ is not None else None
        if raising is not None:
            return raising.tb_frame, length
    raise RuntimeError("a morph that only raises did not raise")


OPENING: Final = frozenset({"COPY_FREE_VARS", "MAKE_CELL", "RESUME"})
"""What of the opening of the code is kept: all but the start of a generator."""


def _raising_morph(entry: Entry) -> tuple[CodeType, int]:
    code, constant = entry.code, len(entry.code.co_consts)
    opening = [(each.name, each.argument) for each in opening_of(flow_of(code)) if each.name in OPENING]
    # The last one only brings the line table, whose entries are relative, back to where the code's own begins.
    raising = (*opening, ("LOAD_CONST", constant), ("RAISE_VARARGS", 1), ("NOP", 0))
    prologue = b"".join(assemble.operation(name, argument) for name, argument in raising)
    morph = code.replace(
        co_code=prologue + code.co_code,
        co_consts=(*code.co_consts, _Raised),
        co_flags=code.co_flags & ~GENERATOR_FLAGS,
        co_stacksize=code.co_stacksize + 1,
        co_exceptiontable=b"",
        co_linetable=_lines(len(prologue) // UNIT, code.co_firstlineno, entry.line) + code.co_linetable,
    )
    action = Action(Kind.AGAIN, "RAISE_VARARGS", entry.lasti, entry.lasti, "")
    register(morph, MorphRecord(code, len(prologue), action, len(prologue), constant))
    return morph, len(prologue)


def _lines(units: int, first: int, line: int) -> bytes:
    """Line table of the prologue: the frame is asked for its line too (``f_lineno``), as by IPython."""
    there, back = (line, None, None, None), (first, None, None, None)
    return assemble.at_position(units - 1, first, there) + assemble.at_position(1, line, back)
