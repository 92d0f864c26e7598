"""The child's end of ``events_fd``: asks the user's questions and says what became of the connection.

Newline-terminated JSON objects of at most 64 KiB on a socket. To the parent ``{"event": "question", "kind",
"text", "secret"}``, ``{"event": "connected"}``, ``{"event": "failed", "error", "facts"}``; from the parent
``{"answer": str | null}``.
"""

from __future__ import annotations

import json
import os
import queue
import socket
import threading
from collections.abc import Callable
from typing import Any

from pyteleport_jupyter.errors import TeleportError, clean
from pyteleport_jupyter.transports.link import Question
from pyteleport_jupyter.transports.secret import Secret

LONGEST_LINE = 1 << 16
ANSWER_SECONDS = 600.0
"""Nobody waits longer for a password; the server (LoginGraceTime, usually 120 s) does not either."""


class ChildEvents:
    """One thread reads the parent's answers. When the parent goes before we are connected, ``abandoned`` is
    called.
    """

    def __init__(self, connection: socket.socket, abandoned: Callable[[], None]) -> None:
        self._socket = connection
        self._abandoned = abandoned
        self._answers: queue.Queue[Secret | None] = queue.Queue(maxsize=16)
        self._connected = False
        threading.Thread(target=self._read, name="events", daemon=True).start()

    def ask(self, question: Question) -> Secret | None:
        """The user's answer; None when it was declined, or nobody was there to ask."""
        text = clean(question.text)
        self._send(event="question", kind=question.kind, text=text, secret=question.secret)
        try:
            return self._answers.get(timeout=ANSWER_SECONDS)
        except queue.Empty:
            return None

    def connected(self) -> None:
        """The host let us in and runs the command; from now on the parent may close its end."""
        self._connected = True
        self._send(event="connected")

    def failed(self, error: TeleportError) -> None:
        """The last event: why there will be no pipe."""
        self._connected = True
        self._send(event="failed", **error.as_record())

    def _send(self, **record: Any) -> None:
        line = json.dumps(record).encode() + b"\n"
        try:
            self._socket.sendall(line)
        except OSError:
            if not self._connected:
                self._abandoned()

    def _read(self) -> None:
        buffered = b""
        while received := self._receive():
            *lines, buffered = (buffered + received).split(b"\n")
            for line in lines:
                self._answers.put(parse_answer(line))
            if len(buffered) > LONGEST_LINE:
                break
        if not self._connected:
            self._abandoned()

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(LONGEST_LINE)
        except OSError:
            return b""


def parse_answer(line: bytes) -> Secret | None:
    """The answer in one line of the parent; None when it was declined or is not understood."""
    try:
        answer = json.loads(line).get("answer")
    except (ValueError, AttributeError):
        return None
    return Secret(answer) if isinstance(answer, str) else None


def leave_at_once() -> None:
    """End this process now: nobody is left to connect for."""
    os._exit(1)
