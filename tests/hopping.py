"""Run a program so that every ``teleport()`` ends the process and another one goes on.

As a script: ``python hopping.py PROGRAM STATE MODE`` starts the program, or resumes it if the state file
exists. Status 42: the session has moved into the state file. ``python hopping.py serve`` does the same for
each line of JSON on its input, in a child forked from a process that has never run a program: fresh, but
without the start-up time.

Modes: ``once`` runs the program as a module ``__main__``. ``twice`` also, but each ``teleport()`` is a
function that moves two times, so that the second move finds all frames around it where the first one has put
them. ``cell`` runs it as one cell of an IPython shell. The pickler is that of the product.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import subprocess
import sys
import tempfile
import types
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import idle_clock

from pyteleport_jupyter import frames, loops, objects

MOVED = 42
MOST_HOPS = 200
LIMIT = 1 << 30
TWICE = "def teleport(*ignored):\n    move()\n    return move()\n"


def expected_output(program: Path) -> str:
    """The docstring of a program is what it prints."""
    return (ast.get_docstring(ast.parse(program.read_text()), clean=True) or "").strip()


class Server:
    """Forks a process for each start and each move."""

    def __init__(self, *preloaded: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, "serve", *preloaded],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, program: Path, state: Path | None, mode: str) -> tuple[int, str]:
        request = {"program": str(program), "state": state and str(state), "mode": mode}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return tuple(json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        self.process.communicate(timeout=10)


def fresh_interpreter(program: Path, state: Path | None, mode: str) -> tuple[int, str]:
    """Runs in an interpreter of its own."""
    command = [sys.executable, __file__, str(program), str(state or ""), mode]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    return done.returncode, done.stdout


def run_dry(run: Any, program: Path, mode: str = "once") -> str:
    """Output of the program where ``teleport()`` does nothing."""
    return str(run(program, None, mode)[1]).strip()


def run_hopping(run: Any, program: Path, state: Path, mode: str = "once") -> tuple[str, int]:
    """Output of the program where each ``teleport()`` moves it to a new process, and the number of moves."""
    output = ""
    for hops in range(MOST_HOPS):
        status, text = run(program, state, mode)
        output += text
        if status != MOVED:
            return output.strip(), hops
    raise RuntimeError(f"{program} does not end")


def serve(*preloaded: str) -> None:
    for name in preloaded:
        __import__(name)
    objects.reducers.fill_table()
    for line in sys.stdin:
        request = json.loads(line)
        with tempfile.TemporaryFile("w+") as output:
            child = os.fork()
            if not child:
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
                os._exit(main_in_child(**request))
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            output.seek(0)
            print(json.dumps([status, output.read()]), flush=True)


def main_in_child(program: str, state: str | None, mode: str) -> int:
    status = 1
    try:
        status = main(program, state, mode)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
    return status


def main(program: str, state: str | None, mode: str = "once") -> int:
    idle_clock.start()
    (run_cell if mode == "cell" else run_module)(program, state or None, mode)
    return 0


# As a module ------------------------------------------------------------------------------------------


def run_module(program: str, state: str | None, mode: str) -> None:
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    move = functools.partial(_teleport, module, state) if state else lambda *ignored: "there"
    module.__dict__["move" if mode == "twice" else "teleport"] = move
    if state and os.path.exists(state):
        stack = arrive(state, objects.NamespaceAnchors(module.__dict__, live(move)))
        code = frames.resume_code(stack, "there")
        del stack
    else:
        if mode == "twice":
            exec(TWICE, module.__dict__)
        source = Path(program).read_text()
        code = compile(source, os.path.basename(program), "exec", dont_inherit=True)
    WATCHING.get(mode, lambda: None)()
    exec(code, module.__dict__)


def live(move: object) -> dict[str, object]:
    return {"move": move, "stdout": sys.__stdout__, "stderr": sys.__stderr__}


def _teleport(module: types.ModuleType, state: str, *ignored: object) -> object:
    top = sys._getframe(1)
    root = top
    while root.f_back is not None and root.f_back.f_code is not run_module.__code__:
        root = root.f_back
    stack = loops.capture_stack(top, root)
    look_away()
    anchors = objects.NamespaceAnchors(
        module.__dict__, live(module.__dict__.get("move") or module.__dict__["teleport"])
    )
    left_out = ("__builtins__", "__loader__", "__spec__")
    names = {name: value for name, value in module.__dict__.items() if name not in left_out}
    leave(stack, names, anchors, state)


def leave(stack: frames.Stack, names: dict[str, Any], anchors: Any, state: str, **items: Any) -> NoReturn:
    root = {"stack": stack, "namespace": names, "items": {"stdout": sys.stdout, **items}}
    pickled = objects.dump(root, anchors, loops.running_generators(stack))
    Path(state).write_bytes(b"".join(objects.chunks.slices(pickled)))
    sys.__stdout__.flush()
    os._exit(MOVED)


def arrive(state: str, anchors: Any, items: dict[str, Any] | None = None) -> frames.Stack:
    file = BytesIO(Path(state).read_bytes())
    loaded = objects.load(*objects.chunks.receive(file.readinto, LIMIT), anchors)
    anchors.namespace.update(loaded.root["namespace"])
    sys.stdout = loaded.root["items"].pop("stdout")
    loops.finish_restore()
    stack: frames.Stack = loaded.root["stack"]
    frames.check_running_code(stack)
    for action in loaded.deferred:
        action()
    if items is not None:
        items.update(loaded.root["items"])
    return stack


# Watched ----------------------------------------------------------------------------------------------


def trace_all() -> None:
    """As a debugger that looks at each instruction and at all variables."""

    def trace(frame: types.FrameType, event: str, argument: object) -> Any:
        frame.f_trace_opcodes = True
        return trace

    sys.settrace(trace)


def monitor_all() -> None:
    """All events of ``sys.monitoring`` (3.12 and later), which change the bytecode that runs."""
    monitoring: Any = vars(sys)["monitoring"]
    monitoring.use_tool_id(monitoring.PROFILER_ID, "test")
    events = [event for event in vars(monitoring.events).values() if event]
    for event in events:
        monitoring.register_callback(monitoring.PROFILER_ID, event, lambda *ignored: None)
    local = functools.reduce(int.__or__, [event for event in events if event not in never_set(monitoring)])
    monitoring.set_events(monitoring.PROFILER_ID, local)


def never_set(monitoring: Any) -> set[int]:
    """Events that come with CALL, and cannot be asked for by themselves."""
    return {monitoring.events.C_RETURN, monitoring.events.C_RAISE}


def look_away() -> None:
    """What leaves is not watched: it would take long."""
    sys.settrace(None)
    monitoring: Any = vars(sys).get("monitoring")
    if monitoring is not None and monitoring.get_tool(monitoring.PROFILER_ID):
        monitoring.set_events(monitoring.PROFILER_ID, 0)


WATCHING = {"traced": trace_all, "monitored": monitor_all}


# As a cell --------------------------------------------------------------------------------------------


def run_cell(program: str, state: str | None, mode: str) -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from pyteleport_jupyter.remote.resume import resuming
    from pyteleport_jupyter.session import Restored

    class There(Restored):
        """What ``teleport()`` returns is "there" in all modes."""

        def take_code(self, arrived: Callable[[], object] | None = None) -> types.CodeType:
            assert self.stack is not None
            return frames.resume_code(self.stack, "there", arrived)

    config = Config({"HistoryManager": {"enabled": False}, "BaseIPythonApplication": {"ipython_dir": "/"}})
    shell = InteractiveShell.instance(config=config, colors="nocolor")
    shell.ast_node_interactivity = "none"
    move = functools.partial(_teleport_cell, shell, state) if state else lambda *ignored: "there"
    shell.user_ns["teleport"] = move
    if not (state and os.path.exists(state)):
        shell.run_cell(Path(program).read_text(), store_history=True)
        return
    items: dict[str, Any] = {}
    stack = arrive(state, anchors_of(shell), items)
    cell = items["cell"]
    with resuming(shell, There(cell, stack, {}, [])):
        del stack
        shell.run_cell(cell.raw_cell, store_history=True)


def _teleport_cell(shell: Any, state: str, *ignored: object) -> object:
    from pyteleport_jupyter.session import TravellingCell, find_running_cell
    from pyteleport_jupyter.session.namespace_items import travelling_namespace

    cell = find_running_cell(shell, sys._getframe(1))
    assert cell is not None
    stack = loops.capture_stack(cell.top, cell.root)
    leave(stack, travelling_namespace(shell), anchors_of(shell), state, cell=TravellingCell.of(cell))


def anchors_of(shell: Any) -> Any:
    from pyteleport_jupyter.session.anchors import anchors

    found = anchors(shell)
    found.by_name = {**live(shell.user_ns["teleport"]), **found.by_name}
    return found


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(*sys.argv[2:])
    else:
        sys.exit(main(*sys.argv[1:]))
