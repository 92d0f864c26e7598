"""What :mod:`.verification` looks at in objects of C and of libraries, which say themselves how they are
pickled: parts by which a wrong one is noticed, few and cheap.

Of memory only samples are looked at, and nothing here runs code of the user.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from pyteleport_jupyter.objects import names

Look = Callable[[Any], list[Any]]
"""The parts of an object: plain data, arrays, and other objects of the session."""

FEW = 16
"""So many elements are looked at, at each end."""


def _of_table(table: Any) -> list[Any]:
    return [list(table.shape), *_ends(table.columns), *_ends(table.index), *map(_of_block, table._mgr.arrays)]


def _of_column(column: Any) -> list[Any]:
    return [len(column), str(column.dtype), *_ends(column.index), _of_block(column.array)]


def _of_labels(labels: Any) -> list[Any]:
    return [len(labels), str(labels.dtype), list(map(str, labels.names)), *_ends(labels)]


def _of_block(block: Any) -> Any:
    """Memory of a table: an array of numpy, or something like it of a library."""
    inner = getattr(block, "_ndarray", block)
    return inner if type(inner).__module__ == "numpy" else [len(block), str(block.dtype), *_ends(block)]


def _ends(sequence: Any) -> list[Any]:
    return [_word(each) for part in (sequence[:FEW], sequence[-FEW:]) for each in part]


def _word(value: Any) -> str:
    """Objects of the user, which may stand in a table, are not asked what they are."""
    if type(value) is tuple:
        return " ".join(map(_word, value))
    return str(value) if type(value).__module__ in PLAIN else ""


PLAIN = ("builtins", "numpy", "datetime", "decimal")
"""Modules whose objects, but for containers, show what they are."""


def _of_frame_of_polars(frame: Any) -> list[Any]:
    facts = [list(frame.shape), list(map(str, frame.dtypes)), list(frame.columns)]
    return [*facts, *(_of_series_of_polars(column) for column in frame.get_columns()[:FEW])]


def _of_series_of_polars(series: Any) -> list[Any]:
    return [len(series), str(series.dtype), series.name, *map(_word, series.head(FEW).to_list())]


def _of_tensor(tensor: Any) -> list[Any]:
    """Not its device, which the host there may lack."""
    facts = [list(tensor.shape), str(tensor.dtype)]
    if tensor.is_sparse or tensor.is_quantized or tensor.device.type == "meta":
        return facts
    few = tensor.detach().reshape(-1)[:FEW].tolist() if tensor.is_contiguous() else ()
    return [*facts, str(few)]


def _of_moment(moment: Any) -> list[Any]:
    zone = getattr(moment, "tzinfo", None)
    return [str(moment if zone is None else moment.replace(tzinfo=None)), zone is None]


def _of_text(value: Any) -> list[Any]:
    return [str(value)]


LOOKS: dict[tuple[str, str], Look] = {
    ("pandas", "DataFrame"): _of_table,
    ("pandas", "Series"): _of_column,
    ("pandas", "Index"): _of_labels,
    ("polars", "DataFrame"): _of_frame_of_polars,
    ("polars", "Series"): _of_series_of_polars,
    ("torch", "Tensor"): _of_tensor,
    ("numpy.random", "Generator"): lambda generator: [generator.bit_generator.state],
    ("numpy.random", "RandomState"): lambda state: [state.get_state(legacy=False)],
    ("numpy", "generic"): lambda scalar: [
        scalar.dtype.str,
        b"" if scalar.dtype.hasobject else scalar.tobytes(),
    ],
    ("random", "Random"): lambda generator: list(generator.getstate()[1][-FEW:]),
    ("datetime", "date"): _of_moment,
    ("datetime", "time"): _of_moment,
    ("datetime", "timedelta"): _of_text,
    ("decimal", "Decimal"): _of_text,
    ("fractions", "Fraction"): _of_text,
    ("uuid", "UUID"): _of_text,
    ("pathlib", "PurePath"): _of_text,
    ("re", "Pattern"): lambda pattern: [pattern.pattern, pattern.flags],
    ("enum", "Enum"): lambda member: [str(member._name_)],
    ("functools", "partial"): lambda made: [made.func, made.args, made.keywords],
    ("types", "MethodType"): lambda method: [method.__func__, method.__self__],
    ("builtins", "range"): lambda numbers: [numbers.start, numbers.stop, numbers.step],
    ("builtins", "slice"): lambda part: [part.start, part.stop, part.step],
    ("array", "array"): lambda array: [
        array.typecode,
        len(array),
        array[:FEW].tobytes(),
        array[-FEW:].tobytes(),
    ],
}
"""By module and name of the class; a module that is not loaded has no objects."""


def look_of(kind: type) -> Look | None:
    """What is looked at in objects of this type; None where that is for others to know."""
    for (module, name), look in LOOKS.items():
        wanted = getattr(sys.modules.get(module), name, None)
        if isinstance(wanted, type) and issubclass(kind, wanted) and _is_of_library(kind):
            return look
    return None


def _is_of_library(kind: type) -> bool:
    """Whether all that is called is of the interpreter or of a package, and not of the notebook."""
    return names.home_module(kind) is not None or kind.__module__ == "builtins"
