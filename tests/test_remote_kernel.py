"""A session that hops from kernel to kernel in mid-cell says exactly what one says that stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from session_kernels import Session, comparable

CELLS = Path(__file__).parent / "cells"
FIRST_CELL = (CELLS / "_first.ipy").read_text()
HEAVY = {"numbers", "plots", "widgets"}
"""They import what every later kernel of the chain would have to import as well."""
NAMES = sorted(path.stem for path in CELLS.glob("[a-z]*.ipy"))


def cells_of(name: str) -> list[str]:
    """The cells of one file, which are separated by lines ``# %%``."""
    return [cell.strip("\n") for cell in (CELLS / f"{name}.ipy").read_text().split("# %%\n")[1:]]


class Pair:
    """The same session twice: one stays, one hops."""

    def __init__(self, directory: Path) -> None:
        (directory / "stays").mkdir()
        (directory / "hops").mkdir()
        self.stays = Session(directory / "stays", hops=False)
        self.hops = Session(directory / "hops", hops=True)
        self.run(FIRST_CELL)

    def run(self, cell: str) -> int:
        """Run ``cell`` in both; how often it hopped. Fails where the messages differ."""
        jumps = self.hops.jumps
        expected, found = comparable(self.stays.run(cell)), comparable(self.hops.run(cell))
        assert found == expected
        return self.hops.jumps - jumps

    def end(self) -> None:
        self.stays.end()
        self.hops.end()


class Pairs:
    """Gives a pair that works: a broken one is replaced."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self.factory = factory
        self.pair: Pair | None = None

    def get(self) -> Pair:
        if self.pair is None:
            self.pair = Pair(self.factory.mktemp("pair"))
        return self.pair

    def discard(self) -> None:
        if self.pair is not None:
            self.pair.end()
            self.pair = None


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pairs]:
    pairs = Pairs(tmp_path_factory)
    yield pairs
    pairs.discard()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", NAMES)
def test_messages_are_those_of_a_session_that_stays(name: str, pairs: Pairs) -> None:
    pair = pairs.get()
    try:
        jumps = [pair.run(cell) for cell in cells_of(name)]
    except BaseException:
        pairs.discard()
        raise
    assert sum(jumps) >= 1
    if name in HEAVY:
        pairs.discard()
