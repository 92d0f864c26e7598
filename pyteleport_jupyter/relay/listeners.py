"""Frontends that want to be told more than a line of text (``frontends/telling.py`` is where they ask)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from pyteleport_jupyter.relay.signing import Signer, content_of, header_of

TARGET: Final = "pyteleport"
MOST: Final = 64
"""Most comms told; the oldest are forgotten first. A page that is loaded anew opens another one."""


class Listeners:
    """The comms of the session's frontends, by id.

    They are the kernel's; what only the relay knows it says in the kernel's place.
    """

    def __init__(self, comms: Iterable[str], signer: Signer, publish: Callable[[list[bytes]], None]) -> None:
        self._comms = dict.fromkeys(comms)
        self._signer = signer
        self._publish = publish

    def requested(self, frames: Sequence[bytes]) -> None:
        """A client sent this on its shell channel."""
        if not any(b'"comm_open"' in frame for frame in frames):
            return
        content = content_of(frames)
        if header_of(frames).get("msg_type") == "comm_open" and content.get("target_name") == TARGET:
            self._comms[str(content.get("comm_id"))] = None
            if len(self._comms) > MOST:
                del self._comms[next(iter(self._comms))]

    def arrived(self, host: str, seconds: float) -> None:
        """The session runs on ``host``."""
        self._tell({"type": "move", "move": {"stage": "arrived", "host": host, "seconds": seconds}})

    def link(self, state: str, seconds: float) -> None:
        """The link is ``up``, ``trying`` to be, or ``lost``, for so long."""
        self._tell({"type": "link", "link": {"state": state, "seconds": seconds}})

    def closed(self) -> None:
        """The session goes on without us, and the kernel that comes knows nothing of these comms."""
        for comm_id in self._comms:
            self._publish(
                [b"comm_close", *self._signer.message("comm_close", {"comm_id": comm_id, "data": {}}, None)]
            )

    def _tell(self, data: dict[str, Any]) -> None:
        for comm_id in self._comms:
            content = {"comm_id": comm_id, "data": data}
            self._publish([b"comm_msg", *self._signer.message("comm_msg", content, None)])
