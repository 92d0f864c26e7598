"""How messages name frames and functions."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import CodeType, FrameType

from .snapshot import FrameSnapshot

PlaceName = Callable[[str], str | None]
"""Names the file of a code object as the user knows it (``"cell 3"``), or None if it is just a file."""


def no_place_name(filename: str) -> str | None:
    """Files have no other name than their own."""
    return None


def describe(frame: FrameType | FrameSnapshot, place_name: PlaceName = no_place_name) -> str:
    """Words for a frame: ``f (line 12 of cell 3)``, for module-level code just ``line 2 of cell 3``."""
    if isinstance(frame, FrameSnapshot):
        return frame.words
    return describe_code(frame.f_code, frame.f_lineno, place_name)


def describe_code(code: CodeType, line: int | None, place_name: PlaceName) -> str:
    """As :func:`describe`, for a line of a code object."""
    place = place_name(code.co_filename) or os.path.basename(code.co_filename)
    where = f"line {line or code.co_firstlineno} of {place}"
    return where if code.co_name == "<module>" else f"{code.co_qualname} ({where})"


def name_of(called: object) -> str:
    """What the user would call a function or type: ``sorted``, ``list.sort``, ``functools.partial``."""
    name = getattr(called, "__qualname__", None) or type(called).__qualname__
    module = getattr(called, "__module__", None)
    return f"{module}.{name}" if isinstance(module, str) and module not in ("builtins", "__main__") else name
