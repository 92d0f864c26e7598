"""Functions of numpy and scipy that work on whole arrays, and places in arrays."""

from __future__ import annotations

import gc
import importlib
import sys
from collections import deque
from collections.abc import Iterator
from itertools import islice
from types import ModuleType
from typing import Any

from pyteleport_jupyter.objects import names
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces

PUBLIC = ("numpy", "scipy.special")
"""Modules that are asked first: others hold the same functions under names that may change."""


@reduces("numpy.ufunc", "scipy.special._multiufuncs.MultiUFunc")
def reduce_array_function(function: Any, reduction: Reduction) -> Any:
    """By name; what ``numpy.frompyfunc`` made, with its function."""
    name = function.__name__
    for module in _modules():
        if vars(sys.modules[module]).get(name) is function:
            reduction.modules.add(module)
            return names.find_variable, (module, name)
    inside = [part for part in gc.get_referents(function) if callable(part)]
    if len(inside) != 1 or not hasattr(function, "nin"):
        raise CannotMove("no module holds it under its name")
    return make_array_function, (inside[0], function.nin, function.nout, function.identity)


def _modules() -> Iterator[str]:
    for name in (*PUBLIC, *list(sys.modules)):
        if type(sys.modules.get(name)) is ModuleType and names.is_importable_module(name):
            yield name


def make_array_function(function: Any, takes: int, gives: int, identity: Any) -> Any:
    """``numpy.frompyfunc``."""
    options = {} if identity is None else {"identity": identity}
    return importlib.import_module("numpy").frompyfunc(function, takes, gives, **options)


@reduces("numpy.flatiter")
def reduce_place(place: Any, reduction: Reduction) -> Any:
    """What ``array.flat`` gives: the array that travels, and how far one has come."""
    return make_place, (place.base, place.index)


def make_place(array: Any, index: int) -> Any:
    """``array.flat``, advanced to ``index``."""
    place = array.flat
    deque(islice(place, index), maxlen=0)
    return place
