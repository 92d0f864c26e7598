"""What a process that takes something over has to know of it before it is restored."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found,unused-ignore]
import functools
import signal
from types import CodeType
from typing import Any, Protocol

LET_COME = functools.partial(_signal.pthread_sigmask, signal.SIG_SETMASK, ())
"""Signals that were held back while the program was restored come now (:mod:`..remote.held_signals`). It is
C (``signal`` has a wrapper in Python): what a handler raises is raised in the user's frame, without one of
ours.
"""


SHELL_MARK = b"IPython terminal\n"
"""The first buffer begins so where it is not a program that comes but a session at IPython's prompt."""


class Arrived(Protocol):
    """Whatever has arrived in this process: a program (:class:`.restore.Restored`), or a session at IPython's
    prompt (:mod:`..terminals.arrival`).
    """

    @property
    def prompts(self) -> bool:
        """Whether the interpreter's prompt follows."""

    def go_on(self, value: object) -> list[tuple[CodeType, dict[str, Any]]]:
        """See :meth:`.restore.Restored.go_on`."""
