"""Which variables a cell needs: the names that its code reads, followed through functions into their globals.

The compiler says which names are global to which piece of code, so the byte code is what is read: nested
functions, comprehensions, f-strings and class bodies are code objects like any other.
"""

from __future__ import annotations

import ast
import builtins
import dis
import gc
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from pyteleport_jupyter.frames.generators import generator_frame
from pyteleport_jupyter.frames.priming import PREFIXES
from pyteleport_jupyter.frames.registry import original_code

READS = frozenset({"LOAD_NAME", "LOAD_GLOBAL", "DELETE_NAME", "DELETE_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"})
WRITES = frozenset({"STORE_NAME"})

MAGIC_CALLS = frozenset({"run_line_magic", "run_cell_magic", "system", "getoutput"})
"""Methods of the shell into which IPython turns ``%magic``, ``%%magic`` and ``!command``."""

LONGEST_MAGIC = 100_000
"""Characters of a magic's argument that are searched for names."""

COLLECTIONS = (list, tuple, dict, set, frozenset)

_IDENTIFIER = re.compile(r"[^\W\d]\w*")

SIMPLE = (ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
"""Statements that bind their names for certain when they are over."""


def names_read(cell: str, flags: int = 0) -> tuple[set[str], set[str]]:
    """Global names that ``cell`` (already transformed by IPython) may read before it binds them itself, and
    among them those that only stand in the text of a magic.

    A cell that does not compile reads nothing: the other side says what is wrong with it.
    """
    try:
        tree = ast.parse(cell)
        return _read_in(tree.body, flags)
    except (SyntaxError, ValueError, RecursionError):
        return set(), set()


def _read_in(statements: Iterable[ast.stmt], flags: int) -> tuple[set[str], set[str]]:
    read: set[str] = set()
    mentioned: set[str] = set()
    bound: set[str] = set()
    for statement in statements:
        code = _compiled(statement, flags)
        read |= set(_reads(code)) - bound
        mentioned |= set(_mentioned(statement)) - bound
        if isinstance(statement, SIMPLE):
            bound |= set(_writes(code))
    return read | mentioned, mentioned


def codes_of(cell: str, flags: int = 0) -> list[types.CodeType]:
    """The statements of a cell (already transformed), each compiled; none if it does not compile."""
    try:
        return [_compiled(statement, flags) for statement in ast.parse(cell).body]
    except (SyntaxError, ValueError, RecursionError):
        return []


def _compiled(statement: ast.stmt, flags: int) -> types.CodeType:
    code: types.CodeType = compile(ast.Module([statement], []), "<cell>", "exec", flags, dont_inherit=True)
    return code


def _reads(code: types.CodeType) -> Iterator[str]:
    for each in with_nested(code):
        yield from (i.argval for i in dis.get_instructions(each) if i.opname in READS)


def _writes(code: types.CodeType) -> Iterator[str]:
    return (i.argval for i in dis.get_instructions(code) if i.opname in WRITES)


def with_nested(code: types.CodeType) -> Iterator[types.CodeType]:
    """``code`` and what is defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from with_nested(constant)


def _mentioned(statement: ast.stmt) -> Iterator[str]:
    """Identifiers in the text of magics: which of them are variables, only the magic knows."""
    for node in ast.walk(statement):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in MAGIC_CALLS
        ):
            arguments = node.args[1:] if node.func.attr.startswith("run_") else node.args
            texts = (a.value for a in arguments if isinstance(a, ast.Constant) and isinstance(a.value, str))
            yield from (found for text in texts for found in _IDENTIFIER.findall(text[:LONGEST_MAGIC]))


def needed(names: Iterable[str], namespace: Mapping[str, Any], left_out: Iterable[str]) -> dict[str, Any]:
    """Those of ``names`` that are variables, with what the functions and classes among them need in turn."""
    excluded = {*left_out, *vars(builtins)} - (namespace.keys() - set(left_out))
    found: dict[str, Any] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found or name in excluded or name not in namespace:
            continue
        found[name] = namespace[name]
        waiting += names_of_definition(namespace[name], namespace)
    return found


def names_of_definition(value: Any, namespace: Mapping[str, Any]) -> set[str]:
    """Globals that a function or class of the notebook reads. Of anything else none: see
    :func:`names_of_functions`."""
    found: set[str] = set()
    waiting, seen = [value], set()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, types.FunctionType) and each.__globals__ is namespace:
            found |= set(_reads(each.__code__))
        elif type(each) is type and each.__module__ == "__main__":
            waiting += [*vars(each).values(), *each.__bases__]
    return found


def names_of_functions(objects: Iterable[Any], namespace: Mapping[str, Any]) -> set[str]:
    """Globals that the notebook's functions, and generators that have not ended, among ``objects`` read."""
    codes = {id(code): code for code in map(partial(_code_in, namespace), objects) if code is not None}
    return {name for code in codes.values() for name in _reads(code)}


def _code_in(namespace: Mapping[str, Any], each: Any) -> types.CodeType | None:
    """The code of a function or generator whose globals are the ``namespace``."""
    if type(each) is types.FunctionType:
        return each.__code__ if each.__globals__ is namespace else None
    if type(each) not in PREFIXES:
        return None
    frame = generator_frame(each)
    return original_code(frame.f_code) if frame is not None and frame.f_globals is namespace else None


def names_of_holders(objects: Iterable[Any], variables: Mapping[str, Any]) -> set[str]:
    """Variables that are one of the generators among ``objects``, or a collection of them, or a generator
    that works with one: when it goes on elsewhere, they all need the new one."""
    generators = [each for each in objects if type(each) in PREFIXES]
    if not generators:
        return set()
    ids = {*map(id, generators), *map(id, gc.get_referrers(*generators))}
    kinds = (*COLLECTIONS, *PREFIXES)
    return {name for name, value in variables.items() if id(value) in ids and type(value) in kinds}
