"""A relay on the way: the kernel that this process was is itself the far side of another relay.

What a session behind us says about going home, or on to another host, passes up to whom that kernel belonged,
and what is answered passes down. When it has left, what clients had sent so far follows it, and we end: so no
host between stays in use.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from pyteleport_jupyter.relay.configuration import Baggage, open_file
from pyteleport_jupyter.remote.control import COMMAND, PIECE, SHIP, TALK, Control
from pyteleport_jupyter.remote.kernel_lines import IDENTITY
from pyteleport_jupyter.remote.way_up import WAY_UP_NAME, connect
from pyteleport_jupyter.wire.commands import parse_command
from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.lanes import Lane

QUIET_SECONDS = 10.0
"""So long what clients had sent may take from our supervisor to us."""

CALL_OFF = ("gone", "cancelled")


def supervisor_of(app: Any) -> str | None:
    """The directory of the session that the kernel of ``app`` is; None for one that is at home."""
    directory = os.path.dirname(os.path.abspath(app.abs_connection_file))
    return directory if os.path.exists(os.path.join(directory, WAY_UP_NAME)) else None


def without_supervisors(frames: list[bytes], count: int) -> list[bytes]:
    """``frames`` as the ``count``-th relay above has them: each supervisor puts its name in front."""
    while count > 0 and frames[:1] == [IDENTITY]:
        frames, count = frames[1:], count - 1
    return frames


def send_requests(up: Control, requests: Iterable[tuple[Lane, Sequence[bytes]]], count: int) -> None:
    """In the format of the baggage, as the ``count``-th relay above has them. Raises OSError."""
    with open_file() as file:
        baggage = Baggage(file)
        for lane, frames in requests:
            baggage.append(lane, [without_supervisors(list(frames), count)])
        file.seek(0)
        while piece := file.read(PIECE):
            up.send(SHIP, piece)


class Above:
    """The line up, while the session has something to say. ``say`` tells the session, ``see_to`` is given a
    wish to go on that nobody above fulfils.

    What must hold: from ``arrived`` on nothing more is sent down but that word.
    """

    def __init__(
        self, directory: str | None, say: Callable[..., None], see_to: Callable[[Mapping[str, Any]], None]
    ) -> None:
        self._directory = directory
        self._say = say
        self._see_to = see_to
        self._line: Control | None = None
        self._wish: Mapping[str, Any] | None = None
        self._quiet = False
        self.arrived: int | None = None
        """How many relays are above the one that has the session now; None while it is here."""
        self.refusal = ""
        """Why nobody above makes the link that the session wants."""

    @property
    def congested(self) -> bool:
        """Whether less is taken above than the session says."""
        return self._line is not None and self._line.congested

    def watched(self) -> dict[int, bool]:
        """Descriptors to be watched, and whether for writing too."""
        return {} if self._line is None else {self._line.fd: self._line.wants_write}

    # ------------------------------------------------------------------ up

    def told(self, command: Mapping[str, Any]) -> bool:
        """Pass on what the session says; False where it is for us."""
        what = str(command.get("what"))
        if what in ("homeward", "onward"):
            self._call()
            self._wish = command if what == "onward" else None
        if self._line is None:
            return False
        if what in CALL_OFF:
            self._hang_up()
            return True
        fields = {name: value for name, value in command.items() if name not in ("op", "what")}
        with suppress(OSError):
            self._line.say(what, **fields)
        return True

    def _call(self) -> None:
        self._hang_up()
        self.refusal = ""
        if self._directory is not None:
            with suppress(OSError):
                self._line = connect(self._directory)

    def pass_up(self, kind: bytes, content: bytes) -> bool:
        """A piece of the session, or what it says to a new host; False where it is for us."""
        if self._line is None:
            return False
        self._line.queue(kind, content)
        return True

    def _hang_up(self) -> None:
        line, self._line, self._wish = self._line, None, None
        if line is not None:
            line.close()

    # ------------------------------------------------------------------ down

    def look(self, has_room: bool, talk: Callable[[bytes], None]) -> None:
        """Pass on what there is; ``talk`` is for what a new host says to the session."""
        line = self._line
        if line is None:
            return
        line.flush()
        try:
            frames = line.fill() if has_room else []
        except WireError:
            frames, line.closed = [], True
        for kind, content in frames:
            if kind == TALK:
                talk(content)
            elif kind == COMMAND and self._line is line:
                self._heard(parse_command(content))
        if line.closed and self._line is line and self.arrived is None:
            self._hang_up()
            self._say("refused", error="LinkLost", facts={"reason": "the host between here and home ended"})

    def _heard(self, answer: dict[str, Any]) -> None:
        what = str(answer.pop("op"))
        if what == "quiet":
            self._quiet = True
            return
        if what == "refused" and self._wish is not None:
            wish, facts = self._wish, answer.get("facts") or {}
            self._hang_up()
            self.refusal = str(facts.get("reason", answer.get("error")))
            self._see_to(wish)
            return
        if what in ("landed", "arrived"):
            self._wish = None
            passed = int(answer.get("passed", 0))
            answer["passed"] = passed + 1
            if what == "arrived":
                self.arrived = passed
        self._say(what, **answer)

    # ------------------------------------------------------------------ the end

    def until_quiet(self) -> None:
        """Wait until our supervisor has nothing more for us from clients."""
        deadline = time.monotonic() + QUIET_SECONDS
        with suppress(OSError, EOFError, WireError):
            while self._line is not None and not self._quiet:
                left = deadline - time.monotonic()
                self._heard(parse_command(self._line.hear(COMMAND, timeout=max(0.0, left))[1]))

    def follow(self, requests: Iterable[tuple[Lane, Sequence[bytes]]]) -> None:
        """What the session has not got goes where it is."""
        if self._line is not None and self.arrived is not None:
            with suppress(OSError):
                send_requests(self._line, requests, self.arrived + 1)
