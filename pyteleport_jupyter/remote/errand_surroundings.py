"""Environment and module path of a kernel that runs single cells: as the session has them now.

Each cell tells what the session has changed in its own. What it has taken back since the last cell is taken
back here too; what a cell has set here itself stays, as the session cannot know of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

TOLD_BY_CELLS = ("environment", "module path")
"""Surroundings that are set by each cell, and not when the kernel starts: then all that was told is known."""


class ToldSurroundings:
    """What the last cell has changed by telling."""

    def __init__(self) -> None:
        self._variables: dict[str, tuple[str | None, str | None]] = {}
        """Before and after it was told."""
        self._entries: list[str] = []

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Within the block the session tells how it is; what it told before is taken back first."""
        self._take_back()
        variables, entries = dict(os.environ), list(sys.path)
        try:
            yield
        finally:
            now = dict(os.environ)
            self._variables = {
                name: (variables.get(name), now.get(name))
                for name in variables.keys() | now.keys()
                if variables.get(name) != now.get(name)
            }
            self._entries = [entry for entry in sys.path if entry not in entries]

    def _take_back(self) -> None:
        for name, (before, after) in self._variables.items():
            if os.environ.get(name) != after:
                continue  # A cell has set it since.
            if before is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = before
        told = set(self._entries)
        sys.path[:] = [entry for entry in sys.path if entry not in told]
        self._variables, self._entries = {}, []
