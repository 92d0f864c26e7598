"""The road out of IPython in a terminal, by request."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from pyteleport_jupyter import departure
from pyteleport_jupyter.errors import TeleportError
from pyteleport_jupyter.interruption.machinery import is_in_user_code
from pyteleport_jupyter.interruption.programs import report_on_stderr


@dataclass(frozen=True)
class TerminalRoad:
    """See :class:`~.road.Road`."""

    shell: Any

    def may_leave(self, frame: FrameType) -> bool:
        return is_in_user_code(frame, self.shell.user_ns)

    def leave(self, frame: FrameType | None, target: str, options: dict[str, Any]) -> None:
        if frame is not None:
            departure.depart_at(frame, target, **options)

    def is_idle(self) -> bool:
        return False

    def when_idle(self, call: Callable[[], None], seconds: float) -> None:
        """At its prompt the main thread waits for keys; nothing else is called there."""

    def when_running(self, call: Callable[[], None]) -> None:
        if _a_cell_runs():
            call()
            return

        def once(*ignored: object) -> None:
            self.shell.events.unregister("pre_run_cell", once)
            call()

        self.shell.events.register("pre_run_cell", once)

    def report(self, error: TeleportError) -> None:
        report_on_stderr(error)


def _a_cell_runs() -> bool:
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame is not None and frame.f_code is not InteractiveShell.run_cell.__code__:
        frame = frame.f_back
    return frame is not None
