"""Questions of a transport while a lost link is made anew: asked in the input box of the cell that is
running.

Only the client of a request that is being answered can be asked (jupyter_client messaging, stdin), so the
relay remembers the execute requests that have no reply yet. With no such cell, or one that allows no input,
the question is declined, and the next attempt comes later.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence

from pyteleport_jupyter.relay.signing import DELIMITER, Signer, content_of, header_of, parent_header_of
from pyteleport_jupyter.wire.lanes import Lane

ANSWER_SECONDS = 120.0
"""How long a user may take to type a password; sshd's LoginGraceTime is as long."""

REMEMBERED = 256
"""Most unanswered execute requests remembered; a Run All may queue a few hundred cells, only the oldest is
asked."""


class Questions:
    """Remembers who can be asked, and carries questions from the attempt's thread to the loop and answers
    back.
    """

    def __init__(self, signer: Signer, send: Callable[[Lane, list[bytes]], None]) -> None:
        self._signer = signer
        self._send = send
        self._unanswered: dict[str, list[bytes]] = {}
        self._asked: queue.SimpleQueue[tuple[str, bool]] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._open = ""

    def requested(self, frames: Sequence[bytes]) -> None:
        """A client sent this on its shell channel."""
        header = header_of(frames)
        if header.get("msg_type") == "execute_request" and len(self._unanswered) < REMEMBERED:
            self._unanswered[str(header.get("msg_id"))] = list(frames)

    def replied(self, frames: Sequence[bytes]) -> None:
        """The kernel answered this."""
        if self._unanswered:
            self._unanswered.pop(str(parent_header_of(frames).get("msg_id")), None)

    def ask(self, text: str, secret: bool) -> str | None:
        """From the attempt's thread: the user's answer, None when nobody can be asked or nobody answered."""
        self._asked.put((text, secret))
        try:
            return self._answers.get(timeout=ANSWER_SECONDS)
        except queue.Empty:
            return None

    def look(self) -> None:
        """From the loop: put a question to the client of the running request."""
        while not self._asked.empty():
            text, secret = self._asked.get()
            frames = next(iter(self._unanswered.values()), [])
            if content_of(frames).get("allow_stdin"):
                self._put(frames, text, secret)
            else:
                self._answers.put(None)

    def _put(self, frames: list[bytes], text: str, secret: bool) -> None:
        content = {"prompt": f"{text} ", "password": secret}
        request = self._signer.message("input_request", content, header_of(frames))
        self._open = str(header_of(request).get("msg_id"))
        identities = frames[: frames.index(DELIMITER)]
        self._send(Lane.STDIN, [*identities, *request])

    def is_answer(self, frames: Sequence[bytes]) -> bool:
        """Whether this message of the stdin channel answers the open question; it is then taken."""
        if not self._open or parent_header_of(frames).get("msg_id") != self._open:
            return False
        self._open = ""
        self._answers.put(str(content_of(frames).get("value", "")))
        return True
