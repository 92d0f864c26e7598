"""A traceback that travelled reads as before: lines, columns, names, files."""

from __future__ import annotations

import marshal
import traceback
from types import TracebackType
from typing import Any

from frames_in_place import stack_of

from pyteleport_jupyter import frames

SOURCE = """
def f(x):
    return [
        1,
        g(x) + 1,
    ]
def g(x):
    class K:
        y = (lambda: 1 / x)()
gen = (f(0) for _ in 'a')
next(gen)
"""


def caught(source: str) -> tuple[BaseException, TracebackType]:
    try:
        exec(compile(source, "program.py", "exec"), {"__name__": "program"})
    except Exception as error:
        assert error.__traceback__ is not None
        assert error.__traceback__.tb_next is not None
        return error, error.__traceback__.tb_next
    raise AssertionError("nothing was raised")


def travelled(first: TracebackType) -> TracebackType:
    """Rebuilt from its reduce tuple, with each code object made anew."""
    reduced: Any = frames.reduce_traceback(first)
    make, entries = reduced
    made: TracebackType = make(
        *(each._replace(code=marshal.loads(marshal.dumps(each.code))) for each in entries)
    )
    return made


def shown(value: TracebackType) -> list[tuple[object, ...]]:
    return [
        (each.filename, each.name, each.lineno, each.end_lineno, each.colno, each.end_colno)
        for each in traceback.extract_tb(value)
    ]


def test_a_position_that_was_read_still_fits_the_code_after_the_next_move() -> None:
    """As when the move comes in the midst of ``traceback.extract_tb``."""
    entry = travelled(caught(SOURCE)[1])
    code, position = entry.tb_frame.f_code, entry.tb_lasti
    reduced: Any = frames.reduce_code(code)
    make, arguments = reduced
    assert list(make(*arguments).co_positions())[position // 2] == list(code.co_positions())[position // 2]


def test_reads_as_the_first_did() -> None:
    _, first = caught(SOURCE)
    assert [name for _, name, *_ in shown(first)] == ["<module>", "<genexpr>", "f", "g", "K", "<lambda>"]
    assert shown(travelled(first)) == shown(first)


def test_reads_the_same_after_a_second_move() -> None:
    _, first = caught(SOURCE)
    second = travelled(first)
    assert shown(travelled(second)) == shown(first)
    assert second.tb_frame.f_globals is first.tb_frame.f_globals


def test_no_local_variables_travel() -> None:
    _, first = caught(SOURCE)
    last = travelled(first)
    while last.tb_next is not None:
        last = last.tb_next
    assert "x" not in last.tb_frame.f_locals or last.tb_frame.f_code.co_name == "<module>"


def test_an_entry_inside_the_call_of_a_morph_has_the_position_of_the_call() -> None:
    stack = stack_of("def f():\n    teleport()\n    raise KeyError\n\n\nx = (1 +\n     f())")
    names = stack.frames[-1].globals
    try:
        exec(frames.resume_code(stack, None), names, names)
    except KeyError as error:
        assert error.__traceback__ is not None
        first = error.__traceback__.tb_next
    assert first is not None
    assert [(name, line) for _, name, line, *_ in shown(first)] == [("<module>", 7), ("f", 3)]
    assert shown(travelled(first)) == shown(first)


def test_keeps_nothing_alive_but_itself() -> None:
    """Not the frames that were running when it was rebuilt."""
    _, first = caught(SOURCE)
    entry: TracebackType | None = travelled(first)
    while entry is not None:
        assert entry.tb_frame.f_back is None
        assert entry.tb_frame.f_lineno == entry.tb_lineno
        entry = entry.tb_next
