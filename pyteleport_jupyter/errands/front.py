"""The front of an errand: where its cell's output goes, who is asked, and what is told of it on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from IPython.core.error import StdinNotImplementedError

from pyteleport_jupyter.errands.outputs import NO_MORE_INPUT, CellOutputs, Outputs, ParentOutputs, parent_of
from pyteleport_jupyter.errands.report import CellReport, Report
from pyteleport_jupyter.errands.talk import stops_raise
from pyteleport_jupyter.errands.terminal import TerminalFront


class Front(Protocol):
    """That of the cell that runs when it is made."""

    def report(self, host: str, quiet: bool) -> Report:
        """Who tells how it goes on ``host``."""

    def outputs(self, report: Report) -> Outputs:
        """Output of a cell that is waited for, as if it had run here."""

    def beside(self, label: str) -> Outputs:
        """Output that comes while others write, or other cells run; ``label`` is put before each line."""

    def ask(self, prompt: str, secret: bool) -> str:
        """What ``input()`` there is answered. Raises KeyboardInterrupt."""

    def between_cells(self, call: Callable[[], object]) -> None:
        """Have ``call`` called in the main thread when no cell runs there; from any thread."""


class NotebookFront:
    """A kernel's front ends."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._kernel = shell.kernel
        self._parent = parent_of(self._kernel)

    def report(self, host: str, quiet: bool) -> Report:
        """See :class:`Front`."""
        return CellReport(self._kernel, host, quiet)

    def outputs(self, report: Report) -> Outputs:
        """See :class:`Front`."""
        return CellOutputs(self._shell)

    def beside(self, label: str) -> Outputs:
        """See :class:`Front`."""
        return ParentOutputs(self._kernel, self._parent, label)

    def ask(self, prompt: str, secret: bool) -> str:
        """See :class:`Front`."""
        with stops_raise():
            try:
                answer: str = self._kernel.getpass(prompt) if secret else self._kernel.raw_input(prompt)
            except (StdinNotImplementedError, EOFError):
                return NO_MORE_INPUT
            return answer

    def between_cells(self, call: Callable[[], object]) -> None:
        """See :class:`Front`."""
        self._kernel.io_loop.add_callback(call)


def front_of(shell: Any) -> Front:
    """The front of the cell that runs in ``shell``."""
    return NotebookFront(shell) if hasattr(shell, "kernel") else TerminalFront(shell)
