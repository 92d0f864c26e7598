"""What a command asks at its terminal (:mod:`.own_terminal`), passed on to the user.

A question is a line that has no end: nothing follows for a moment. Whether its answer is a secret says the
terminal, which shows what is typed or does not.
"""

from __future__ import annotations

import os
import termios
import time
from typing import Final

from pyteleport_jupyter import errors
from pyteleport_jupyter.transports.link import Ask, Question
from pyteleport_jupyter.wire.waiting import ready

QUIET_SECONDS: Final = 0.1
LONGEST_SPEECH: Final = 2.0
"""Seconds for which a command may write without a pause, before others have a turn."""
TEXT_LIMIT: Final = 4096
READ_SIZE: Final = 4096
END_OF_INPUT: Final = b"\x04"
LOCAL_FLAGS: Final = 3
"""Place of ``c_lflag`` in what ``termios.tcgetattr`` returns."""


class TerminalEvents:
    """The same for commands as :class:`~.events.ParentEvents` is for children of ours. ``fd`` is our end of
    the terminal.
    """

    def __init__(self, fd: int, host: str, ask: Ask | None) -> None:
        self.fds: list[int] = [fd]
        """What to wait for; empty when there is nothing more to come."""
        self._host = host
        self._ask = ask
        self._said = ""
        self._echo = ""
        self._unanswered: str | None = None
        os.set_blocking(fd, False)

    def handle(self) -> float:
        """Read what is there, ask the user if it is a question; the seconds that this took."""
        began = time.monotonic()
        while self._read() and time.monotonic() < began + LONGEST_SPEECH:
            if not ready(self.fds, [], QUIET_SECONDS)[0]:
                self._see_to_question()
                break
        return time.monotonic() - began

    def drain(self) -> None:
        """The command has hung up: maybe because nobody has answered. Raises QuestionUnanswered."""
        if self._unanswered is not None:
            raise errors.QuestionUnanswered(host=self._host, question=self._unanswered)

    def _read(self) -> bool:
        """Take in what there is; False when there is nothing more to come."""
        try:
            data = os.read(self.fds[0], READ_SIZE)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        text = (self._said + data.decode(errors="replace").replace("\r", "")).removeprefix(self._echo)
        self._said = text[-TEXT_LIMIT:]
        if not data:
            self.fds = []
        return bool(data)

    def _see_to_question(self) -> None:
        question = errors.clean(self._said).strip()
        if not question or self._said.endswith("\n"):
            return
        secret = not termios.tcgetattr(self.fds[0])[LOCAL_FLAGS] & termios.ECHO
        self._said = ""
        declined = self._unanswered is not None or self._ask is None
        answer = None if declined or not self._ask else self._ask(Question(_kind(secret), question, secret))
        self._echo = f"{answer}\n" if answer is not None and not secret else ""
        if answer is None:
            self._unanswered = question.splitlines()[-1]
        self._type(END_OF_INPUT if answer is None else f"{answer}\n".encode())

    def _type(self, keys: bytes) -> None:
        """The terminal takes a line at once; that the command has gone is noticed by its pipe."""
        try:
            os.write(self.fds[0], keys)
        except OSError:
            self.fds = []


def _kind(secret: bool) -> str:
    return "password" if secret else "confirm"
