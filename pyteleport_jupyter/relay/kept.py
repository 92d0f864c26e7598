"""The relay's line to the keeper of what the session had here; see :mod:`..homecoming.keeper`."""

from __future__ import annotations

from collections.abc import Callable

from pyteleport_jupyter.relay.configuration import KeeperSettings
from pyteleport_jupyter.remote.control import COMMAND, PIECE, SHIP, Control
from pyteleport_jupyter.wire.commands import encode_command, parse_command
from pyteleport_jupyter.wire.framing import WireError

OFFER_LIMIT = 64 << 20
"""Longest offer in bytes, for a session of three terabytes."""

NOTHING = "1"
"""The answer of somebody who has nothing; see :func:`..shipping.offer.encode_answer`."""


class Kept:
    """At most one offer at a time is passed to the keeper; whatever becomes of it, there is an answer."""

    def __init__(self, keeper: KeeperSettings | None, answer: Callable[[str], None]) -> None:
        self._keeper = keeper
        self._answer = answer
        self._line = None if keeper is None else Control(keeper.fd)
        self._number = self._to_come = 0
        self._waiting = False
        self._offer = bytearray()

    def algorithms(self) -> tuple[str, ...]:
        """The digests that an offer may have; none where there is no keeper (any more)."""
        if self._keeper is None or self._line is None or self._line.closed:
            return ()
        self._hear(self._line)
        return () if self._line.closed else self._keeper.algorithms

    @property
    def key(self) -> str:
        """Under which it has digested what it keeps (hex), empty without it."""
        return "" if self._keeper is None else self._keeper.key

    def watched(self) -> dict[int, bool]:
        """Descriptors to be watched, and whether for writing too."""
        if self._line is None or not self._waiting:
            return {}
        return {self._line.fd: self._line.wants_write}

    @property
    def collecting(self) -> bool:
        """Whether what comes next is part of an offer."""
        return self._to_come > 0

    def expect(self, size: object) -> None:
        """An offer of so many bytes is coming."""
        self.forget()
        self._number += 1
        if self._line is not None and isinstance(size, int) and 0 < size <= OFFER_LIMIT:
            self._to_come = size
        else:
            self._answer(NOTHING)

    def add(self, content: bytes) -> None:
        """The next bytes of it; when all are there, they are passed on."""
        self._offer += content[: self._to_come]
        self._to_come -= min(self._to_come, len(content))
        if self._line is None or self._to_come:
            return
        self._waiting = True
        self._line.queue(COMMAND, encode_command("offer", number=self._number, size=len(self._offer)))
        for start in range(0, len(self._offer), PIECE):
            self._line.queue(SHIP, bytes(self._offer[start : start + PIECE]))
        self._offer.clear()

    def forget(self) -> None:
        """Nobody waits for an answer any more."""
        self._to_come, self._waiting = 0, False
        self._offer.clear()

    def look(self) -> None:
        """Pass on what there is to pass on."""
        if self._line is not None and self._waiting:
            self._line.flush()
            self._hear(self._line)
            if self._line.closed:
                self._give(NOTHING)

    def _hear(self, line: Control) -> None:
        try:
            for kind, content in line.fill():
                command = parse_command(content) if kind == COMMAND else {}
                if self._waiting and command.get("number") == self._number:
                    self._give(str(command["held"]))
        except WireError:
            line.closed = True

    def _give(self, held: str) -> None:
        self._waiting = False
        self._answer(held)
