"""Bytes of code: operations, exception tables, line tables.

Formats: ``Objects/exception_handling_notes.txt`` and ``Objects/locations.md`` (``lnotab``'s successor) of
CPython 3.11 and later; both are unchanged up to 3.14.
"""

from __future__ import annotations

import dis
from collections.abc import Iterable
from functools import lru_cache

from .flow import UNIT, Handler, cache_units
from .snapshot import Position

_ENTRY = 0x80
_NO_LOCATION, _LONG, _NO_COLUMNS = 15, 14, 13
_MOST_UNITS = 8
"""Code units that one entry of a line table can cover."""


@lru_cache(maxsize=4096)
def operation(name: str, argument: int = 0) -> bytes:
    """One instruction with the EXTENDED_ARG prefixes it needs and empty inline caches."""
    prefixes = b"".join(
        bytes((dis.EXTENDED_ARG, argument >> shift & 255)) for shift in (24, 16, 8) if argument >> shift
    )
    return prefixes + bytes((dis.opmap[name], argument & 255)) + bytes(UNIT * cache_units(name))


def exception_table(handlers: Iterable[Handler]) -> bytes:
    """Encode handlers in the order given; the first that covers an instruction wins."""
    return b"".join(_handler_entry(handler) for handler in handlers)


def _handler_entry(handler: Handler) -> bytes:
    numbers = (
        handler.start // UNIT,
        (handler.end - handler.start) // UNIT,
        handler.target // UNIT,
        handler.depth << 1 | handler.lasti,
    )
    entry = bytearray().join(_big_end_varint(number) for number in numbers)
    entry[0] |= _ENTRY
    return bytes(entry)


def _big_end_varint(number: int) -> bytes:
    digits = [number & 63]
    while number := number >> 6:
        digits.append(number & 63 | 64)
    return bytes(reversed(digits))


def _varint(number: int) -> bytes:
    digits = bytearray()
    while number >= 64:
        digits.append(number & 63 | 64)
        number >>= 6
    digits.append(number)
    return bytes(digits)


def _signed_varint(number: int) -> bytes:
    return _varint(-number << 1 | 1 if number < 0 else number << 1)


def _head(form: int, units: int) -> bytes:
    return bytes((_ENTRY | form << 3 | units - 1,))


def nowhere(units: int) -> bytes:
    """Line table of ``units`` code units that belong to no line."""
    whole, rest = divmod(units, _MOST_UNITS)
    return _head(_NO_LOCATION, _MOST_UNITS) * whole + (_head(_NO_LOCATION, rest) if rest else b"")


def at_position(units: int, line_before: int, position: Position) -> bytes:
    """Line table of ``units`` code units at ``position``; entries say lines relative to the one before."""
    table, line = b"", line_before
    while units:
        covered = min(_MOST_UNITS, units)
        table += _located(covered, line, position)
        # 0 is a line too: that of an empty module's code.
        line = line if position[0] is None else position[0]
        units -= covered
    return table


def _located(units: int, line_before: int, position: Position) -> bytes:
    line, last_line, column, last_column = position
    if line is None:
        return nowhere(units)
    delta = _signed_varint(line - line_before)
    if last_line is None or column is None or last_column is None:
        return _head(_NO_COLUMNS, units) + delta
    ends = _varint(last_line - line) + _varint(column + 1) + _varint(last_column + 1)
    return _head(_LONG, units) + delta + ends


def back_to_line(line_before: int, line: int) -> bytes:
    """Line table of one code unit that takes the line state to ``line``, so that the original table fits
    behind."""
    return _head(_NO_COLUMNS, 1) + _signed_varint(line - line_before)
