"""What kind of program runs in this process, and how it leaves when it did not ask to."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Protocol

from pyteleport_jupyter.errors import TeleportError


class Road(Protocol):
    """The way out of one kind of process. All but ``when_idle`` is called in the main thread."""

    def may_leave(self, frame: FrameType) -> bool:
        """Whether ``frame``, about to run an instruction, is in the user's code, or in what this calls;
        cheap."""

    def leave(self, frame: FrameType | None, target: str, options: dict[str, Any]) -> None:
        """Move to ``target``; ``frame`` goes on there with its instruction, None moves a session in which
        nothing runs. Raises TeleportError; returns where nothing had to be done."""

    def is_idle(self) -> bool:
        """Whether nothing of the user's runs or is suspended."""

    def when_idle(self, call: Callable[[], None], seconds: float) -> None:
        """Have ``call`` called, after ``seconds``, when the main thread has time between the user's code;
        from any thread. A program that is never between does nothing."""

    def when_running(self, call: Callable[[], None]) -> None:
        """Have ``call`` called at once, or, where nothing can move while nothing runs, as soon as something
        does; from any thread."""

    def report(self, error: TeleportError) -> None:
        """Tell the user that a move they asked for did not come about."""


def road_here() -> Road:
    """The road of this process."""
    core = sys.modules.get("IPython.core.getipython")
    shell = core.get_ipython() if core else None
    if shell is not None and hasattr(shell, "kernel"):
        from pyteleport_jupyter.interruption.kernel import KernelRoad

        return KernelRoad(shell)
    if shell is not None:
        from pyteleport_jupyter.interruption.terminal import TerminalRoad

        return TerminalRoad(shell)
    from pyteleport_jupyter.interruption.programs import ProgramRoad

    return ProgramRoad()
