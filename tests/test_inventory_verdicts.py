"""What a move says of variables before it goes."""

from __future__ import annotations

from pathlib import Path

from pyteleport_jupyter.inventory.verdicts import opened_again
from pyteleport_jupyter.objects import reducers


def test_a_file_that_was_closed_is_not_opened_again(tmp_path: Path) -> None:
    reducers.fill_table()
    path = tmp_path / "numbers.txt"
    path.write_text("1 2 3")
    closed = path.open(encoding="utf-8")
    closed.close()
    with path.open(encoding="utf-8") as opened:
        assert opened_again({"closed": closed, "opened": opened, "number": 1}) == ["opened"]
