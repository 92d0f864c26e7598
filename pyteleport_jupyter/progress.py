"""What a move tells of itself as it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from pyteleport_jupyter.errors import TeleportError


@dataclass(frozen=True)
class Display:
    """Where the line is shown: display id and metadata, and the header of the request it belongs to."""

    display_id: str
    metadata: dict[str, Any]
    parent: dict[str, Any]


class Progress(Protocol):
    """What departure tells about a move as it happens."""

    def stage(self, name: str) -> None:
        """A stage (connect, start, ship, restore) begins."""

    def shipped(self, sent: int, total: int) -> None:
        """``sent`` of ``total`` bytes have left."""

    def doing(self, words: str) -> None:
        """What the stage is busy with."""

    def note(self, sentence: str) -> None:
        """Something that the user should know of this move, and read to its end."""

    def notes(self) -> list[str]:
        """What was noted."""

    def failed(self, error: TeleportError) -> None:
        """The move is over and the session stayed here."""

    def done(self, sentence: str) -> None:
        """It is over, and this session stayed here as it should."""

    def display(self) -> Display | None:
        """The display that someone else is to bring to its end, None where nothing is shown."""


class SilentProgress:
    """``--quiet``: nothing is shown."""

    def stage(self, name: str) -> None: ...

    def shipped(self, sent: int, total: int) -> None: ...

    def doing(self, words: str) -> None: ...

    def note(self, sentence: str) -> None: ...

    def notes(self) -> list[str]:
        return []

    def failed(self, error: TeleportError) -> None: ...

    def done(self, sentence: str) -> None: ...

    def display(self) -> Display | None:
        return None
