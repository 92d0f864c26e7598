"""Modules of the user's own that travel with a program: by value, as if they were written in it.

A registry of their names, at the bottom of the package: what captures frames and what pickles objects must
not take such a module for one that the target can import.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

_names: frozenset[str] = frozenset()


def is_carried(module: str) -> bool:
    """Whether the module travels by value in the move that is being made, or has come so."""
    return module in _names


def all_carried() -> frozenset[str]:
    """The names of all that travel by value now."""
    return _names


@contextmanager
def carrying(modules: Iterable[str]) -> Iterator[None]:
    """Within the block these modules, and no others, travel by value."""
    global _names
    before, _names = _names, frozenset(modules)
    try:
        yield
    finally:
        _names = before
