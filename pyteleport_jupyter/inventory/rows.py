"""An inventory as data: a row for each variable, and one for each object that stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pyteleport_jupyter.inventory import rendering

Verdict = Literal["moves", "rebuilt", "stays"]


@dataclass(frozen=True)
class Row:
    """One variable, or an object that stays inside of one.

    ``nbytes``: what it takes on the way, about and without compression; what several share is counted with
    the first. ``reason`` says how it is rebuilt, or why it stays. ``path`` is the way from the variable to
    the object, as Python would write it (``['deep'][1]['s']``); empty if it is the variable itself.
    """

    name: str
    type: str
    nbytes: int
    verdict: Verdict
    reason: str = ""
    path: str = ""


@dataclass(frozen=True)
class Plan:
    """Rows, in the order of the variables; what stays inside a variable comes behind it.

    ``nbytes``: of all that would travel. ``rate``: bytes per second that an earlier move to ``target``
    measured, None if none did. ``notes``: sentences about what else the user should know.
    """

    rows: tuple[Row, ...]
    target: str | None = None
    nbytes: int = 0
    rate: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float | None:
        """Expected on this link for the bytes alone; None if its rate is not known."""
        return self.nbytes / self.rate if self.rate else None

    @property
    def stays(self) -> tuple[Row, ...]:
        """The rows of what cannot move or was left out."""
        return tuple(row for row in self.rows if row.verdict == "stays")

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Row:
        return self.rows[index]

    def __repr__(self) -> str:
        return rendering.as_text(self)

    def _repr_html_(self) -> str:
        return rendering.as_html(self)
