"""A kernel here whose cells run errands in processes of this machine (target ``local``)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from queue import Empty
from typing import Any

from lab.kernels import CellRun, is_idle
from session_kernels import Kernel

SECONDS = 60.0


class ErrandKernel:
    """``run`` runs a cell and gives what a front end sees of it; ``there`` one under ``%%teleport local``."""

    def __init__(self, directory: Path) -> None:
        self.kernel = Kernel(directory).wait_until_ready()
        self.client = self.kernel.client
        self.run("%load_ext pyteleport_jupyter")

    def run(self, code: str, answers: Sequence[str] = (), stop_at: Sequence[str] = ()) -> CellRun:
        """``answers`` are for ``input()``; Stop is pressed whenever the next of ``stop_at`` has been printed."""
        request = self.client.execute(code)
        return self.finish(request, answers, stop_at)

    def finish(self, request: str, answers: Sequence[str] = (), stop_at: Sequence[str] = ()) -> CellRun:
        """What a front end sees of a request until it is idle and replied to."""
        answers, stop_at = list(answers), list(stop_at)
        deadline = time.monotonic() + SECONDS
        messages: list[dict[str, Any]] = []
        while not (messages and is_idle(messages[-1])):
            if answers:
                self._answer(answers)
            message = self._iopub(deadline)
            if message is None or message["parent_header"].get("msg_id") != request:
                continue
            messages.append(message)
            if stop_at and stop_at[0] in str(message["content"].get("text")):
                stop_at.pop(0)
                self.interrupt()
        return CellRun(self.kernel.reply_to(request), messages)

    def there(self, cell: str, options: str = "", **more: Any) -> CellRun:
        """Run ``cell`` in a process of its own."""
        return self.run(f"%%teleport local {options}\n{cell}", **more)

    def value(self, expression: str) -> Any:
        """What an expression of plain data is here."""
        result = self.run(expression).result
        assert result is not None, f"{expression} has no value"
        return eval(result)

    def interrupt(self) -> None:
        """As the Stop button."""
        self.client.control_channel.send(self.client.session.msg("interrupt_request", {}))

    def _answer(self, answers: list[str]) -> None:
        try:
            self.client.get_stdin_msg(timeout=0.05)
        except Empty:
            return
        self.client.input(answers.pop(0))

    def _iopub(self, deadline: float) -> dict[str, Any] | None:
        try:
            return self.client.get_iopub_msg(timeout=0.1)
        except Empty:
            assert time.monotonic() < deadline, "the cell does not end"
            return None

    def end(self) -> str:
        """Kill it, as nobody should; what it wrote to its raw stderr."""
        return self.kernel.end()


def reports(run: CellRun) -> list[str]:
    """The line of the report as it was shown, the last one as it stands."""
    shown = [*run.of_type("display_data"), *run.of_type("update_display_data")]
    return [each["data"]["text/plain"] for each in shown if "pyteleport" in each["metadata"]]


def facts(run: CellRun) -> dict[str, Any]:
    """What the report says to front ends that know us."""
    shown = [*run.of_type("display_data"), *run.of_type("update_display_data")]
    found: dict[str, Any] = [e["metadata"]["pyteleport"] for e in shown if "pyteleport" in e["metadata"]][-1]
    return found
