"""Teleport everywhere: a program is moved at an instruction chosen by seed, and has to print what it prints
when it stays.

``python everywhere.py --points 1000 --seed 7 [PROGRAM ...]`` prints one line for each program and each
failure. Every run is a fork of a process that never ran a program; what moves, moves into another fork. The
pickler, the frames and the watch are those of the product.

A point that is refused is tried again at later instructions, as :mod:`pyteleport_jupyter.interruption` does.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import importlib
import json
import os
import pickle
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from pyteleport_jupyter import frames, objects
from pyteleport_jupyter.errors import TeleportError
from pyteleport_jupyter.interruption.lines import LineStarts
from pyteleport_jupyter.interruption.watch import new_watch

PROGRAMS = Path(__file__).parent / "programs"
MOVED, CRASHED = 42, 43
MOST_TRIES = 150
SECONDS = 60.0
"""After so long a run counts as hanging."""
INSTRUCTION, LINE = "instruction", "line"


@dataclass(frozen=True)
class Point:
    """Where a program is to move: before the ``number``-th instruction it runs, or line it begins."""

    program: str
    kind: str
    number: int

    def __str__(self) -> str:
        return f"{self.program}, {self.kind} {self.number}"


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
        reference = forked(lambda report: run_counting(self.path, report))
        if reference.status:
            raise RuntimeError(f"{name} fails without moving: {reference.output}")
        self.output = reference.output
        self.events: dict[str, int] = reference.report


def forked(body: Any) -> Run:
    """Run ``body(report)`` in a fork of this process; it returns the status and may fill the report."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as report_file:
        sys.stdout.flush()
        child = os.fork()
        if not child:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            _child(body, report_file)
        status = _status_of(child)
        output.seek(0)
        report_file.seek(0)
        return Run(status, output.read(), json.loads(report_file.read() or "{}"))


def _child(body: Any, report_file: Any) -> None:
    report: dict[str, Any] = {}
    status = CRASHED
    try:
        status = body(report)
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    finally:
        sys.__stdout__.flush()
        json.dump(report, report_file)
        report_file.flush()
        os._exit(status)


def _status_of(child: int) -> int:
    deadline = time.monotonic() + SECONDS
    pause = 0.0005
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(pause)
        pause = min(pause * 1.3, 0.02)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return -1


def run_counting(path: Path, report: dict[str, Any]) -> int:
    """Run a program watched; the report says how many events there were."""
    counts = Counter({INSTRUCTION: 0, LINE: 0})
    starts = LineStarts()

    def visit(frame: FrameType) -> None:
        if is_of_program(frame):
            counts[INSTRUCTION] += 1
            counts[LINE] += frame in starts

    module = new_module()
    run_watched(compiled(path), module, visit)
    report.update(counts)
    return 0


def is_of_program(frame: FrameType) -> bool:
    """Not of the stressor, nor of the watch that is being disarmed."""
    name = str(frame.f_globals.get("__name__"))
    return frame.f_code.co_filename != __file__ and not name.startswith("pyteleport_jupyter")


def compiled(path: Path) -> CodeType:
    """The code of a program. What it imports is imported at once: no point shall lie in an import."""
    source = path.read_text()
    for statement in ast.walk(ast.parse(source)):
        if isinstance(statement, ast.Import):
            for name in statement.names:
                importlib.import_module(name.name)
        elif isinstance(statement, ast.ImportFrom):
            importlib.import_module(statement.module or "")
    return compile(source, path.name, "exec", dont_inherit=True)


def new_module() -> ModuleType:
    module = ModuleType("__main__")
    vars(module)["__builtins__"] = builtins
    sys.modules["__main__"] = module
    return module


def run_watched(code: CodeType, module: ModuleType, visit: Any) -> None:
    watch = new_watch()
    watch.arm(visit, fail)
    try:
        exec(code, vars(module))
    finally:
        watch.disarm()


def fail(error: TeleportError) -> None:
    raise error


def run_moving(path: Path, point: Point, state: Path, report: dict[str, Any]) -> int:
    """Run a program and move it at ``point`` into ``state``; 0 if it ended without having moved."""
    module, starts, left, tries = new_module(), LineStarts(), point.number, 0

    def visit(frame: FrameType) -> None:
        nonlocal left, tries
        if not is_of_program(frame) or (point.kind == LINE and frame not in starts):
            return
        left -= 1
        # After a few tries at once, ever more rarely.
        if left > 0 or tries >= MOST_TRIES or -left < (tries - 20) * (tries - 20) * (tries > 20):
            return
        tries += 1
        try:
            state.write_bytes(snapshot_of(frame, module))
        except TeleportError as refused:
            report.setdefault("refused", str(refused))
            report["last"] = str(refused)
            return
        report["at"] = frames.describe(frame)
        report["opcode"] = frame.f_code.co_code[frame.f_lasti]
        sys.__stdout__.flush()
        raise Moved

    try:
        run_watched(compiled(path), module, visit_or_leave(visit))
    finally:
        report["tries"] = tries
    return 0


