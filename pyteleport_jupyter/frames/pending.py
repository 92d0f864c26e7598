"""Objects that can only be made in the ``Context`` of the running cell, long after all others: what stands
for them until then, and how they get into its place."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from types import CellType
from typing import Any


class Pending:
    """Stands for one such object."""


def put_in_place(pending: Pending, made: object) -> None:
    """Let all dicts, lists, cells and attributes that hold ``pending`` hold ``made`` instead.

    Values that a frame has still to fetch are in lists. Tuples and sets do not change, and keep it.
    """
    # No comprehension here: ``pending`` would be in a cell, and that would be a holder too.
    for holder in gc.get_referrers(pending):
        if type(holder) is CellType:
            holder.cell_contents = made
        elif isinstance(holder, list):
            _replace(holder, enumerate(holder), pending, made)
        else:
            content = holder if isinstance(holder, dict) else _attributes(holder)
            _replace(content, content.items(), pending, made)


def _attributes(holder: object) -> dict[Any, Any]:
    """From 3.13 on an object can be the one that refers to its attributes, without a dict."""
    found = getattr(holder, "__dict__", None)
    return found if isinstance(found, dict) else {}


def _replace(content: Any, pairs: Iterable[tuple[Any, object]], pending: Pending, made: object) -> None:
    for key, value in list(pairs):
        if value is pending:
            content[key] = made
