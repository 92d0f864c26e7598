"""Questions of a move (host key, password, code) for the frontend that has asked for it at a click.

They are told on its comm and shown as dialogs; it answers on the control channel, which is heard by a thread
of its own, since the main thread is the one that waits for the answer. Moves that a cell asks for ask in the
cell's own input box.
"""

from __future__ import annotations

import queue
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from pyteleport_jupyter.frontends.telling import tell

ANSWER_SECONDS: Final = 120.0
"""How long a user may take to type a password; sshd's LoginGraceTime is as long."""
LONGEST_ANSWER: Final = 4096


@dataclass
class _Asked:
    """A question that is open: no answer to it is that to another one."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    answers: queue.SimpleQueue[str | None] = field(default_factory=queue.SimpleQueue)


@dataclass
class _Frontend:
    comm_id: str
    is_pending: Callable[[], bool]


_frontend: _Frontend | None = None
_open: _Asked | None = None


def answered_by(comm_id: str, is_pending: Callable[[], bool]) -> None:
    """For as long as ``is_pending`` says, questions go to the frontend of that comm."""
    global _frontend
    _frontend = _Frontend(comm_id, is_pending)


def somebody_answers() -> bool:
    """Whether a frontend has asked for what is going on, and can be asked in turn."""
    return _frontend is not None and _frontend.is_pending()


def ask(kind: str, text: str, *, secret: bool) -> str | None:
    """The answer; None if it was declined or nobody answered in time. For the main thread: Ctrl-C ends it."""
    global _open
    if _frontend is None:
        return None
    asked = _open = _Asked()
    question = {"id": asked.id, "kind": kind, "text": text, "secret": secret}
    try:
        if not tell(_frontend.comm_id, {"type": "question", "question": question}):
            return None
        return asked.answers.get(timeout=ANSWER_SECONDS)
    except queue.Empty:
        return None
    finally:
        _open = None
        tell(_frontend.comm_id, {"type": "answered", "id": asked.id})


def take(content: Any) -> bool:
    """What a frontend answers: ``id`` and ``answer``, a text or null. Whether it was waited for."""
    asked = _open
    if asked is None or not isinstance(content, dict) or content.get("id") != asked.id:
        return False
    answer = content.get("answer")
    asked.answers.put(answer if isinstance(answer, str) and len(answer) <= LONGEST_ANSWER else None)
    return True
