"""The one line that says what a cell elsewhere took and brought: a display, updated in place."""

from __future__ import annotations

import sys
import time
import uuid
from typing import Any

from pyteleport_jupyter.errands.outputs import ParentOutputs, parent_of
from pyteleport_jupyter.errors import TeleportError


class Report:
    """One for each errand. Quiet, it says nothing."""

    def __init__(self, kernel: Any, host: str, quiet: bool = False) -> None:
        self.host = host
        self._parent = parent_of(kernel)
        self._outputs = ParentOutputs(kernel, self._parent)
        self._quiet = quiet
        self._display_id = f"pyteleport-{uuid.uuid4().hex}"
        self._opened = False
        self._failed = False
        self._finished: list[str] = []
        self._current = ""
        self._since = 0.0

    def stage(self, name: str) -> None:
        """A stage of starting the kernel there begins."""
        self._finish_stage()
        self._current, self._since = name, time.monotonic()
        self.say(f"running on {self.host}: {' · '.join([*self._finished, name])} …")

    def _finish_stage(self) -> None:
        if self._current:
            self._finished.append(f"{self._current} {time.monotonic() - self._since:.1f} s")
            self._current = ""

    def failed(self, error: TeleportError | None = None) -> None:
        """Nothing came of it; who shows the error says why."""
        self._finish_stage()
        if self._opened and not self._failed:
            self._failed = True
            self.say(f"did not run on {self.host} ({' · '.join(self._finished)})")

    def say(self, text: str, facts: dict[str, Any] | None = None) -> None:
        """Show ``text`` in place of what was shown; ``facts`` are for front ends that know us."""
        if self._quiet:
            return
        kind = "update_display_data" if self._opened else "display_data"
        if not self._opened:
            # What the cell has printed so far stays above the line.
            sys.stdout.flush()
            sys.stderr.flush()
        self._opened = True
        metadata = {"pyteleport": {"host": self.host, **(facts or {})}}
        self._outputs.send(
            kind,
            {
                "data": {"text/plain": text},
                "metadata": metadata,
                "transient": {"display_id": self._display_id},
            },
        )
