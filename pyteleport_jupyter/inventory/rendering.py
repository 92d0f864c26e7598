"""A plan for people: plain text, and HTML without colours of its own, since themes differ.

Names and types come from the user's session, so all are cleaned and escaped.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from pyteleport_jupyter.errors import clean
from pyteleport_jupyter.progress import bytes_in_words

if TYPE_CHECKING:
    from pyteleport_jupyter.inventory.rows import Plan, Row

SHOWN = 50
"""Most rows shown; as data all are there."""
WIDEST = 40
HEADINGS = ("name", "type", "size", "verdict", "")
_ORDER = {"stays": 0, "rebuilt": 1, "moves": 1}

Cells = tuple[str, str, str, str, str]


def as_text(plan: Plan) -> str:
    """A table for terminals."""
    table = [HEADINGS, *map(_cells, _chosen(plan))]
    widths = [max(len(line[column]) for line in table) for column in range(4)]
    lines = [_line(line, widths) for line in table]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:], *_remarks(plan)])


def _line(cells: Cells, widths: list[int]) -> str:
    name, kind, size, verdict, reason = cells
    columns = (name.ljust(widths[0]), kind.ljust(widths[1]), size.rjust(widths[2]), verdict.ljust(widths[3]))
    return "  ".join((*columns, reason)).rstrip()


def as_html(plan: Plan) -> str:
    """A table for notebooks."""
    head = "".join(f"<th>{heading}</th>" for heading in HEADINGS)
    rows = "".join(_html_row(_cells(row)) for row in _chosen(plan))
    remarks = "".join(f"<p>{escape(remark)}</p>" for remark in _remarks(plan))
    return f"<div><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{remarks}</div>"


def _html_row(cells: Cells) -> str:
    name, kind, size, verdict, reason = map(escape, cells)
    strong = f"<b>{verdict}</b>" if verdict == "stays" else verdict
    left = "".join(f'<td style="text-align: left">{text}</td>' for text in (strong, reason))
    return (
        f'<tr><td style="text-align: left"><code>{name}</code></td><td>{kind}</td><td>{size}</td>{left}</tr>'
    )


def _chosen(plan: Plan) -> list[Row]:
    """What stays first, then the largest."""
    ordered = sorted(plan.rows, key=lambda row: (_ORDER[row.verdict], -row.nbytes))
    return ordered[:SHOWN]


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
    return [*remarks, summary(plan), *map(clean, plan.notes)]


def summary(plan: Plan) -> str:
    """``12 variables, 80.0 MB: about 6 s to cartesius at 12.5 MB/s; 1 object stays``."""
    names = {row.name for row in plan.rows if row.name.isidentifier()}
    text = f"{_counted(len(names), 'variable')}, {bytes_in_words(plan.nbytes)}"
    if plan.seconds is not None and plan.rate:
        rate = f"{bytes_in_words(int(plan.rate))}/s"
        text += f": about {time_in_words(plan.seconds)} to {plan.target} at {rate}"
    if plan.stays:
        text += f"; {_counted(len(plan.stays), 'object')} cannot come along"
    return text


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def time_in_words(seconds: float) -> str:
    """``0.4 s``, ``6 s``, ``4 min``, ``2.5 h``; what is hardly any: ``0.1 s``."""
    seconds = max(seconds, 0.1)
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
