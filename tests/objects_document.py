"""Writes docs/OBJECTS.md from the table of reducers: ``python tests/objects_document.py``."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "OBJECTS.md"

HEAD = """# What travels, and how

This page is made from the table of reducers (`pyteleport_jupyter/objects/reducers`) by `python tests/objects_document.py`.

All variables, the stack and the state of the shell go through *one* pickle (protocol 5) with one memo: names for one object
stay names for one object, and cycles, shared cells and views of one array stay what they are. What is importable on both sides travels
by name; what exists here only (functions and classes of the notebook, its own modules) by value. What pickle can do by itself
needs no line here: numbers, texts, containers, dataclasses, named tuples, dates, paths, and most objects of most packages. Which
of them were tried is in [COMPATIBILITY.md](COMPATIBILITY.md).

An object that cannot move is named, with the path to it and the reason, and nothing has changed then. What was restored is compared with
what was there: a digest of samples of each variable is taken on both sides, and the cell says which are not the same. Plain data, arrays,
tables, functions and attributes are compared; of most other objects of libraries only the type is, and of what is made again when the cell goes
on (files, locks, tasks) nothing.

Whether a file or database is the same one there turns out when the session is restored there, before the cut. If it is not, the move
is refused with its name and the session goes on here. With `--leave` a tombstone takes its place, and that of whatever hangs on it (a view of a
mapped array, a cursor, a method); stderr of the cell says so. What the running code is using is never left.

Instances of your own subclasses of containers, dates, numbers and exceptions are made by the code of their base: `__init__`, `__new__` and
`__setitem__` of yours have done their work and are not called a second time. An object stays where its class has to stay.
What no pickle keeps is not kept here either: a NaN that is the key of a dict is found by going through it, not by looking it up, since it is found by identity.

## Your own types

```python
from pyteleport_jupyter import reduces, before_leave, after_arrive

@reduces(Camera)                       # as copyreg.pickle, for moves only; also "package.module.Camera"
def carry(camera):
    return Camera, (camera.port,)      # a callable and its arguments, as __reduce__ returns them

class Probe:
    def __teleport_reduce__(self):     # the same, as a method
        return Probe, (self.address,)

@before_leave                          # called when nothing has been sent; if it raises, nothing moves
def close():
    database.close()
    return open_again                  # called here if the move fails

@after_arrive                          # called there, before the cell goes on
def open_again(): ...
```

All of this travels too, so that it works in the next move. `reduces(..., subclasses=True)` counts for subclasses.
A reducer that raises, or returns what pickle cannot use, refuses the move, and is named.
"""


def page() -> str:
    """The whole page."""
    from pyteleport_jupyter.objects import table
    from pyteleport_jupyter.objects.reducers import SUBJECTS, fill_table

    fill_table()
    rows = [row for row in table.rows() if row.reducer.__module__.startswith("pyteleport_jupyter.objects.")]
    order = {subject: number for number, subject in enumerate(SUBJECTS)}

    def subject(row: table.Row) -> str:
        at = row.reducer.__module__.rpartition(".")[2]
        return at if at in order else "refused"

    rows.sort(key=lambda row: order[subject(row)])
    return HEAD + "".join(_section(name, list(part)) for name, part in groupby(rows, subject))


def _section(subject: str, rows: list) -> str:  # type: ignore[type-arg]
    module = sys.modules[f"pyteleport_jupyter.objects.reducers.{subject}"]
    title, *rest = map(plain, inspect.cleandoc(module.__doc__ or "").split("\n\n"))
    paragraphs = "".join(f"{part}\n\n" for part in rest)
    lines = "".join(f"| {line} |\n" for line in _lines(rows))
    return f"\n## {title.rstrip('.')}\n\n{paragraphs}| type | how |\n|---|---|\n{lines}"


def _lines(rows: list) -> Iterator[str]:  # type: ignore[type-arg]
    for reducer, part in groupby(rows, lambda row: row.reducer):
        kinds = ", ".join(f"`{_name(row.kind)}`" for row in part)
        yield f"{kinds} | {plain(reducer.__doc__ or '')}"


def plain(docstring: str) -> str:
    """One line of Markdown."""
    line = " ".join(docstring.replace("``", "`").split())
    return re.sub(r":\w+:`[~.]*([^`]+)`", r"`\1`", line)


def _name(kind: type | str) -> str:
    if isinstance(kind, str):
        return kind
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    DOCUMENT.write_text(page())
