"""What a user sees and may do while the link is lost.

The cell that runs, and each that is sent meanwhile, shows one line that counts the seconds. Stop is kept
until there is somebody to stop, and meant for the cell that ran when it was pressed: the far side goes on
all the time, and what runs there when the link is back may be the next one.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from pyteleport_jupyter.relay.notices import Notices
from pyteleport_jupyter.relay.requests import Cell, OpenCells

SHOW_AFTER = 1.0
"""Seconds that a loss lasts before it is shown: most are over by then, and nobody needs to hear of them."""

CELLS = 16
"""Most cells that show it."""

EVERY, EVERY_LATER, LATER = 1.0, 10.0, 60.0
"""Seconds between two updates of the line: at first, and from ``LATER`` seconds on."""

STOP_KEPT = "Stop will be passed on"
WAY_OUT = "Stop will be passed on; to end this session without waiting, restart the kernel"


def in_words(seconds: float) -> str:
    """``12 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class Outage:
    """One loss of the link at a time, from :meth:`lost` to :meth:`linked` or :meth:`over`."""

    def __init__(
        self, notices: Notices, cells: OpenCells, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._notices = notices
        self._cells = cells
        self._clock = clock
        self._lost_at: float | None = None
        self._due_at = 0.0
        self._told: dict[str, Cell | None] = {}
        self._ended = ""
        self._stops = 0
        self._stopped: Cell | None = None

    def lost(self) -> None:
        """There is no link any more."""
        self._lost_at = self._clock()
        self._due_at = self._lost_at + SHOW_AFTER
        self._told.clear()
        self._notices.listeners.link("trying", 0.0)

    def stop(self) -> None:
        """The user has pressed Stop; with a link that needs no words."""
        if self._lost_at is None:
            return
        self._stops += 1
        if self._stops == 1:
            self._stopped = self._cells.running()
        self._due_at = self._clock()

    def timeout(self) -> float:
        """Seconds after which :meth:`look` should be called again."""
        return 3600.0 if self._lost_at is None else max(0.0, self._due_at - self._clock())

    def look(self) -> None:
        """Show what there is to show now."""
        if self._lost_at is None:
            return
        now = self._clock()
        late = [cell for cell in self._waiting() if self._told and cell.message_id not in self._told]
        if now >= self._due_at:
            age = now - self._lost_at
            self._due_at = now + (EVERY if age < LATER else EVERY_LATER)
            self._notices.listeners.link("trying", age)
            self._tell(self._line(age), [*self._told.values(), *self._waiting()])
        elif late:
            self._tell(self._line(now - self._lost_at), late)

    def _waiting(self) -> list[Cell]:
        """The cell that runs and those sent since the loss. Silent ones have no place to show it."""
        running = self._cells.running()
        later = [cell for cell in self._cells.sent_after(self._lost_at or 0.0) if cell is not running]
        found = [running, *later] if running else later
        return [cell for cell in found if not cell.silent][:CELLS]

    def _line(self, age: float) -> str:
        line = f"link to {self._notices.host} lost, trying again ({in_words(age)})"
        if self._stops:
            line += f" · {STOP_KEPT if self._stops == 1 else WAY_OUT}"
        return line

    def _tell(self, line: str, cells: list[Cell | None] | list[Cell]) -> None:
        by_id = {cell.message_id: cell for cell in cells if cell is not None}
        # With nothing running there is only the line of the move, wherever that is by now.
        for cell in by_id.values() or [None]:
            self._notices.say(line, cell)
            self._told["" if cell is None else cell.message_id] = cell

    def linked(self) -> None:
        """The far side is there again."""
        if self._lost_at is None:
            return
        self._ended = f"linked again after {in_words(self._clock() - self._lost_at)}"
        self._lost_at = None
        self._notices.listeners.link("up", 0.0)
        self._say(self._ended)

    def stop_is_wanted(self) -> bool:
        """Whether a Stop should be sent now. Also says, where it was promised, what became of it."""
        promised, stopped = self._stops, self._stopped
        self._stops, self._stopped = 0, None
        if not promised:
            return True
        wanted = stopped is not None and self._cells.is_open(stopped)
        self._say(f"{self._ended}, {'Stop passed on' if wanted else 'nothing was left to stop'}")
        return wanted

    def over(self, reason: str) -> None:
        """It will not come back."""
        self._notices.listeners.link("lost", 0.0)
        if not self._told:
            self._told = {cell.message_id: cell for cell in self._waiting()} or {"": None}
        self._say(
            f"the link to {self._notices.host} is lost for good ({reason}), and with it this session. "
            "Restart the kernel to go on here."
        )

    def _say(self, line: str) -> None:
        for cell in self._told.values():
            self._notices.say(line, cell, ends=True)
