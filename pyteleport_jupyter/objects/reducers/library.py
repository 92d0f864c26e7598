"""Types of the standard library and of numpy that pickle refuses or cannot find by name."""

from __future__ import annotations

import csv
import functools
import gc
import importlib
import random
import re
import struct
import sys
import typing
from types import SimpleNamespace
from typing import Any

from pyteleport_jupyter.objects import names
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces


@reduces(object)
def reduce_plain(obj: object, reduction: Reduction) -> Any:
    """``object()``: a sentinel of a module by name, any other one anew."""
    return reduction.sentinel(obj) or (object, ())


@reduces(re.Match)
def reduce_match(match: re.Match[str], reduction: Reduction) -> Any:
    """The search that found it, made again there."""
    for method in ("match", "search", "fullmatch"):
        given = (match.re, method, match.string, match.pos, match.endpos)
        again = make_match(*given)
        if again is not None and again.regs == match.regs:
            return make_match, given
    start = (match.re, "match", match.string, match.start(), match.endpos)
    again = make_match(*start)
    if again is None or again.regs != match.regs:
        raise CannotMove("the search that found it cannot be told from the result")
    return make_match, start


def make_match(
    pattern: re.Pattern[str], method: str, text: str, start: int, end: int
) -> re.Match[str] | None:
    """Search again."""
    found: re.Match[str] | None = getattr(pattern, method)(text, start, end)
    return found


@reduces("re._constants._NamedIntConstant")
def reduce_pattern_constant(constant: Any, reduction: Reduction) -> Any:
    """By name: while a pattern is compiled they are compared with ``is``."""
    reduction.modules.add("re._constants")
    return names.find_variable, ("re._constants", constant.name)


@reduces(struct.Struct)
def reduce_struct(compiled: struct.Struct, reduction: Reduction) -> Any:
    """Its format."""
    return struct.Struct, (compiled.format,)


@reduces(typing.TypeVar, typing.ParamSpec, typing.TypeVarTuple)
def reduce_type_parameter(parameter: Any, reduction: Reduction) -> Any:
    """By name if a module holds it, else made again, with bound, constraints, variance and default (those of
    ``def f[T: A]`` are evaluated for it, if they can be by now)."""
    given = (parameter.__name__, parameter.__module__, _evaluated(parameter, "__constraints__") or ())
    return _named_typing(parameter, reduction) or (
        make_type_parameter,
        (type(parameter), *given, _settings_of(parameter)),
    )


def make_type_parameter(
    kind: Any, name: str, module: str | None, constraints: tuple[Any, ...], settings: dict[str, Any]
) -> Any:
    """``T`` of ``def f[T]``, or what ``typing.TypeVar`` and its kin make."""
    made = kind(name, *constraints, **settings)
    made.__module__ = module
    return made


SETTINGS = {
    "bound": "__bound__", "covariant": "__covariant__", "contravariant": "__contravariant__",
    "infer_variance": "__infer_variance__", "default": "__default__",
}  # fmt: skip
"""Arguments that make type parameters, and the attributes that tell them: which ones depends on minor and
kind."""


def _settings_of(parameter: Any) -> dict[str, Any]:
    found = {argument: _evaluated(parameter, name) for argument, name in SETTINGS.items()}
    absent = (None, False)
    return {
        argument: value
        for argument, value in found.items()
        if (value is not NO_DEFAULT if argument == "default" else not any(value is each for each in absent))
    }


NO_DEFAULT = getattr(typing, "NoDefault", None)


def _evaluated(parameter: Any, attribute: str) -> Any:
    missing = NO_DEFAULT if attribute == SETTINGS["default"] else None
    try:
        return getattr(parameter, attribute, missing)
    except Exception:  # what was written there is code of the user's: a name that is not known yet
        return missing


@reduces(typing.NewType)
def reduce_new_type(made: Any, reduction: Reduction) -> Any:
    """As type parameters."""
    state = {"__module__": made.__module__, "__qualname__": made.__qualname__}
    return _named_typing(made, reduction) or (typing.NewType, (made.__name__, made.__supertype__), state)


@reduces("typing.TypeAliasType")
def reduce_type_alias(alias: Any, reduction: Reduction) -> Any:
    """As type parameters (3.12 and later)."""
    given = (alias.__name__, alias.__value__)
    return _named_typing(alias, reduction) or (make_type_alias, (*given, alias.__type_params__))


def make_type_alias(name: str, value: Any, parameters: tuple[Any, ...]) -> Any:
    """``type name[parameters] = value``."""
    return typing.TypeAliasType(name, value, type_params=parameters)  # type: ignore[attr-defined]


def _named_typing(obj: Any, reduction: Reduction) -> str | None:
    module: str | None = getattr(obj, "__module__", None)
    held: Any = getattr(sys.modules.get(module or ""), obj.__name__, None)
    if module is None or module == "__main__" or held is not obj:
        return None
    reduction.modules.add(module)
    return str(obj.__name__)


@reduces("_csv.writer")
def reduce_csv_writer(writer: Any, reduction: Reduction) -> Any:
    """A writer in the same dialect, to the file that travels."""
    # It keeps the bound method ``write`` and the dialect, which only the collector is shown.
    write = next(part for part in gc.get_referents(writer) if callable(part) and not isinstance(part, type))
    dialect = {name: getattr(writer.dialect, name) for name in CSV_SETTINGS}
    return make_csv_writer, (write, dialect)


CSV_SETTINGS = (
    "delimiter", "doublequote", "escapechar", "lineterminator", "quotechar", "quoting", "skipinitialspace",
    "strict",
)  # fmt: skip


def make_csv_writer(write: Any, dialect: dict[str, Any]) -> Any:
    """``csv.writer``, which wants something that has a method ``write``."""
    return csv.writer(SimpleNamespace(write=write), **dialect)


@reduces(type(functools.cmp_to_key(lambda a, b: 0)))
def reduce_comparison_key(key: Any, reduction: Reduction) -> Any:
    """``functools.cmp_to_key``: its function, and the object it was called with."""
    compare = next(part for part in gc.get_referents(key) if callable(part) and not isinstance(part, type))
    return (compare_by, (compare, key.obj)) if hasattr(key, "obj") else (functools.cmp_to_key, (compare,))


def compare_by(compare: Any, obj: Any) -> Any:
    """A key for ``obj``."""
    return functools.cmp_to_key(compare)(obj)


@reduces(
    "sys.version_info", "sys.float_info", "sys.int_info", "sys.hash_info", "sys.thread_info", "sys.flags"
)
def reduce_facts(facts: Any, reduction: Reduction) -> Any:
    """What `sys` says of the interpreter: that of the interpreter there."""
    name = type(facts).__qualname__
    return (names.find_variable, ("sys", name)) if getattr(sys, name, None) is facts else NotImplemented


@reduces(random.SystemRandom)
def reduce_system_random(source: Any, reduction: Reduction) -> Any:
    """It has no state."""
    return random.SystemRandom, ()


@reduces("_json.Scanner")
def reduce_scanner(scanner: Any, reduction: Reduction) -> Any:
    """The part of a ``json.JSONDecoder`` that is written in C: its settings."""
    return make_scanner, ({name: getattr(scanner, name) for name in SCANNER_SETTINGS},)


SCANNER_SETTINGS = (
    "strict", "object_hook", "object_pairs_hook", "parse_float", "parse_int", "parse_constant",
)  # fmt: skip


def make_scanner(settings: dict[str, Any]) -> Any:
    """What ``json.JSONDecoder`` makes for itself."""
    make: Any = importlib.import_module("json.scanner").c_make_scanner
    return make(SimpleNamespace(**settings))
