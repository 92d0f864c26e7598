"""A table for people: plain text, and HTML without colours of its own, since themes differ."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

HEADINGS = ("name", "type", "size", "verdict", "")

Cells = tuple[str, str, str, str, str]
"""Of one row: under each heading."""


def as_text(table: Sequence[Cells], remarks: Sequence[str]) -> str:
    """For terminals; ``remarks`` stand below it."""
    lines = [HEADINGS, *table]
    widths = [max(len(cells[column]) for cells in lines) for column in range(4)]
    head, *rest = [_line(cells, widths) for cells in lines]
    return "\n".join([head, "-" * len(head), *rest, *remarks])


def _line(cells: Cells, widths: list[int]) -> str:
    name, kind, size, verdict, reason = cells
    columns = (name.ljust(widths[0]), kind.ljust(widths[1]), size.rjust(widths[2]), verdict.ljust(widths[3]))
    return "  ".join((*columns, reason)).rstrip()


def as_html(table: Sequence[Cells], remarks: Sequence[str]) -> str:
    """For notebooks."""
    head = "".join(f"<th>{heading}</th>" for heading in HEADINGS)
    rows = "".join(map(_html_row, table))
    below = "".join(f"<p>{escape(remark)}</p>" for remark in remarks)
    return f"<div><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{below}</div>"


def _html_row(cells: Cells) -> str:
    name, kind, size, verdict, reason = map(escape, cells)
    strong = f"<b>{verdict}</b>" if verdict == "stays" else verdict
    left = "".join(f'<td style="text-align: left">{text}</td>' for text in (strong, reason))
    return (
        f'<tr><td style="text-align: left"><code>{name}</code></td><td>{kind}</td><td>{size}</td>{left}</tr>'
    )
