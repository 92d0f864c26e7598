"""What several hosts have made of one variable, where they agree: then it is no conflict."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Any

from pyteleport_jupyter.errands.arrival import Arrived

PLAIN = (type(None), bool, int, str, bytes)


def agreed(arrived: Iterable[Arrived], names: Iterable[str]) -> set[str]:
    """Those of ``names`` that all who changed them have bound to the same module, to equal plain values, or
    have deleted."""
    there = list(arrived)
    return {name for name in names if _agree(name, [each for each in there if name in each.names])}


def _agree(name: str, there: list[Arrived]) -> bool:
    if all(name in each.deleted for each in there):
        return True
    if not all(name in each.namespace for each in there):
        return False
    first, *others = (each.namespace[name] for each in there)
    return all(_same(first, other) for other in others)


def _same(one: Any, other: Any) -> bool:
    """Whether nobody can tell them apart: of objects that can be changed there is one for each host."""
    if type(one) is not type(other):
        return False
    if isinstance(one, ModuleType):
        return one is other
    if type(one) is float:
        # Zeros have signs, and what is no number is not equal to itself.
        return repr(one) == repr(other)
    if type(one) is tuple:
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) in PLAIN and bool(one == other)
