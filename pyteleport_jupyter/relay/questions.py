"""Questions of a transport while a lost link is made anew: asked in the input box of the cell that is
running.

Only the client of a request that is being answered can be asked (jupyter_client messaging, stdin): that of
the cell that runs. With no such cell, or one that allows no input, the question is declined, and the next
attempt comes later.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyteleport_jupyter.relay.requests import Cell, OpenCells
from pyteleport_jupyter.relay.signing import Signer, content_of, header_of, parent_header_of
from pyteleport_jupyter.wire.lanes import Lane

ANSWER_SECONDS = 120.0
"""How long a user may take to type a password; sshd's LoginGraceTime is as long."""

OURS_REMEMBERED = 1024
"""Most questions of ours whose answers are still kept from the far side, however late they come."""

REMEMBERED = 256
"""Most clients remembered whom the far kernel has asked."""

Answers = queue.SimpleQueue[str | None]


@dataclass(frozen=True)
class _Asked:
    text: str
    secret: bool
    answers: Answers


class Questions:
    """Carries questions from the attempt's thread to the loop, and answers back."""

    def __init__(self, signer: Signer, send: Callable[[Lane, list[bytes]], None], cells: OpenCells) -> None:
        self._signer = signer
        self._send = send
        self._cells = cells
        self._asked: queue.SimpleQueue[_Asked] = queue.SimpleQueue()
        self._ours: dict[str, tuple[bytes, Answers]] = {}
        self._asked_by_kernel: set[bytes] = set()

    def ask(self, text: str, secret: bool) -> str | None:
        """From the attempt's thread: the user's answer, None when nobody can be asked or nobody answered."""
        # A queue for each question: an answer that comes too late must not be taken for that of the next one.
        asked = _Asked(text, secret, queue.SimpleQueue())
        self._asked.put(asked)
        try:
            return asked.answers.get(timeout=ANSWER_SECONDS)
        except queue.Empty:
            return None

    def look(self) -> None:
        """From the loop: put a question to the client of the running request."""
        while not self._asked.empty():
            asked = self._asked.get()
            cell = self._cells.running()
            if cell is not None and cell.allows_input:
                self._put(cell, asked)
            else:
                asked.answers.put(None)

    def _put(self, cell: Cell, asked: _Asked) -> None:
        content = {"prompt": f"{asked.text} ", "password": asked.secret}
        request = self._signer.message("input_request", content, cell.header)
        self._ours[str(header_of(request).get("msg_id"))] = cell.identities[0], asked.answers
        if len(self._ours) > OURS_REMEMBERED:
            del self._ours[next(iter(self._ours))]
        self._send(Lane.STDIN, [*cell.identities, *request])

    def kernel_asks(self, frames: Sequence[bytes]) -> None:
        """The far kernel asks this client for input: its next answer that does not say to what is the
        kernel's.
        """
        if len(self._asked_by_kernel) < REMEMBERED:
            self._asked_by_kernel.add(bytes(frames[0]))

    def is_answer(self, frames: Sequence[bytes]) -> bool:
        """Whether this message of the stdin channel answers a question of ours; it is then taken, however
        late it comes: what was typed for us is not for the far side.

        Some clients say to which request they reply; jupyter_client's do not, and answer one after the other.
        """
        client = bytes(frames[0])
        parent = parent_header_of(frames).get("msg_id")
        question = str(parent) if parent else self._oldest_of(client)
        if question not in self._ours:
            self._asked_by_kernel.discard(client)
            return False
        _, answers = self._ours.pop(question)
        answers.put(str(content_of(frames).get("value", "")))
        return True

    def _oldest_of(self, client: bytes) -> str:
        """The question of ours that an answer without a parent is for; empty when it is the kernel's."""
        if client in self._asked_by_kernel:
            return ""
        return next((name for name, (asked, _) in self._ours.items() if asked == client), "")
