"""The one line of progress of a move: a single display, updated in place, never text in the streams."""

from __future__ import annotations

import json
import sys
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from pyteleport_jupyter import frontends
from pyteleport_jupyter.errors import TeleportError
from pyteleport_jupyter.progress import Display, Progress
from pyteleport_jupyter.quantities import bytes_in_words, seconds_in_words
from pyteleport_jupyter.relay.announcement import Announcement

ARRIVED = "teleported to {host} (pid {pid}, Python {python}) in {seconds:.1f} s"

SHORTEST_UPDATE = 0.1
"""Seconds between two updates while bytes flow; a frontend gains nothing from more."""


TELLING_SECONDS = 1.0
TELLING_BYTES = 8 << 20
"""From then on the rate so far says something of the link."""


def shipping_in_words(sent: int, total: int, seconds: float) -> str:
    """How far it is after ``seconds``: ``1.2 GB of 4.0 GB, 110.0 MB/s, 25 s left``.

    What fits into the buffers on the way, and the first moment, tell nothing of the link.
    """
    words = f"{bytes_in_words(sent)} of {bytes_in_words(total)}"
    if seconds < TELLING_SECONDS or sent < TELLING_BYTES:
        return words
    rate = sent / seconds
    return f"{words}, {bytes_in_words(int(rate))}/s, {seconds_in_words((total - sent) / rate)} left"


@dataclass
class KernelProgress:
    """Progress as a Jupyter display, sent straight to iopub.

    It goes past ``shell.display_pub`` on purpose: under ``%%capture`` that is the user's capturing publisher,
    and the line is about the move, not part of what the cell shows. Display ids: jupyter_client's
    messaging.rst, ``transient``.
    """

    kernel: Any
    host: str
    display_id: str = field(default_factory=lambda: f"pyteleport-{uuid.uuid4().hex}")
    _finished: list[str] = field(default_factory=list)
    _current: str = ""
    _since: float = field(default_factory=time.monotonic)
    _shown_at: float = 0.0
    _amount: str = ""
    _opened: bool = False
    _notes: list[str] = field(default_factory=list)

    @property
    def metadata(self) -> dict[str, Any]:
        """Marks the display as ours for frontends that know us."""
        return {"pyteleport": {"host": self.host}}

    def display(self) -> Display:
        """See :class:`Progress`. The header is plain data: jupyter_client has made a datetime of its date."""
        header = self.kernel.get_parent("shell").get("header", {})
        return Display(self.display_id, self.metadata, json.loads(json.dumps(header, default=str)))

    def stage(self, name: str) -> None:
        self._finish_stage()
        self._current, self._since, self._amount = name, time.monotonic(), ""
        self._show(f"{self._line()} …")
        self._tell(name)

    def doing(self, words: str) -> None:
        self._amount = words
        self._show(f"{self._line()} …")

    def note(self, sentence: str) -> None:
        if sentence not in self._notes:
            self._notes.append(sentence)

    def notes(self) -> list[str]:
        return self._notes

    def shipped(self, sent: int, total: int) -> None:
        done = sent >= total
        took = time.monotonic() - self._since
        self._amount = bytes_in_words(total) if done else shipping_in_words(sent, total, took)
        if done or time.monotonic() - self._shown_at > SHORTEST_UPDATE:
            self._show(f"{self._line()} …")
            self._tell(self._current, sent=sent, total=total)

    def failed(self, error: TeleportError) -> None:
        self._finish_stage()
        self._tell("failed", sentence=error.sentence())
        if not self._opened:
            # Refused before anything was shown: the error says all.
            return
        self._show(f"not teleported to {self.host}, still here ({' · '.join(self._finished)})")

    def done(self, sentence: str) -> None:
        self._finish_stage()
        self._show(sentence)

    def _finish_stage(self) -> None:
        if self._current:
            self._finished.append(f"{self._stage_in_words()} {time.monotonic() - self._since:.1f} s")
            self._current = ""

    def _stage_in_words(self) -> str:
        return f"{self._current} {self._amount}".strip()

    def _line(self) -> str:
        return f"teleporting to {self.host}: " + " · ".join([*self._finished, self._stage_in_words()])

    def _tell(self, stage: str, **facts: Any) -> None:
        """To frontends that know us: seconds are those of the stage."""
        frontends.move(stage=stage, host=self.host, seconds=time.monotonic() - self._since, **facts)

    def _show(self, text: str) -> None:
        kind = "update_display_data" if self._opened else "display_data"
        if not self._opened:
            # What the cell has printed so far was written before this line and must stay above it.
            sys.stdout.flush()
            sys.stderr.flush()
        self._opened, self._shown_at = True, time.monotonic()
        content = {
            "data": {"text/plain": "\n".join([text, *self._notes])},
            "metadata": self.metadata,
            "transient": {"display_id": self.display_id},
        }
        self.kernel.session.send(
            self.kernel.iopub_socket, kind, content, self.kernel.get_parent("shell"), ident=self._topic(kind)
        )

    def _topic(self, kind: str) -> bytes:
        topic: bytes = self.kernel._topic(kind)
        return topic


def last_line(progress: Progress, pid: int, python: str, started: float) -> Announcement | None:
    """How the line ends, in process ``pid`` of Python ``python``; the relay says it, because only then it is
    true. None where nothing is shown.
    """
    display = progress.display()
    if display is None:
        return None
    return Announcement(
        display_id=display.display_id,
        metadata=display.metadata,
        template="\n".join([ARRIVED, *map(_escaped, progress.notes())]),
        facts={"pid": pid, "python": python},
        started=started,
        parent=display.parent,
    )


def _escaped(note: str) -> str:
    """``note`` as part of a format string."""
    return note.replace("{", "{{").replace("}", "}}")
