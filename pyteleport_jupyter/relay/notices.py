"""What the relay tells the user: the line of progress is brought to its end, and later says how the link
is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pyteleport_jupyter.relay.plan import Announcement
from pyteleport_jupyter.relay.signing import Signer

TOPIC = b"update_display_data"


class Notices:
    """Updates of one display (jupyter_client messaging, ``update_display_data``); without an announcement
    nothing is shown.
    """

    def __init__(
        self,
        announcement: Announcement | None,
        host: str,
        signer: Signer,
        publish: Callable[[list[bytes]], None],
    ) -> None:
        self._announcement = announcement
        self._host = host
        self._signer = signer
        self._publish = publish
        self._arrival = ""

    def arrived(self) -> None:
        """The session runs on the target."""
        if self._announcement is not None:
            self._arrival = _sentence(self._announcement, self._host)
            self._show(self._arrival)

    def link(self, news: str) -> None:
        """Something about the link, said behind the arrival."""
        self._show(f"{self._arrival} · {news}" if self._arrival else news)

    def _show(self, text: str) -> None:
        if self._announcement is None:
            return
        content = {
            "data": {"text/plain": text},
            "metadata": self._announcement.metadata,
            "transient": {"display_id": self._announcement.display_id},
        }
        message = self._signer.message("update_display_data", content, self._announcement.parent)
        self._publish([TOPIC, *message])


def _sentence(announcement: Announcement, host: str) -> str:
    facts: dict[str, Any] = {"host": host, **announcement.facts}
    return announcement.template.format(**facts, seconds=time.monotonic() - announcement.started)
