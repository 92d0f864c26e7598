"""Whether the cell that runs was typed at a prompt that can go on elsewhere."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from types import CodeType
from typing import Any

from IPython.core.async_helpers import get_asyncio_loop
from IPython.terminal.interactiveshell import TerminalInteractiveShell

from pyteleport_jupyter.errors import LoopRefused, NotInCell
from pyteleport_jupyter.session import RunningCell
from pyteleport_jupyter.terminals.embedding import INTERACT, outwards

_RUN_CELL: CodeType = TerminalInteractiveShell.run_cell.__code__


def check_shell(shell: Any) -> None:
    """Raise NotInCell where what lies around the prompt would have to go on after it."""
    if not isinstance(shell, TerminalInteractiveShell):
        raise NotInCell(reason=f"{type(shell).__name__} is neither a kernel nor IPython's own terminal")
    if not any(frame.f_code in (INTERACT, _RUN_CELL) for frame in outwards(sys._getframe(1))):
        raise NotInCell(reason="IPython runs a file: start it with python, or %run it at the prompt")
    if not (os.isatty(0) and os.isatty(1)):
        raise NotInCell(reason="this IPython reads its cells from a pipe or file, and has read ahead")
    if asyncio._get_running_loop() is None and asyncio.all_tasks(get_asyncio_loop()):
        raise LoopRefused(
            reason="tasks wait in it while it stands still: call teleport in a cell that awaits"
        )


def check_cell(cell: RunningCell | None) -> RunningCell:
    """The cell, if it was typed at the prompt. Raises NotInCell."""
    if cell is None:
        raise NotInCell(reason="no cell runs")
    if not any(frame.f_code is INTERACT for frame in outwards(cell.root)):
        raise NotInCell(reason="it was not typed at the prompt, but is run while IPython starts")
    return cell


def program_around(shell: Any) -> str | None:
    """The file of a program that has called ``IPython.start_ipython``: it has more to do when the prompt is
    left, but IPython has put its own ``__main__`` in place of the program's.
    """
    around = itertools.dropwhile(lambda frame: frame.f_code is not INTERACT, outwards(sys._getframe(1)))
    for frame in around:
        name, file = str(frame.f_globals.get("__name__", "")), os.path.basename(frame.f_code.co_filename)
        # What comes with IPython is called ipython, ipython3, ipython.exe ...; ours is "<string>" elsewhere.
        if name == "__main__" and frame.f_globals is not shell.user_ns and _is_program(file):
            return file
    return None


def _is_program(file: str) -> bool:
    return file != "__main__.py" and not file.startswith(("ipython", "<"))
