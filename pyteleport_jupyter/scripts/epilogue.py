"""The end of a teleported program, as the interpreter would have made it where it was started."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

INSPECT = "PYTHONINSPECT"

_started_as = sys.modules["__main__"]
"""Kept: the interpreter holds its dict without owning it while the code of ``-c`` runs."""


class Epilogue:
    """What :data:`..remote.package_finder.PROGRAM_BOOT` calls when the program has ended or raised."""

    def __init__(self, prompts: bool) -> None:
        self.prompts = prompts
        """Whether the interpreter's prompt follows although it was not started with ``-i``."""

    def begin(self) -> None:
        """Show an exception without the frame below the program, and prepare the prompt."""
        error = sys.exception()
        if isinstance(error, SystemExit) and not sys.flags.inspect:
            return  # with -i it is shown as any other
        if error is not None:
            sys.excepthook = without_ground(sys.excepthook)
        if self.prompts:
            _prompt_follows()


def without_ground(hook: Callable[..., Any]) -> Callable[..., Any]:
    """An ``excepthook`` that takes away the first entry of the traceback, and puts ``hook`` back."""

    def excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.excepthook = hook
        own = trace.tb_next if trace is not None else None
        error.__traceback__ = sys.last_traceback = own
        show = print_exception if hook is sys.__excepthook__ else hook
        show(kind, error, own)

    return excepthook


def print_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """As the interpreter does; before 3.13 it looks for lines in files only, and ours may not be here."""
    if sys.version_info >= (3, 13):
        sys.__excepthook__(kind, error, trace)
    else:
        traceback.print_exception(kind, error, trace)


def _prompt_follows() -> None:
    """The interpreter looks for this when its program has ended (Modules/main.c, pymain_repl); children of
    the session are not to see it.
    """
    os.putenv(INSPECT, "1")
    start: Callable[[], None] | None = getattr(sys, "__interactivehook__", None)

    def interactivehook() -> None:
        os.unsetenv(INSPECT)
        if start is not None:
            sys.__interactivehook__ = start
            start()

    sys.__interactivehook__ = interactivehook
