"""Teleport everywhere: a program is moved at an instruction chosen by seed, and has to print what it prints
when it stays.

``python everywhere.py --points 1000 --seed 7 [PROGRAM ...]`` prints one line for each program and each
failure. Every run is a fork of a process that never ran a program; what moves, moves into another fork
(:mod:`moving`). Every third point moves two more times soon after.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from moving import (
    INSTRUCTION,
    LINE,
    MOVED,
    Body,
    begin_and_move,
    count_events,
    go_on,
    go_on_and_move,
    run_in_child,
)

PROGRAMS = Path(__file__).parent / "programs"
FURTHER_HOPS = 2
MOST_EVENTS_BETWEEN_HOPS = (20, 300)
"""Just behind the arrival, or further on."""


@dataclass(frozen=True)
class Point:
    """Where a program is to move: before the ``number``-th instruction it runs, or line it begins; and how
    many events later again."""

    program: str
    kind: str
    number: int
    again: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.program} --at {':'.join(map(str, (self.kind, self.number, *self.again)))}"


@dataclass(frozen=True)
class Outcome:
    """What became of a point: ``pass``, ``later`` (moved at a later instruction), ``refused`` or ``fail``."""

    point: Point
    verdict: str
    words: str = ""


@dataclass(frozen=True)
class Run:
    """One process: its status, what it printed, what it reported."""

    status: int
    output: str
    report: dict[str, Any]


class Program:
    """A program with what it prints and how many events it has, of each kind."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = PROGRAMS / f"{name}.py"
        reference = forked(partial(count_events, self.path))
        if reference.status:
            raise RuntimeError(f"{name} fails without moving: {reference.output}")
        self.output = reference.output
        self.events: dict[str, int] = reference.report


def forked(body: Body) -> Run:
    """Run ``body`` in a process of its own."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as report:
        status = run_in_child(body, output.fileno(), report)
        output.seek(0)
        report.seek(0)
        return Run(status, output.read(), json.loads(report.read() or "{}"))


def try_point(program: Program, point: Point, state: Path) -> Outcome:
    """Move, go on, compare."""
    runs = [forked(partial(begin_and_move, program.path, point.kind, point.number, state))]
    for number in point.again:
        if runs[-1].status == MOVED:
            runs.append(forked(partial(go_on_and_move, point.kind, number, state)))
    if runs[-1].status == MOVED:
        runs.append(forked(partial(go_on, state)))
    return verdict(program, point, runs)


def verdict(program: Program, point: Point, runs: list[Run]) -> Outcome:
    output, first = "".join(run.output for run in runs), runs[0].report
    if runs[-1].status or output != program.output:
        where = first.get("at", "no place")
        found = difference(program.output, output)
        return Outcome(point, "fail", f"at {where}, run {len(runs)}, status {runs[-1].status}: {found}")
    if runs[0].status != MOVED:
        return Outcome(point, "refused", first.get("last", "no instruction was left"))
    refused = first.get("refused")
    return Outcome(point, "later", refused) if refused else Outcome(point, "pass", first["at"])


def difference(expected: str, found: str) -> str:
    """Where two outputs part, and what follows there."""
    shared = next((i for i, (a, b) in enumerate(zip(expected, found, strict=False)) if a != b), len(found))
    start = max(shared - 40, 0)
    return f"{found[start : shared + 3000]!r} instead of {expected[start : shared + 100]!r}"


def points_of(program: Program, count: int, seed: int) -> Iterator[Point]:
    """``count`` points by seed, of both kinds in turn."""
    chosen = random.Random(f"{seed} {program.name}")
    for number in range(count):
        kind = (INSTRUCTION, LINE)[number % 2]
        first = chosen.randint(1, program.events[kind])
        more = [chosen.randint(1, chosen.choice(MOST_EVENTS_BETWEEN_HOPS)) for _ in range(FURTHER_HOPS)]
        yield Point(program.name, kind, first, tuple(more) if number % 3 == 2 else ())


def all_programs() -> list[str]:
    return sorted(path.stem for path in PROGRAMS.glob("*.py"))


def outcomes(names: list[str], count: int, seed: int, state: Path) -> Iterator[Outcome]:
    """``count`` points shared among the programs."""
    for index, name in enumerate(names):
        program = Program(name)
        share = count // len(names) + (index < count % len(names))
        for point in points_of(program, share, seed):
            yield try_point(program, point, state)


def one_outcome(name: str, at: str, state: Path) -> Outcome:
    """The outcome of one point, as :class:`Point` writes it."""
    kind, *numbers = at.split(":")
    first, *more = map(int, numbers)
    return try_point(Program(name), Point(name, kind, first, tuple(more)), state)


@contextmanager
def state_file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory) / "state"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", nargs="*")
    parser.add_argument("--points", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at", help="one point: instruction:NUMBER or line:NUMBER, and the same again")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each point, nothing else")
    options = parser.parse_args()
    names = options.programs or all_programs()
    with state_file() as state:
        if options.at:
            return report(iter([one_outcome(names[0], options.at, state)]))
        found = outcomes(names, options.points, options.seed, state)
        if not options.json:
            return report(found)
        for outcome in found:
            print(json.dumps([outcome.verdict, str(outcome.point), outcome.words]), flush=True)
        return 0


def report(found: Iterator[Outcome]) -> int:
    """Print what was found; the status to end with."""
    total: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    by_program: dict[str, Counter[str]] = {}
    for outcome in found:
        total[outcome.verdict] += 1
        by_program.setdefault(outcome.point.program, Counter())[outcome.verdict] += 1
        if outcome.verdict == "fail":
            print(f"FAIL {outcome.point}: {outcome.words}", flush=True)
        elif outcome.verdict != "pass":
            reasons[f"{outcome.verdict}: {outcome.point.program}: {outcome.words[:200]}"] += 1
    for name, counts in by_program.items():
        print(f"{name:24}", *(f"{verdict} {number:4}" for verdict, number in sorted(counts.items())))
    for reason, number in reasons.most_common(30):
        print(f"{number:5} {reason}")
    print(sys.version.split()[0], dict(total))
    return int(bool(total["fail"]))


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, *sys.argv])
    sys.exit(main())
