"""The one line that says what a cell elsewhere took and brought; in a notebook a display, updated."""

from __future__ import annotations

import sys
import time
import uuid
from typing import Any, Protocol

from pyteleport_jupyter.errands.outputs import ParentOutputs, parent_of


class Report(Protocol):
    """What is told of one errand."""

    def stage(self, name: str) -> None:
        """A stage of starting the kernel there begins."""

    def failed(self, ran: bool = False) -> None:
        """Nothing came of it, though it may have ``ran``; who shows the error says why."""

    def say(self, text: str, facts: dict[str, Any] | None = None) -> None:
        """Show ``text`` in place of what was shown; the last one has ``facts`` for front ends."""


class Stages:
    """Those of starting a kernel, with the time that each has taken."""

    def __init__(self) -> None:
        self._finished: list[str] = []
        self._current = ""
        self._since = 0.0

    def begin(self, name: str) -> str:
        """One begins, and the one before is over; all in words."""
        self.end()
        self._current, self._since = name, time.monotonic()
        return " · ".join([*self._finished, name])

    def end(self) -> str:
        """The last is over; all in words."""
        if self._current:
            self._finished.append(f"{self._current} {time.monotonic() - self._since:.1f} s")
            self._current = ""
        return " · ".join(self._finished)


class CellReport:
    """That in a notebook's cell. Quiet, it says nothing."""

    def __init__(self, kernel: Any, host: str, quiet: bool = False) -> None:
        self.host = host
        self._parent = parent_of(kernel)
        self._outputs = ParentOutputs(kernel, self._parent)
        self._quiet = quiet
        self._display_id = f"pyteleport-{uuid.uuid4().hex}"
        self._opened = False
        self._failed = False
        self._stages = Stages()

    def stage(self, name: str) -> None:
        """See :class:`Report`."""
        self.say(f"running on {self.host}: {self._stages.begin(name)} …")

    def failed(self, ran: bool = False) -> None:
        """See :class:`Report`."""
        stages = self._stages.end()
        if self._opened and not self._failed:
            self._failed = True
            self.say(
                f"nothing came back from {self.host}" if ran else f"did not run on {self.host} ({stages})"
            )

    def say(self, text: str, facts: dict[str, Any] | None = None) -> None:
        """See :class:`Report`."""
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
