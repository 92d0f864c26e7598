"""Every program prints the same whether it stays or moves to a new process at each ``teleport()``, as a module
and as a cell of IPython."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import hopping
import pytest

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
LEAST_PROGRAMS = 150
FRESH = ("closures", "handler_state", "generators_own_exceptions")
"""These also hop between interpreters of their own, not only between forks of one that never ran a
program."""
MODULES_ONLY = frozenset({"late_error", "swapped_streams"})
"""These show what an interpreter, not IPython, says of an error, or swap streams that IPython swaps too."""


def needs(program: Path) -> tuple[int, int]:
    """Programs of a newer syntax end in its minor version."""
    suffix = program.stem.rpartition("_")[2]
    return (3, int(suffix[1:])) if suffix.isdigit() else (3, 11)


PRELOADED = (
    "IPython.core.application",
    "IPython.core.completerlib",
    "IPython.core.interactiveshell",
    "IPython.core.magics",
    "pyteleport_jupyter.remote.resume",
    "sqlite3",
)
"""What each process of a cell would import for itself."""
RUNNABLE = [program for program in PROGRAMS if sys.version_info[:2] >= needs(program)]


@pytest.fixture(scope="module")
def server() -> Iterator[hopping.Server]:
    server = hopping.Server(*PRELOADED)
    yield server
    server.close()


def test_there_are_enough_programs() -> None:
    assert len(RUNNABLE) >= LEAST_PROGRAMS


@pytest.mark.parametrize("program", RUNNABLE, ids=lambda program: program.stem)
def test_prints_what_it_says_when_it_stays(program: Path, server: hopping.Server) -> None:
    assert hopping.run_dry(server, program) == hopping.expected_output(program)


MODES = (pytest.param("once", marks=pytest.mark.nightly), "twice", "cell")
"""Who moves twice moves once, and a cell always does."""


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("program", RUNNABLE, ids=lambda program: program.stem)
def test_prints_the_same_when_it_hops(
    program: Path, mode: str, server: hopping.Server, tmp_path: Path
) -> None:
    if mode == "cell" and program.stem in MODULES_ONLY:
        return
    output, hops = hopping.run_hopping(server, program, tmp_path / "state", mode)
    assert output == hopping.expected_output(program)
    assert hops >= (2 if mode == "twice" else 1)


WATCHED = frozenset(
    {
        "async_generator_running",
        "class_body",
        "comprehensions",
        "generators_running",
        "handler_state",
        "warm",
        "with_inside",
    }
)
"""These are watched in every run, all others nightly."""
WATCHES = ("traced", "monitored") if sys.version_info >= (3, 12) else ("traced",)


@pytest.mark.parametrize("mode", WATCHES)
@pytest.mark.parametrize(
    "program",
    [
        pytest.param(each, id=each.stem, marks=() if each.stem in WATCHED else pytest.mark.nightly)
        for each in RUNNABLE
        if "sleep(" not in each.read_text()  # being watched takes time, which others would wait for
    ],
)
def test_prints_the_same_while_it_is_watched(
    program: Path, mode: str, server: hopping.Server, tmp_path: Path
) -> None:
    """By a trace function, and by sys.monitoring."""
    output, _ = hopping.run_hopping(server, program, tmp_path / "state", mode)
    assert output == hopping.expected_output(program)


@pytest.mark.parametrize("name", FRESH)
def test_hops_between_separate_interpreters(name: str, tmp_path: Path) -> None:
    program = Path(__file__).parent / "programs" / f"{name}.py"
    output, hops = hopping.run_hopping(hopping.fresh_interpreter, program, tmp_path / "state")
    assert output == hopping.expected_output(program)
    assert hops
