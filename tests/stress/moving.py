"""Runs a program, watched, and moves it: the part of the stressor that works in the forked processes.

The pickler, the frames and the watch are those of the product.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import json
import os
import pickle
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any, NoReturn

from pyteleport_jupyter import frames, objects
from pyteleport_jupyter.errors import TeleportError
from pyteleport_jupyter.interruption.lines import LineStarts
from pyteleport_jupyter.interruption.watch import new_watch

MOVED, CRASHED, HUNG = 42, 43, -1
MOST_TRIES, TRIES_AT_ONCE = 150, 20
SECONDS = 60.0
"""After so long a run counts as hanging."""
INSTRUCTION, LINE = "instruction", "line"

Body = Callable[["Report"], int]


class Report(dict[str, Any]):
    """What a process has to say besides its output; written to a file when it ends, or moves."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def leave(self, status: int) -> NoReturn:
        """End here and now: no ``finally`` of the program runs."""
        sys.__stdout__.flush()
        json.dump(self, self.file)
        self.file.flush()
        os._exit(status)


def run_in_child(body: Body, output: int, report_file: Any) -> int:
    """Run ``body`` in a fork of this process, with its output in ``output``; its status."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return _status_of(child)
    os.dup2(output, 1)
    os.dup2(output, 2)
    report = Report(report_file)
    status = CRASHED
    try:
        status = body(report)
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    finally:
        report.leave(status)


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
    return HUNG


def count_events(program: Path, report: Report) -> int:
    """Run a program watched; the report says how many events there were."""
    counts = Counter({INSTRUCTION: 0, LINE: 0})
    starts = LineStarts()

    def visit(frame: FrameType) -> None:
        if is_of_program(frame):
            counts[INSTRUCTION] += 1
            counts[LINE] += frame in starts

    module = new_module()
    run_watched(compiled(program), module, visit)
    report.update(counts)
    return 0


def begin_and_move(program: Path, kind: str, number: int, state: Path, report: Report) -> int:
    """Run a program and move it at an event into ``state``; 0 if it ended without having moved."""
    module = new_module()
    run_watched(compiled(program), module, _Mover(module, kind, number, state, report))
    return 0


def go_on_and_move(kind: str, number: int, state: Path, report: Report) -> int:
    """As :func:`begin_and_move`, for a program that has moved before, into the same ``state``."""
    module = new_module()
    code = restored_code(state, module)
    run_watched(code, module, _Mover(module, kind, number, state, report))
    return 0


def go_on(state: Path, report: Report) -> int:
    """Go on from ``state``, to the end, unwatched."""
    module = new_module()
    run_plain(restored_code(state, module), module)
    return 0


class _Mover:
    """Moves at the ``number``-th event; where that is refused at a later one, ever more rarely."""

    def __init__(self, module: ModuleType, kind: str, number: int, state: Path, report: Report) -> None:
        self.module, self.kind, self.left = module, kind, number
        self.state, self.report = state, report
        self.starts, self.tries = LineStarts(), 0

    def __call__(self, frame: FrameType) -> None:
        if not is_of_program(frame) or (self.kind == LINE and frame not in self.starts):
            return
        self.left -= 1
        if self.left > 0 or self.tries >= MOST_TRIES or -self.left < max(self.tries - TRIES_AT_ONCE, 0) ** 2:
            return
        self.tries += 1
        try:
            snapshot = snapshot_of(frame, self.module)
        except TeleportError as refused:
            self.report.setdefault("refused", str(refused))
            self.report["last"] = str(refused)
            return
        self.state.write_bytes(snapshot)
        self.report["at"] = frames.describe(frame)
        self.report.leave(MOVED)


def compiled(program: Path) -> CodeType:
    """The code of a program. What it imports is imported at once: no point shall lie in an import."""
    source = program.read_text()
    for statement in ast.walk(ast.parse(source)):
        if isinstance(statement, ast.Import):
            for name in statement.names:
                importlib.import_module(name.name)
        elif isinstance(statement, ast.ImportFrom):
            importlib.import_module(statement.module or "")
    return compile(source, program.name, "exec", dont_inherit=True)


def is_of_program(frame: FrameType) -> bool:
    """Not of the stressor, nor of the watch that is being disarmed, nor of a cache that is being filled
    again, nor of what these call: as the product, which moves the user's code and what that calls."""
    inside: FrameType | None = frame
    while inside is not None and inside.f_code.co_filename != __file__:
        name = str(inside.f_globals.get("__name__"))
        if name == "__main__":
            return True
        if name.partition(".")[0] == "pyteleport_jupyter":
            return False
        inside = inside.f_back
    return False


def new_module() -> ModuleType:
    module = ModuleType("__main__")
    vars(module)["__builtins__"] = builtins
    sys.modules["__main__"] = module
    return module


def run_watched(code: CodeType, module: ModuleType, visit: Callable[[FrameType], None]) -> None:
    watch = new_watch()
    watch.arm(visit, fail)
    try:
        run_plain(code, module)
    finally:
        watch.disarm()


def fail(error: TeleportError) -> NoReturn:
    raise error


def run_plain(code: CodeType, module: ModuleType) -> None:
    """The frame around the program's."""
    exec(code, vars(module))


def snapshot_of(frame: FrameType, module: ModuleType) -> bytes:
    root = frame
    while root.f_back is not None and root.f_back.f_code is not run_plain.__code__:
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


def restored_code(state: Path, module: ModuleType) -> CodeType:
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
    return frames.resume_code(stack, None)
