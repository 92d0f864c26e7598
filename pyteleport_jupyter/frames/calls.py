"""Functions made from code objects."""

from __future__ import annotations

from types import CellType, CodeType, FunctionType
from typing import Any


def bare_function(
    code: CodeType, global_names: dict[str, Any], closure: tuple[CellType, ...] | None
) -> FunctionType:
    """A function of ``code`` that can be called without arguments; all of them are then None."""
    function = FunctionType(code, global_names, code.co_name, (None,) * code.co_argcount, closure)
    names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    function.__kwdefaults__ = dict.fromkeys(names)
    function.__qualname__ = code.co_qualname
    return function
