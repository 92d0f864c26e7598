"""Where a session answers whoever asks about it on its machine: a socket in its directory, one line of JSON
each way.

The directory is ours alone (mode 0700), so who gets there may log in as this user; it is what lets somebody
see the session, end it, or come for it from another machine.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from pyteleport_jupyter.remote.runtime_directory import INQUIRY_NAME

ASKERS_LIMIT = 4
"""More who ask at the same time are turned away."""

ASKER_SECONDS = 5.0
"""So long somebody may take to say what he wants, and to be answered."""

QUESTION_LIMIT = 1 << 12
"""Longest question in bytes."""

Reply = Callable[[dict[str, Any]], None]


@dataclass
class Asker:
    """Somebody who asks."""

    connection: socket.socket
    deadline: float
    said: bytes = b""


class Inquiries:
    """Listens in ``directory``. ``answer(question, reply)`` calls ``reply`` once, now or a moment later."""

    def __init__(self, directory: str, answer: Callable[[dict[str, Any], Reply], None]) -> None:
        self._answer = answer
        self._askers: dict[int, Asker] = {}
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.setblocking(False)
        mask = os.umask(0o177)
        try:
            self._listener.bind(os.path.join(directory, INQUIRY_NAME))
        finally:
            os.umask(mask)
        self._listener.listen(ASKERS_LIMIT)

    def readers(self) -> dict[int, Callable[[], None]]:
        """What may be read now, and who sees to it."""
        watched = {self._listener.fileno(): self._accept}
        return watched | {fd: partial(self._hear, fd) for fd in self._askers}

    def deadlines(self) -> list[float]:
        """When :meth:`look` is wanted at the latest, by the monotonic clock."""
        return [asker.deadline for asker in self._askers.values()]

    def look(self) -> None:
        """Turn away who has been there for too long."""
        now = time.monotonic()
        for fd in [fd for fd, asker in self._askers.items() if now > asker.deadline]:
            self._hang_up(fd)

    def _accept(self) -> None:
        with suppress(OSError):
            connection, _ = self._listener.accept()
            if len(self._askers) >= ASKERS_LIMIT:
                connection.close()
                return
            connection.setblocking(False)
            self._askers[connection.fileno()] = Asker(connection, time.monotonic() + ASKER_SECONDS)

    def _hear(self, fd: int) -> None:
        asker = self._askers[fd]
        try:
            said = asker.connection.recv(QUESTION_LIMIT)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        asker.said += said
        if not said or len(asker.said) > QUESTION_LIMIT:
            self._hang_up(fd)
        elif asker.said.endswith(b"\n"):
            self._answer(_question(asker.said), partial(self._reply, fd, asker))

    def _reply(self, fd: int, asker: Asker, content: dict[str, Any]) -> None:
        if self._askers.get(fd) is asker:
            # Far shorter than a socket's buffer.
            with suppress(OSError):
                asker.connection.send(json.dumps(content).encode() + b"\n")
            self._hang_up(fd)

    def _hang_up(self, fd: int) -> None:
        self._askers.pop(fd).connection.close()

    def close(self) -> None:
        """Nobody is answered any more."""
        for fd in list(self._askers):
            self._hang_up(fd)
        self._listener.close()


def _question(line: bytes) -> dict[str, Any]:
    """The question, empty for what is none."""
    try:
        question = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return question if isinstance(question, dict) else {}


def ask(directory: str, op: str, seconds: float = ASKER_SECONDS, **fields: Any) -> dict[str, Any]:
    """What the session in ``directory`` of this machine answers. Raises OSError, also for no answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(seconds)
        line.connect(os.path.join(directory, INQUIRY_NAME))
        line.sendall(json.dumps({"op": op, **fields}).encode() + b"\n")
        with line.makefile("rb") as answers:
            answer = _question(answers.readline())
    if not answer:
        raise OSError("the session gives no answer")
    return answer