class Moved(BaseException):
    """The snapshot is written."""


def visit_or_leave(visit: Any) -> Any:
    """The process ends inside the callback, so that no ``finally`` of the program runs."""

    def visiting(frame: FrameType) -> None:
        try:
            visit(frame)
        except Moved:
            leave()

    return visiting


def leave() -> None:
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_code is not _child.__code__:
        frame = frame.f_back
    assert frame is not None
    names = frame.f_locals
    json.dump(names["report"] | {"tries": 1}, names["report_file"])
    names["report_file"].flush()
    os._exit(MOVED)


def snapshot_of(frame: FrameType, module: ModuleType) -> bytes:
    root = frame
    while root.f_back is not None and root.f_back.f_code not in (run_watched.__code__, run_resumed.__code__):
        root = root.f_back
    stack = frames.capture_stack(frame, root, at_instruction=True)
    left_out = ("__builtins__", "__name__")
    session = {
        "stack": stack,
        "namespace": {name: value for name, value in vars(module).items() if name not in left_out},
        "items": {"stdout": sys.stdout},
    }
    anchors = objects.NamespaceAnchors(vars(module), {"main": module})
    pickled = objects.dump(session, anchors, frames.running_generators(stack))
    return pickle.dumps((pickled.stream, [bytes(buffer) for buffer in pickled.buffers]))


def run_resumed(state: Path, report: dict[str, Any]) -> int:
    """Go on from ``state``."""
    module = new_module()
    stack = restored(state, module)
    code = frames.resume_code(stack, None)
    del stack
    exec(code, vars(module))
    return 0


def restored(state: Path, module: ModuleType) -> frames.Stack:
    stream, buffers = pickle.loads(state.read_bytes())
    anchors = objects.NamespaceAnchors(vars(module), {"main": module})
    loaded = objects.load(stream, [bytearray(buffer) for buffer in buffers], anchors)
    vars(module).update(loaded.root["namespace"])
    frames.finish_restore()
    sys.stdout = loaded.root["items"]["stdout"]
    stack: frames.Stack = loaded.root["stack"]
    frames.check_running_code(stack)
    for step in loaded.deferred:
        step()
    return stack


def try_point(program: Program, point: Point, state: Path) -> Outcome:
    """Move once, go on, compare."""
    first = forked(lambda report: run_moving(program.path, point, state, report))
    if first.status == 0:
        if first.output != program.output:
            return Outcome(
                point, "fail", f"it stayed and printed {_difference(program.output, first.output)}"
            )
        return Outcome(point, "refused", first.report.get("last", "no instruction was left"))
    if first.status != MOVED:
        return Outcome(point, "fail", f"status {first.status} here: {first.output[-3500:]}")
    second = forked(lambda report: run_resumed(state, report))
    where = first.report["at"]
    if second.status or first.output + second.output != program.output:
        found = _difference(program.output, first.output + second.output)
        return Outcome(point, "fail", f"at {where}: status {second.status} there, {found}")
    refused = first.report.get("refused")
    return Outcome(point, "later", refused) if refused else Outcome(point, "pass", where)


def _difference(expected: str, found: str) -> str:
    shared = next((i for i, (a, b) in enumerate(zip(expected, found, strict=False)) if a != b), len(found))
    return f"{found[max(shared - 40, 0) : shared + 1500]!r} instead of {expected[max(shared - 40, 0) : shared + 100]!r}"


def points_of(program: Program, count: int, seed: int) -> Iterator[Point]:
    """``count`` points by seed, of both kinds in turn."""
    chosen = random.Random(f"{seed} {program.name}")
    for number in range(count):
        kind = (INSTRUCTION, LINE)[number % 2]
        yield Point(program.name, kind, chosen.randint(1, program.events[kind]))


def all_programs() -> list[str]:
    return sorted(path.stem for path in PROGRAMS.glob("*.py"))


def outcomes(names: list[str], count: int, seed: int, state: Path) -> Iterator[Outcome]:
    """``count`` points shared among the programs."""
    for index, name in enumerate(names):
        program = Program(name)
        share = count // len(names) + (index < count % len(names))
        for point in points_of(program, share, seed):
            yield try_point(program, point, state)


@contextmanager
def state_file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory) / "state"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", nargs="*")
    parser.add_argument("--points", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at", help="one point: instruction:NUMBER or line:NUMBER")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each point, nothing else")
    options = parser.parse_args()
    names = options.programs or all_programs()
    with state_file() as state:
        if options.at:
            kind, _, number = options.at.partition(":")
            program = Program(names[0])
            print(try_point(program, Point(names[0], kind, int(number)), state))
            return 0
        found = outcomes(names, options.points, options.seed, state)
        if options.json:
            for outcome in found:
                print(json.dumps([outcome.verdict, str(outcome.point), outcome.words]), flush=True)
            return 0
        return report(found)


def report(found: Iterator[Outcome]) -> int:
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
