"""Which cell runs, in which statement, and between which frames of the stack the user's code lies.

Facts about IPython used here (IPython/core/interactiveshell.py, 8 and 9): ``run_cell_async`` calls
``run_ast_nodes``, which compiles and runs one top-level statement after the other through ``run_code``, which
exec's (or awaits) it.
"""

from __future__ import annotations

import ast
import asyncio
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import CodeType, FrameType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from pyteleport_jupyter.errors import FrameRefused, NotInCell
from pyteleport_jupyter.loops.reading import coroutine_of, is_kernels_task

PACKAGE = __name__.partition(".")[0]


@dataclass(frozen=True)
class RunningCell:
    """The cell that called us; holds live frames, so it must not outlive the capture.

    ``top`` is the innermost user frame, ``root`` the one that IPython's ``run_code`` started; ``statements``
    is the running top-level statement and what follows it, ``mode`` how IPython compiled it ("exec" or
    "single"); ``magic_levels`` the number (0 or 1) of ``run_line_magic`` frames between ``top`` and us, which
    do not travel; ``result`` IPython's ExecutionResult of the cell; ``at_instruction`` that ``top`` called
    nobody, but was stopped before an instruction; ``loop_time`` the clock of the kernel's loop when the cell
    was stopped, from which it goes on.
    """

    top: FrameType
    root: FrameType
    raw_cell: str
    transformed_cell: str
    statements: tuple[ast.stmt, ...]
    mode: str
    execution_count: int
    stores_history: bool
    magic_levels: int
    result: Any
    at_instruction: bool
    waiting: Any = None
    loop_time: float | None = None


def find_running_cell(
    shell: Any, caller: FrameType | None = None, *, at_instruction: bool = False
) -> RunningCell | None:
    """The cell from which we are called; None where no cell runs at all.

    ``caller`` is where to start looking outwards; frames of this package are skipped. With
    ``at_instruction`` it is about to run an instruction, and did not call us. Raises NotInCell where
    a cell runs, or may run, but this is not its own stack: a thread, a callback, a subshell. In a task of the
    user while the cell awaits, the cell is found with its coroutine ``waiting``.
    """
    loop = asyncio._get_running_loop()
    loop_time = None if loop is None else loop.time()  # before all else: the move takes no time of the loop
    top, magic_levels = _top_user_frame(caller or sys._getframe(1))
    root = _root_frame(top)
    if root is None or top is None:
        waiting = waiting_coroutines() if top is not None and in_task_of_user() else []
        if top is None or not waiting:
            _check_that_nothing_runs(shell, top)
            return None
        around = [coroutine.cr_frame for coroutine in waiting]
    else:
        waiting, around = [None], list(_outwards(root))
    _check_root(shell, around)
    cell = _describe_cell(shell, top, around, magic_levels)
    return replace(cell, at_instruction=at_instruction, waiting=waiting[0], loop_time=loop_time)


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _code_of(method: str) -> CodeType:
    code: CodeType = getattr(InteractiveShell, method).__code__
    return code


def is_ours(frame: FrameType) -> bool:
    """Whether this is a frame of our package that stays behind, and no part of the user's stack."""
    names = frame.f_globals
    return str(names.get("__name__", "")).partition(".")[0] == PACKAGE and "TRAVELS" not in names


def _top_user_frame(frame: FrameType | None) -> tuple[FrameType | None, int]:
    while frame is not None and is_ours(frame):
        frame = frame.f_back
    if frame is not None and frame.f_code is _code_of("run_line_magic"):
        return frame.f_back, 1
    return frame, 0


def _root_frame(frame: FrameType | None) -> FrameType | None:
    """The outermost frame called by ``run_code``: inner ones belong to ``%%capture``, nested run_cell and
    their like.
    """
    run_code, root = _code_of("run_code"), None
    while frame is not None:
        if frame.f_back is not None and frame.f_back.f_code is run_code:
            root = frame
        frame = frame.f_back
    return root


def _check_root(shell: Any, around: Sequence[FrameType]) -> None:
    """``around``: the frames from the root frame outwards."""
    root = around[0]
    if threading.current_thread() is not threading.main_thread():
        raise NotInCell(reason="it runs in a subshell, and only the main shell can move")
    if root.f_globals is not shell.user_ns and not _is_embedded(shell, root):
        raise NotInCell(reason="this shell runs cells in two namespaces")
    if around[1].f_locals.get("code_obj") is not root.f_code:
        raise NotInCell(reason="the first frame of the cell is not the code that IPython started")


