"""Run a program so that every ``teleport()`` ends the process and a fresh one goes on.

As a script: ``python hopping.py PROGRAM STATE``. Without a state file the program starts, else it resumes from it.
The status is 42 when the session has moved into the state file. The pickler here is the least that frames need;
the one of the product is tested elsewhere.
"""

from __future__ import annotations

import ast
import functools
import io
import os
import pickle
import subprocess
import sys
import types
from pathlib import Path

MOVED = 42
USER = "user_program"
MOST_HOPS = 200

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cloudpickle

from pyteleport_jupyter import frames


def expected_output(program: Path) -> str:
    """The docstring of a program is what it prints."""
    return (ast.get_docstring(ast.parse(program.read_text()), clean=True) or "").strip()


def run_dry(program: Path) -> str:
    """Output of the program where ``teleport()`` does nothing."""
    return _run([sys.executable, __file__, str(program)], dry=True)[1]


def run_hopping(program: Path, state: Path) -> tuple[str, int]:
    """Output of the program where each ``teleport()`` moves it to a new process, and the number of moves."""
    output = ""
    for hops in range(MOST_HOPS):
        status, text = _run([sys.executable, __file__, str(program), str(state)], dry=False)
        output += text
        if status != MOVED:
            return output, hops
    raise RuntimeError(f"{program} does not end")


def _run(command: list[str], dry: bool) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONHASHSEED": "random", "HOPPING_DRY": "1" if dry else ""}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, env=environment
    )
    return done.returncode, done.stdout


def main(program: str, state: str | None) -> int:
    module = types.ModuleType(USER)
    sys.modules[USER] = module
    cloudpickle.register_pickle_by_value(module)
    moving = not os.environ.get("HOPPING_DRY") and state is not None
    module.__dict__["teleport"] = (
        functools.partial(_teleport, module, state) if moving else lambda *a: "there"
    )
    if state is not None and os.path.exists(state):
        stack = load(Path(state).read_bytes(), module)
        code = frames.resume_code(stack, "there")
        del stack
    else:
        code = compile(Path(program).read_text(), os.path.basename(program), "exec", dont_inherit=True)
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
        if obj is self.module.__dict__.get("teleport"):
            return ("teleport",)
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
    left_out = ("__builtins__", "teleport", "__loader__", "__spec__")
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
        self.module = module

    def persistent_load(self, pid):
        kind, *name = pid
        if kind == "teleport":
            return self.module.__dict__["teleport"]
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
    sys.exit(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))
