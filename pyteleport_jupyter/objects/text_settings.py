"""How a text file was told to treat the ends of lines, which Python shows nowhere.

Read from the structure ``textio`` (CPython, Modules/_io/textio.c), which has been the same from 3.11 to 3.14;
a probe says whether it still is.
"""

from __future__ import annotations

import ctypes
import io
from dataclasses import dataclass
from functools import cache

_WRITTEN_END = 80
"""Offset of ``writenl``, a pointer; behind it stand single bytes."""
_LINE_BUFFERING, _WRITE_THROUGH, _UNIVERSAL, _READ_TRANSLATE = 88, 89, 90, 91


@dataclass(frozen=True)
class TextSettings:
    """The arguments of ``io.TextIOWrapper``."""

    encoding: str
    errors: str | None
    newline: str | None
    line_buffering: bool
    write_through: bool

    def wrap(self, buffer: io.BufferedIOBase) -> io.TextIOWrapper:
        """A text file with these settings."""
        return io.TextIOWrapper(
            buffer,  # type: ignore[arg-type]
            encoding=self.encoding,
            errors=self.errors,
            newline=self.newline,
            line_buffering=self.line_buffering,
            write_through=self.write_through,
        )


def settings_of(file: io.TextIOWrapper) -> TextSettings | None:
    """The settings of ``file``; None where its line ends cannot be found out."""
    if not _layout_is_known():
        return None
    return TextSettings(
        file.encoding, file.errors, _newline(file), file.line_buffering, bool(file.write_through)
    )


@cache
def _layout_is_known() -> bool:
    given = (None, "", "\n", "\r", "\r\n")
    return all(_newline(io.TextIOWrapper(io.BytesIO(), newline=newline)) == newline for newline in given)


def _newline(file: io.TextIOWrapper) -> str | None:
    universal, translates = ctypes.string_at(id(file) + _UNIVERSAL, 2)
    if (universal, translates) not in ((0, 0), (1, 0), (1, 1)):
        return "?"  # not the layout that we know
    if universal:
        return None if translates else ""
    address = ctypes.c_void_p.from_address(id(file) + _WRITTEN_END).value
    return ctypes.string_at(address).decode("ascii", "replace") if address else "\n"
