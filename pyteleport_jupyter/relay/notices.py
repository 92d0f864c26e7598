"""What the relay tells the user: one line in the cell that it is about, updated in place, never text in the
streams.

The line of the move is brought to its end; later lines say how the link is, in the cells that wait for it.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from pyteleport_jupyter.relay.announcement import Announcement
from pyteleport_jupyter.relay.listeners import Listeners
from pyteleport_jupyter.relay.requests import Cell
from pyteleport_jupyter.relay.signing import Signer

LINES = 64
"""Most lines remembered, so that they can be updated; the oldest are left as they are."""


class Notices:
    """Displays (jupyter_client messaging, ``display_data``, ``update_display_data``).

    Without an announcement there is no line of the move; what a waiting cell must know is said all the same.
    """

    def __init__(
        self,
        announcement: Announcement | None,
        host: str,
        signer: Signer,
        publish: Callable[[list[bytes]], None],
        comms: Iterable[str] = (),
    ) -> None:
        self.host = host
        self.listeners = Listeners(comms, signer, publish)
        self._announcement = announcement
        self._signer = signer
        self._publish = publish
        self._arrival = ""
        self._lines: dict[str, str] = {}

    def arrived(self) -> None:
        """The session runs on the target."""
        since = self._announcement.started if self._announcement else time.monotonic()
        self.listeners.arrived(self.host, time.monotonic() - since)
        if self._announcement is not None:
            self._arrival = _sentence(self._announcement, self.host)
            self._update_move(self._arrival)
            self._tell_consoles(self._arrival, self._announcement.display_id, self._announcement.parent)

    def say(self, news: str, cell: Cell | None, ends: bool = False) -> None:
        """``news`` in the line of ``cell``. If that is the cell that moved, or none runs, in the line of the
        move. ``ends``: this is what the line will be left with.
        """
        moved = self._announcement.parent.get("msg_id") if self._announcement else None
        if cell is not None and cell.message_id != moved:
            self._say_in(cell, news, ends)
        elif self._announcement is not None:
            self._update_move(f"{self._arrival} · {news}" if self._arrival else news)

    def _say_in(self, cell: Cell, news: str, ends: bool) -> None:
        known = cell.message_id in self._lines
        display_id = self._lines.setdefault(cell.message_id, f"pyteleport-{uuid.uuid4().hex}")
        if len(self._lines) > LINES:
            del self._lines[next(iter(self._lines))]
        kind = "update_display_data" if known else "display_data"
        self._show(kind, news, self._metadata(), display_id, cell.header)
        if known and ends:
            self._tell_consoles(news, display_id, cell.header)

    def _tell_consoles(self, text: str, display_id: str, parent: dict[str, Any]) -> None:
        """Once more, for those who cannot update a display.

        Terminals (jupyter_console, qtconsole) print what belongs to their own session and ignore updates.
        Notebooks take only what belongs to a request of theirs, and ignore this: it belongs to none.
        """
        mine = f"{display_id}-console"
        self._show("display_data", text, self._metadata(), mine, parent | {"msg_id": mine})

    def _metadata(self) -> dict[str, Any]:
        """Marks a display as ours for frontends that know us."""
        return self._announcement.metadata if self._announcement else {"pyteleport": {"host": self.host}}

    def _update_move(self, text: str) -> None:
        if self._announcement is not None:
            announced = self._announcement
            self._show(
                "update_display_data", text, announced.metadata, announced.display_id, announced.parent
            )

    def _show(
        self, kind: str, text: str, metadata: dict[str, Any], display_id: str, parent: dict[str, Any]
    ) -> None:
        content = {
            "data": {"text/plain": text},
            "metadata": metadata,
            "transient": {"display_id": display_id},
        }
        self._publish([kind.encode(), *self._signer.message(kind, content, parent)])


def _sentence(announcement: Announcement, host: str) -> str:
    facts: dict[str, Any] = {"host": host, **announcement.facts}
    return announcement.template.format(**facts, seconds=time.monotonic() - announcement.started)
