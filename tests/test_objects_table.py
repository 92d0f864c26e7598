"""The table of reducers is open to users, and says what it holds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from objects_document import DOCUMENT, page, plain
from objects_travel import Far

from pyteleport_jupyter.objects import Reduction, reduces, refuses, table
from pyteleport_jupyter.objects.reducers import fill_table

pytest_plugins = ["objects_fixtures"]
Move = Callable[..., Far]


@pytest.fixture
def own_table(monkeypatch: pytest.MonkeyPatch) -> None:
    fill_table()
    monkeypatch.setattr(table, "_rows", dict(table._rows))


@pytest.mark.usefixtures("own_table")
def test_users_can_enter_a_reducer(move: Move) -> None:
    @reduces("fractions.Fraction")
    def reduce_fraction(fraction: Any, reduction: Reduction) -> Any:
        return complex, (fraction.numerator, fraction.denominator)

    far = move("from fractions import Fraction\nx = [Fraction(1, 2)]")
    assert far("x") == "[(1+2j)]"


@pytest.mark.usefixtures("own_table")
def test_nearest_class_wins() -> None:
    class Base: ...

    class Middle(Base): ...

    class Last(Middle): ...

    reduces(Base, subclasses=True)(first := lambda obj, reduction: "base")
    assert table.reducer_for(Last) is first
    reduces(Middle)(second := lambda obj, reduction: "middle")
    assert (table.reducer_for(Middle), table.reducer_for(Last)) == (second, first)


@pytest.mark.usefixtures("own_table")
def test_refused_with_a_reason() -> None:
    refuses("for a reason", "fractions.Fraction")
    from fractions import Fraction

    reducer = table.reducer_for(Fraction)
    assert reducer is not None
    with pytest.raises(table.CannotMove, match="for a reason"):
        reducer(Fraction(1), None)  # type: ignore[arg-type]


def test_every_reducer_says_what_it_does() -> None:
    fill_table()
    nameless = [row.kind for row in table.rows() if not row.reducer.__doc__]
    assert nameless == []
    assert len(list(table.rows())) > 60


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the document is made by 3.11, whose table it is")
def test_the_document_is_the_table() -> None:
    """Types have other names in other versions of Python; what is said of them has not."""
    fill_table()
    text = DOCUMENT.read_text()
    ours = [row for row in table.rows() if row.reducer.__module__.startswith("pyteleport_jupyter.objects.")]
    missing = [row.kind for row in ours if plain(row.reducer.__doc__ or "") not in text]
    assert missing == [], "run python tests/objects_document.py"
    assert len(text.splitlines()) == len(page().splitlines()) or sys.version_info[:2] != (3, 11)
