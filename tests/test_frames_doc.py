"""The example of docs/FRAMES.md runs, and the page speaks of every kind of action there is a name for."""

from __future__ import annotations

import doctest
from pathlib import Path

from pyteleport_jupyter.frames.snapshot import Kind

PAGE = Path(__file__).parent.parent / "docs" / "FRAMES.md"


def test_the_example_does_what_it_says() -> None:
    outcome = doctest.testfile(str(PAGE), module_relative=False, verbose=False)
    assert outcome.attempted > 10
    assert outcome.failed == 0


def test_the_kinds_that_are_named_exist() -> None:
    table = PAGE.read_text().partition("## The kinds of action")[2].partition("## The second move")[0]
    first_cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {name for cell in first_cells for name in cell.split("`")[1::2]}
    assert named
    assert named <= set(Kind.__members__)
