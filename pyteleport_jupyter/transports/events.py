"""The parent's end of ``events_fd``: the child's questions to the user, and its verdict on the connection.

Lines of JSON of at most 64 KiB: ``{"event": "question", "kind", "text", "secret"}``,
``{"event": "connected"}``, ``{"event": "failed", "error", "facts"}``; we answer a question with
``{"answer": str | null}``.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

from pyteleport_jupyter import errors
from pyteleport_jupyter.transports.link import Ask, Question
from pyteleport_jupyter.wire.waiting import ready

LINE_LIMIT = 64 << 10


class ParentEvents:
    """What the child of a link says beside its pipe; ``fd`` None is a child that says nothing."""

    def __init__(self, fd: int | None, host: str, ask: Ask | None) -> None:
        self.fds: list[int] = [] if fd is None else [fd]
        """What to wait for; empty when there is nothing more to come."""
        self._host = host
        self._ask = ask
        self._unread = bytearray()
        if fd is not None:
            os.set_blocking(fd, False)

    def handle(self) -> float:
        """Read what is there and act on it; returns the seconds that the user took to answer.

        Raises the error that the child reports, ProtocolBroken for what is not an event.
        """
        began = time.monotonic()
        asked = False
        self._read()
        while (end := self._unread.find(b"\n")) >= 0:
            line = bytes(self._unread[:end])
            del self._unread[: end + 1]
            asked = self._obey(_parse_event(line, self._host)) or asked
        if len(self._unread) > LINE_LIMIT:
            raise errors.ProtocolBroken(host=self._host, reason="an event without an end")
        return time.monotonic() - began if asked else 0.0

    def drain(self) -> None:
        """See whether the child, which has hung up, left a verdict behind; gives it a moment to."""
        while self.fds and ready(self.fds, [], 0.5)[0]:
            self.handle()

    def _read(self) -> None:
        try:
            data = os.read(self.fds[0], LINE_LIMIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._unread += data
        if not data:
            self.fds = []

    def _obey(self, event: dict[str, Any]) -> bool:
        """Whether the user was asked."""
        if event.get("event") == "failed":
            raise errors.from_child(event, host=self._host)
        if event.get("event") != "question":
            return False
        secret = event.get("secret") is not False
        question = Question(str(event.get("kind")), errors.clean(event.get("text")), secret)
        answer = self._ask(question) if self._ask else None
        self._answer(json.dumps({"answer": answer}).encode() + b"\n")
        return True

    def _answer(self, line: bytes) -> None:
        """The socket's buffer is far longer than an answer; that a child has gone is noticed by its pipe."""
        try:
            os.write(self.fds[0], line)
        except (OSError, IndexError):
            self.fds = []


def _parse_event(line: bytes, host: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise errors.ProtocolBroken(host=host, reason="an event that is not JSON")
    return event
