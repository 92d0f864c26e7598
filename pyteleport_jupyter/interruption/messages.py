"""``teleport_request`` on a kernel's control channel: a frontend asks for a move while a cell runs.

Content ``{"target": str, "options": {...}}``, options as for ``%teleport``. The reply,
``teleport_request_reply``, comes at once: ``{"status": "ok"}`` when the request was taken on, else
``{"status": "error", ...}`` with the record of the error and its sentence. What becomes of the move shows in
the running cell. With ``"comm"``, the id of a comm of :mod:`~pyteleport_jupyter.frontends`, questions of the
move are asked there, and answered by ``teleport_answer``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pyteleport_jupyter.errors import OptionWrong, TargetUnknown, TeleportError
from pyteleport_jupyter.frontends import questions
from pyteleport_jupyter.interruption.request import request_teleport

REQUEST: Final = "teleport_request"
ANSWER: Final = "teleport_answer"
MOST_CHARACTERS: Final = 4096


def register(kernel: Any) -> None:
    """Let ``kernel`` (ipykernel) answer such messages, in the thread of its control channel. Idempotent."""

    for kind, reply_to in ((REQUEST, _reply_to), (ANSWER, _taken)):
        kernel.control_handlers[kind] = _handler(kernel, kind, reply_to)


def _handler(kernel: Any, kind: str, reply_to: Callable[[Any], dict[str, Any]]) -> Callable[..., None]:
    def handle(stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        kernel.session.send(stream, f"{kind}_reply", reply_to(parent.get("content")), parent, ident=ident)

    return handle


def _reply_to(content: Any) -> dict[str, Any]:
    try:
        _ask(content if isinstance(content, dict) else {})
    except TeleportError as error:
        return {"status": "error", **error.as_record(), "sentence": error.sentence()}
    return {"status": "ok"}


def _taken(content: Any) -> dict[str, Any]:
    return {"status": "ok" if questions.take(content) else "error"}


def _ask(content: dict[str, Any]) -> None:
    target, options = content.get("target"), content.get("options", {})
    if not isinstance(target, str) or not 0 < len(target) <= MOST_CHARACTERS:
        raise TargetUnknown(target="that", reason="it must be a short text")
    if not isinstance(options, dict) or "patience" in options:
        raise OptionWrong(option="options", given="that", reason="it must be an object of known options")
    request = request_teleport(target, **{str(name): value for name, value in options.items()})
    if isinstance(comm := content.get("comm"), str):
        questions.answered_by(comm, lambda: request.pending)