def _is_embedded(shell: Any, root: FrameType) -> bool:
    """Whether the cell runs in the variables of a function, and those of its module around them."""
    own = root.f_globals is shell.user_global_ns and root.f_locals is shell.user_ns
    return own and bool(getattr(shell, "embedded", False))


def _caller_named(around: Sequence[FrameType], method: str) -> Mapping[str, Any]:
    """Locals of the nearest of the frames that is InteractiveShell's ``method``."""
    code = _code_of(method)
    frame = next((frame for frame in around if frame.f_code is code), None)
    if frame is None:
        raise NotInCell(reason=f"IPython's {method} is not among its callers")
    return frame.f_locals


def _describe_cell(shell: Any, top: FrameType, around: Sequence[FrameType], magic_levels: int) -> RunningCell:
    nodes = _caller_named(around, "run_ast_nodes")
    run = _caller_named(around, "run_cell_async")
    statements = tuple(node for node, _ in nodes["to_run"])
    running = next(number for number, node in enumerate(statements) if node is nodes["node"])
    _check_position(around[0], statements[running])
    return RunningCell(
        top=top,
        root=around[0],
        raw_cell=run["raw_cell"],
        transformed_cell=run["transformed_cell"],
        statements=statements[running:],
        mode=nodes["mode"],
        # IPython 8 notes it only where the cell is stored; it counts on after the cell, IPython 9 before.
        execution_count=run["result"].execution_count or shell.execution_count,
        stores_history=run["store_history"],
        magic_levels=magic_levels,
        result=run["result"],
        at_instruction=False,
    )


def _check_position(root: FrameType, statement: ast.stmt) -> None:
    """``run_ast_nodes``'s locals are private to IPython; the position of the running instruction is not, and
    must agree.
    """
    position = list(root.f_code.co_positions())[root.f_lasti // 2]
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
    if position[0] is None or first <= position[0] <= (statement.end_lineno or first):
        return
    raise FrameRefused(
        frame="the running cell", reason=f"line {position[0]} is not in the statement IPython runs"
    )


def _check_that_nothing_runs(shell: Any, top: FrameType | None) -> None:
    """Raise NotInCell if anything would be lost by moving from here."""
    if threading.current_thread() is not threading.main_thread():
        raise NotInCell(reason=f"it was called in the thread {threading.current_thread().name}")
    if a_cell_is_suspended():
        raise NotInCell(reason="it was called in another asyncio task than the cell's")
    if _inside_callback(shell, top):
        raise NotInCell(reason="it was called in a callback")


def a_cell_is_suspended() -> bool:
    """Whether a cell waits at an ``await``, in a task of the loop that runs in this thread."""
    try:
        tasks = asyncio.all_tasks()
    except RuntimeError:  # no loop is running, hence no task of it
        return False
    return any(_chain_to_cell(coroutine_of(task)) for task in tasks)


def in_task_of_user() -> bool:
    """Whether we are called in a task that the user has made."""
    loop = asyncio._get_running_loop()
    task = asyncio.current_task(loop) if loop is not None else None
    return task is not None and not is_kernels_task(task)


def waiting_coroutines() -> list[Any]:
    """The coroutine of the cell that waits at an ``await``, and those that await it, from the inside; empty
    if there is none."""
    loop: Any = asyncio._get_running_loop()
    tasks = asyncio.all_tasks(loop) if loop is not None else ()
    return next((chain for task in tasks if (chain := _chain_to_cell(coroutine_of(task)))), [])


def _chain_to_cell(coroutine: Any) -> list[Any]:
    """The suspended coroutines from the one that ``run_code`` awaits outwards."""
    chain: list[Any] = []
    while hasattr(coroutine, "cr_await"):
        chain.insert(0, coroutine)
        if len(chain) > 1 and chain[1].cr_code is _code_of("run_code"):
            return chain
        coroutine = coroutine.cr_await
    return []


def _inside_callback(shell: Any, frame: FrameType | None) -> bool:
    """Whether user code, or the handling of a message, lies on the stack and would be lost."""
    dispatchers = {"dispatch_shell", "dispatch_control", "process_control"}
    while frame is not None:
        if frame.f_globals is shell.user_ns:
            return True
        if frame.f_code.co_name in dispatchers and frame.f_globals.get("__name__", "").startswith(
            "ipykernel"
        ):
            return True
        frame = frame.f_back
    return False
