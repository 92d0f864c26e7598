"""The road out of a script or the interpreter's prompt, by request."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from pyteleport_jupyter.errors import RequestRefused, TeleportError
from pyteleport_jupyter.interruption.machinery import is_in_user_code
from pyteleport_jupyter.scripts import setting_out
from pyteleport_jupyter.scripts.program import main_namespace


class ProgramRoad:
    """See :class:`~.road.Road`."""

    def may_leave(self, frame: FrameType) -> bool:
        return is_in_user_code(frame, main_namespace())

    def leave(self, frame: FrameType | None, target: str, options: dict[str, Any]) -> None:
        if frame is None:
            raise RequestRefused(reason="nothing of a program is running")
        setting_out.depart_at(frame, target, **options)

    def is_idle(self) -> bool:
        return False

    def when_idle(self, call: Callable[[], None], seconds: float) -> None:
        """A program runs until it ends, and a prompt until the next line is typed."""

    def when_running(self, call: Callable[[], None]) -> None:
        call()

    def report(self, error: TeleportError) -> None:
        report_on_stderr(error)


def report_on_stderr(error: TeleportError) -> None:
    """A line of the error stream, as far as there is one."""
    if sys.stderr is not None:
        print(f"pyteleport: {error.sentence()}", file=sys.stderr, flush=True)
