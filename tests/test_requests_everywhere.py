"""Teleport everywhere: well-known programs, moved at instructions and lines chosen by seed.

``stress/everywhere.py`` does the work; the programs are in ``stress/programs``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

STRESSOR = Path(__file__).parent / "stress" / "everywhere.py"
PROGRAMS = sorted(path.stem for path in (STRESSOR.parent / "programs").glob("*.py"))
POINTS, NIGHTLY_POINTS = 60, 1020
SEED = int(os.environ.get("TELEPORT_SEED", "1"))


def outcomes(program: str, points: int, *more: str) -> list[tuple[str, str, str]]:
    """Verdict, point and words of each point."""
    command = [sys.executable, str(STRESSOR), program, "--points", str(points), "--json", *more]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr[-3000:]
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def check(program: str, points: int) -> None:
    """Equal or refused by name, and as many points as were asked for."""
    found = outcomes(program, points, "--seed", str(SEED))
    assert len(found) == points
    failures = [f"seed {SEED}, {point}: {words}" for verdict, point, words in found if verdict == "fail"]
    assert not failures, "\n".join(failures)
    nameless = [point for verdict, point, words in found if verdict == "refused" and not words]
    assert not nameless


def test_there_are_enough_programs() -> None:
    assert len(PROGRAMS) >= 20


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_moved_prints_what_it_prints_when_it_stays(program: str) -> None:
    check(program, POINTS // len(PROGRAMS))


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_moved_at_many_points(program: str) -> None:
    check(program, NIGHTLY_POINTS // len(PROGRAMS))


def test_most_points_are_left_from_at_once() -> None:
    """The stressor really moves: it does not call everything refused."""
    verdicts = [verdict for verdict, _, _ in outcomes("sha256", 6, "--seed", str(SEED))]
    assert verdicts.count("pass") >= 5
