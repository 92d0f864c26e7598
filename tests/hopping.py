"""Run a program so that every ``teleport()`` ends the process and another one goes on.

As a script: ``python hopping.py PROGRAM [STATE]`` starts the program, or resumes it if the state file
exists. Status 42: the session has moved into the state file. ``python hopping.py serve`` does the same for
each line of JSON on its input, in a child forked from a process that has never run a program: fresh, but
without the start-up time.

In mode ``twice`` each ``teleport()`` is a function that moves two times, so that the second move finds all
frames around it where the first one has put them. The pickler here is the least that frames need; the one
of the product is tested elsewhere.
"""

from __future__ import annotations

import ast
import functools
import io
import json
import os
import pickle
import subprocess
import sys
import tempfile
import types
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cloudpickle

from pyteleport_jupyter import frames

MOVED = 42
USER = "user_program"
MOST_HOPS = 200
TWICE = "def teleport(*ignored):\n    move()\n    return move()\n"


def expected_output(program: Path) -> str:
    """The docstring of a program is what it prints."""
    return (ast.get_docstring(ast.parse(program.read_text()), clean=True) or "").strip()


class Server:
    """Forks a process for each start and each move."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
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


def run_dry(run, program: Path) -> str:
    """Output of the program where ``teleport()`` does nothing."""
    return run(program, None, "once")[1].strip()


def run_hopping(run, program: Path, state: Path, mode: str = "once") -> tuple[str, int]:
    """Output of the program where each ``teleport()`` moves it to a new process, and the number of moves."""
    output = ""
    for hops in range(MOST_HOPS):
        status, text = run(program, state, mode)
        output += text
        if status != MOVED:
            return output.strip(), hops
    raise RuntimeError(f"{program} does not end")


def serve() -> None:
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
    module = types.ModuleType(USER)
    sys.modules[USER] = module
    cloudpickle.register_pickle_by_value(module)
    move = functools.partial(_teleport, module, state) if state else lambda *ignored: "there"
    module.__dict__["move" if mode == "twice" else "teleport"] = move
    if state and os.path.exists(state):
        stack = load(Path(state).read_bytes(), module)
        code = frames.resume_code(stack, "there")
        del stack
    else:
        if mode == "twice":
            exec(TWICE, module.__dict__)
        source = Path(program).read_text()
        code = compile(source, os.path.basename(program), "exec", dont_inherit=True)
    exec(code, module.__dict__)
    return 0


def _teleport(module: types.ModuleType, state: str, *ignored: object) -> object:
    top = sys._getframe(1)
    root = top
    while root.f_back is not None and root.f_back.f_code is not main.__code__:
        root = root.f_back
    stack = frames.capture_stack(top, root)
    Path(state).write_bytes(dump(stack, module))
    sys.__stdout__.flush()
    os._exit(MOVED)


class Pickler(cloudpickle.CloudPickler):  # type: ignore[misc]
    def __init__(self, file: io.BytesIO, module: types.ModuleType, stack: frames.Stack) -> None:
        super().__init__(file, protocol=5)
        self.module = module
        self.running = frames.running_generators(stack)
        self.cells: list[types.CellType] = []

    def persistent_id(self, obj: object) -> object:
        if type(obj) is functools.partial and obj.func is _teleport:
            return ("move",)
        if obj is sys.__stdout__:
            return ("stdout",)
        if isinstance(obj, types.ModuleType) and sys.modules.get(obj.__name__) is obj:
            return ("module", obj.__name__)
        if type(obj) is dict:
            name = obj.get("__name__")
            if isinstance(name, str) and getattr(sys.modules.get(name), "__dict__", None) is obj:
                return ("names", name)
        return None

    def reducer_override(self, obj: object) -> object:
        reducer = REDUCERS.get(type(obj))
        if reducer is not None:
            return reducer(self, obj)
        if type(obj).__name__ in ("async_generator_asend", "coroutine_wrapper"):
            return frames.reduce_awaitable(obj, self.running)
        if isinstance(obj, BaseException):
            return reduce_exception(obj)
        return super().reducer_override(obj)


def reduce_function(pickler: Pickler, function: types.FunctionType) -> object:
    if is_importable(function, pickler.module):
        return NotImplemented
    state = (
        function.__defaults__,
        function.__kwdefaults__,
        function.__dict__,
        function.__qualname__,
        function.__doc__,
        function.__annotations__,
        function.__module__,
    )
    arguments = (function.__code__, function.__globals__, function.__name__, None, function.__closure__)
    return types.FunctionType, arguments, state, None, None, fill_function


def is_importable(function: types.FunctionType, module: types.ModuleType) -> bool:
    found = sys.modules.get(function.__module__)
    if found is module:
        return False
    for name in function.__qualname__.split("."):
        found = getattr(found, name, None)
    return getattr(found, "__func__", found) is function


def fill_function(function: types.FunctionType, state: tuple) -> None:
    function.__defaults__, function.__kwdefaults__, names, function.__qualname__, *rest = state
    function.__doc__, function.__annotations__, function.__module__ = rest
    function.__dict__.update(names)


def reduce_cell(pickler: Pickler, cell: types.CellType) -> object:
    pickler.cells.append(cell)
    return types.CellType, ()


def reduce_exception(error: BaseException) -> object:
    state = (
        error.__dict__,
        error.__traceback__,
        error.__cause__,
        error.__context__,
        error.__suppress_context__,
    )
    return new_exception, (type(error), error.args), state, None, None, fill_exception


def new_exception(kind: type[BaseException], arguments: tuple) -> BaseException:
    error = kind.__new__(kind, *arguments)
    error.args = arguments
    return error


def fill_exception(error: BaseException, state: tuple) -> None:
    error.__dict__.update(state[0])
    error.__traceback__, error.__cause__, error.__context__, error.__suppress_context__ = state[1:]


def new_cache(function: object, size: int, typed: bool) -> object:
    return functools.lru_cache(size, typed)(function)


def reduce_cache(pickler: Pickler, cache) -> object:
    parameters = cache.cache_parameters()
    return new_cache, (cache.__wrapped__, parameters["maxsize"], parameters["typed"])


def reduce_generator(pickler: Pickler, generator: object) -> object:
    return frames.reduce_generator(generator, pickler.running)


REDUCERS = {
    types.FunctionType: reduce_function,
    types.CellType: reduce_cell,
    types.CodeType: lambda pickler, code: frames.reduce_code(code),
    types.GeneratorType: reduce_generator,
    types.CoroutineType: reduce_generator,
    types.AsyncGeneratorType: reduce_generator,
    types.TracebackType: lambda pickler, traceback: frames.reduce_traceback(traceback),
    types.MethodType: lambda pickler, method: (types.MethodType, (method.__func__, method.__self__)),
    functools._lru_cache_wrapper: reduce_cache,
}


def dump(stack: frames.Stack, module: types.ModuleType) -> bytes:
    file = io.BytesIO()
    pickler = Pickler(file, module, stack)
    left_out = ("__builtins__", "__loader__", "__spec__")
    names = {name: value for name, value in module.__dict__.items() if name not in left_out}
    pickler.dump((stack, names, sys.stdout))
    while pickler.cells:
        cells, pickler.cells = pickler.cells, []
        for cell in cells:
            try:
                pickler.dump((cell, cell.cell_contents))
            except ValueError:
                pickler.dump((cell,))
    pickler.dump(None)
    return file.getvalue()


class Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, module: types.ModuleType) -> None:
        super().__init__(file)
        self.move = module.__dict__.get("move") or module.__dict__["teleport"]

    def persistent_load(self, pid):
        kind, *name = pid
        if kind == "move":
            return self.move
        if kind == "stdout":
            return sys.__stdout__
        __import__(name[0])
        module = sys.modules[name[0]]
        return module if kind == "module" else module.__dict__


def load(data: bytes, module: types.ModuleType) -> frames.Stack:
    unpickler = Unpickler(io.BytesIO(data), module)
    stack, names, sys.stdout = unpickler.load()
    module.__dict__.update(names)
    while (filled := unpickler.load()) is not None:
        if len(filled) == 2:
            filled[0].cell_contents = filled[1]
    frames.finish_restore()
    frames.check_running_code(stack)
    return stack


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        sys.exit(main(*sys.argv[1:]))
