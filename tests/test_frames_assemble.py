"""What is encoded decodes to the same, also by CPython's own decoders."""

from __future__ import annotations

import dis

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pyteleport_jupyter.frames import assemble
from pyteleport_jupyter.frames.flow import Handler, handlers_of, instructions_of

offsets = some.integers(0, 200_000).map(lambda units: units * 2)
handlers = some.builds(
    lambda start, length, target, depth, lasti: Handler(start, start + length, target, depth, lasti),
    offsets,
    offsets,
    offsets,
    some.integers(0, 500),
    some.booleans(),
)


@given(some.lists(handlers, max_size=8))
def test_exception_tables_decode_to_what_was_encoded(entries: list[Handler]) -> None:
    assert list(handlers_of(assemble.exception_table(entries))) == entries


@given(some.integers(0, 2**32 - 1))
def test_arguments_of_any_size_decode_to_what_was_encoded(argument: int) -> None:
    (decoded,) = instructions_of(assemble.operation("LOAD_CONST", argument))
    assert (decoded.name, decoded.argument) == ("LOAD_CONST", argument)


lines = some.integers(0, 100_000)
columns = some.integers(0, 300)


@given(lines, lines, some.integers(0, 50), columns, columns, some.integers(1, 40))
def test_positions_are_read_back_by_the_interpreter(
    first: int, line: int, span: int, column: int, last_column: int, units: int
) -> None:
    position = (line, line + span, column, last_column)
    table = assemble.nowhere(3) + assemble.at_position(units, first, position)
    table += assemble.back_to_line(line, first) + assemble.at_position(1, first, (first, first, 1, 2))
    code = compile("0", "f", "exec").replace(
        co_code=assemble.operation("NOP") * (units + 5), co_firstlineno=first, co_linetable=table
    )
    read = list(code.co_positions())
    assert read[:3] == [(None,) * 4] * 3
    assert read[3 : 3 + units] == [position] * units
    assert read[-1] == (first, first, 1, 2)


@pytest.mark.parametrize("position", [(5, None, None, None), (5, 5, None, None)])
def test_a_line_without_columns(position: tuple[int | None, ...]) -> None:
    table = assemble.at_position(2, 1, position)  # type: ignore[arg-type]
    code = compile("0", "f", "exec").replace(co_code=assemble.operation("NOP") * 2, co_linetable=table)
    assert [line for _, _, line in code.co_lines()] == [5]


def test_operations_have_the_caches_that_dis_expects() -> None:
    assert len(assemble.operation("CALL", 0)) > 2
    assert assemble.operation("NOP") == bytes((dis.opmap["NOP"], 0))
