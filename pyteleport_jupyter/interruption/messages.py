"""``teleport_request`` on a kernel's control channel: a frontend asks for a move while a cell runs.

Content ``{"target": str, "options": {...}}``, options as for ``%teleport``. The reply,
``teleport_request_reply``, comes at once: ``{"status": "ok"}`` when the request was taken on, else
``{"status": "error", ...}`` with the record of the error. What becomes of the move shows in the running cell.
"""

from __future__ import annotations

from typing import Any, Final

from pyteleport_jupyter.errors import OptionWrong, TargetUnknown, TeleportError
from pyteleport_jupyter.interruption.request import request_teleport

REQUEST: Final = "teleport_request"
MOST_CHARACTERS: Final = 4096


def register(kernel: Any) -> None:
    """Let ``kernel`` (ipykernel) answer such messages, in the thread of its control channel. Idempotent."""

    def answer(stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        reply = _reply_to(parent.get("content"))
        kernel.session.send(stream, f"{REQUEST}_reply", reply, parent, ident=ident)

    kernel.control_handlers[REQUEST] = answer


def _reply_to(content: Any) -> dict[str, Any]:
    try:
        _ask(content if isinstance(content, dict) else {})
    except TeleportError as error:
        return {"status": "error", **error.as_record()}
    return {"status": "ok"}


def _ask(content: dict[str, Any]) -> None:
    target, options = content.get("target"), content.get("options", {})
    if not isinstance(target, str) or not 0 < len(target) <= MOST_CHARACTERS:
        raise TargetUnknown(target="that", reason="it must be a short text")
    if not isinstance(options, dict) or "patience" in options:
        raise OptionWrong(option="options", given="that", reason="it must be an object of known options")
    request_teleport(target, **{str(name): value for name, value in options.items()})
