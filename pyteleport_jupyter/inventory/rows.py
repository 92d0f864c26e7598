"""An inventory as data: a row for each variable, and one for each object that stays; and as people read it.

Names and types come from the user's session, so all are cleaned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pyteleport_jupyter.errors import clean
from pyteleport_jupyter.inventory.rendering import Cells, as_html, as_text
from pyteleport_jupyter.quantities import bytes_in_words, seconds_in_words

Verdict = Literal["moves", "rebuilt", "stays"]

SHOWN = 50
"""Most rows shown; as data all are there."""
WIDEST = 40
_ORDER = {"stays": 0, "rebuilt": 1, "moves": 1}


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
        return as_text(_table(self), _remarks(self))

    def _repr_html_(self) -> str:
        return as_html(_table(self), _remarks(self))


def _table(plan: Plan) -> list[Cells]:
    """What stays first, then the largest."""
    ordered = sorted(plan.rows, key=lambda row: (_ORDER[row.verdict], -row.nbytes))
    return [_cells(row) for row in ordered[:SHOWN]]


def _cells(row: Row) -> Cells:
    size = bytes_in_words(row.nbytes) if row.nbytes else ""
    name = _short(f"{row.name}{row.path}")
    return name, _short(public_type(row.type)), size, row.verdict, clean(row.reason).replace("\n", " ")


def _short(text: str) -> str:
    text = clean(text).replace("\n", " ")
    return text if len(text) <= WIDEST else f"{text[: WIDEST // 2]}…{text[-WIDEST // 2 + 1 :]}"


def public_type(kind: str) -> str:
    """``pandas.DataFrame`` for ``pandas.core.frame.DataFrame``."""
    parts = kind.split(".")
    return kind if len(parts) < 3 or "<" in kind else f"{parts[0]}.{parts[-1]}"


def _remarks(plan: Plan) -> list[str]:
    more = len(plan.rows) - SHOWN
    remarks = [f"and {more} more, all of them smaller"] if more > 0 else []
    return [*remarks, _summary(plan), *map(clean, plan.notes)]


def _summary(plan: Plan) -> str:
    """``12 variables, 80.0 MB: about 6 s to cartesius at 12.5 MB/s; 1 object cannot come along``."""
    names = {row.name for row in plan.rows if row.name.isidentifier()}
    text = f"{_counted(len(names), 'variable')}, {bytes_in_words(plan.nbytes)}"
    if plan.seconds is not None and plan.rate:
        rate = f"{bytes_in_words(int(plan.rate))}/s"
        text += f": about {seconds_in_words(plan.seconds)} to {plan.target} at {rate}"
    if plan.stays:
        text += f"; {_counted(len(plan.stays), 'object')} cannot come along"
    return text


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
