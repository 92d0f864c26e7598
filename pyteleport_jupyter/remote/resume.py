"""A cell goes on: IPython runs it as ever, except that its first code object is the one made of the captured
frame.

While IPython prepares the cell, four parts of the shell are replaced; the first call of ``run_code`` puts all
of them back before any user code runs, so that nested cells and later statements see the shell as it is. No
frame of ours is on the stack under the user's code: the next teleport, and tracebacks, find it as on the
first host.
"""

from __future__ import annotations

import ast
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from types import CodeType
from typing import Any

from pyteleport_jupyter.session import Restored, TravellingCell
from pyteleport_jupyter.session.event_loop_items import run_in_arriving_task

STARTING_EVENTS = ("pre_execute", "pre_run_cell")
"""They fired when the cell started, on the first host."""


class _WhatIsLeft:
    """An AST transformer that gives the statements which are still to run."""

    def __init__(self, statements: tuple[ast.stmt, ...]) -> None:
        self.statements = statements

    def visit(self, tree: ast.Module) -> ast.Module:
        """The tree with these statements in it."""
        tree.body = list(self.statements)
        return tree


@contextmanager
def resuming(shell: Any, restored: Restored) -> Iterator[None]:
    """Within the block, the next cell that ``shell`` runs is the one that arrived, and goes on where it was.

    The stock ``do_execute`` is to be called in the block with the same raw cell and the original flags.
    """
    with replace_start(shell, restored, interrupts_held):
        yield


def replace_start(shell: Any, restored: Restored, hold: Callable[[], Callable[[], object]]) -> ExitStack:
    """The parts of ``shell`` that the next cell needs to be the one that arrived; closing what is returned
    puts them back, as the cell does itself when it goes on.

    ``hold()`` is called before the frames are restored; what it returns lets signals come again.
    """
    replaced = ExitStack()
    if restored.cell is not None:
        run_in_arriving_task(shell)
        _replace_cell(shell, restored.cell, replaced)
        _replace_run_code(shell, restored, hold, replaced)
    return replaced


def _replace_cell(shell: Any, cell: TravellingCell, replaced: ExitStack) -> None:
    """What leads up to the cell's first statement. ``transform_cell`` may be asked twice (do_execute and
    run_cell).
    """
    shell.transform_cell = lambda raw_cell: cell.transformed_cell
    replaced.callback(shell.__dict__.pop, "transform_cell", None)
    replaced.callback(setattr, shell, "ast_transformers", shell.ast_transformers)
    shell.ast_transformers = [_WhatIsLeft(cell.statements)]
    callbacks = shell.events.callbacks
    replaced.callback(callbacks.update, {event: callbacks[event] for event in STARTING_EVENTS})
    callbacks.update({event: [] for event in STARTING_EVENTS})


def _replace_run_code(
    shell: Any, restored: Restored, hold: Callable[[], Callable[[], object]], replaced: ExitStack
) -> None:
    real_run_code = shell.run_code

    def run_code(code: CodeType, result: Any = None, *, async_: bool = False) -> Coroutine[Any, Any, bool]:
        # Not a coroutine function itself: that would be a frame of ours under the cell's.
        replaced.close()
        arrived = hold()
        restored.settle(shell)
        went_on: Coroutine[Any, Any, bool] = real_run_code(restored.take_code(arrived), result, async_=async_)
        return went_on

    shell.run_code = run_code
    replaced.callback(shell.__dict__.pop, "run_code", None)


def interrupts_held() -> Callable[[], None]:
    """From here on Stop waits until the returned function is called: while frames are being restored a
    KeyboardInterrupt would be raised in none of them. A kernel has threads, so its signal mask holds back
    nothing.
    """
    handler = signal.getsignal(signal.SIGINT)
    came: list[int] = []
    if not callable(handler):
        return came.clear

    def let_come() -> None:
        signal.signal(signal.SIGINT, handler)
        if came:
            signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    return let_come
