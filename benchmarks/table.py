"""What the benchmarks print."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

HEADINGS = ("what", "ours", "compared with", "", "goal", "")


@dataclass(frozen=True)
class Row:
    """One comparison."""

    what: str
    ours: str
    peer: str
    """What it is compared with."""
    outcome: str
    """Ratio or difference."""
    goal: str
    reached: bool

    def cells(self) -> tuple[str, ...]:
        """As text, in the order of ``HEADINGS``."""
        verdict = "reached" if self.reached else "MISSED"
        return (self.what, self.ours, self.peer, self.outcome, self.goal, verdict)


def spread(values: Sequence[float], unit: str, digits: int = 2) -> str:
    """``MEDIAN [MIN..MAX] UNIT``."""
    middle = statistics.median(values)
    return f"{middle:.{digits}f} [{min(values):.{digits}f}..{max(values):.{digits}f}] {unit}"


def show(rows: Sequence[Row]) -> str:
    """The table as aligned text."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    texts = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    return "\n".join([texts[0], "-" * len(texts[0].rstrip()), *texts[1:]])


def markdown(rows: Sequence[Row]) -> str:
    """The table as the README has it."""
    lines = ["| | ours | compared with | goal |", "|---|---|---|---|"]
    lines += [f"| {row.what} | {row.ours} | {row.peer} | {_in_words(row)} |" for row in rows]
    return "\n".join(lines)


def _in_words(row: Row) -> str:
    outcome = row.outcome if row.reached else f"**{row.outcome or row.ours}, missed**"
    return f"{row.goal}: {outcome}" if outcome not in ("", row.goal) else row.goal
