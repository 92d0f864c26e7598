"""Who has to be told, at the last moment, that the session leaves this process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

_to_be_told: list[Callable[[], None]] = []


def when_leaving(tell: Callable[[], None]) -> None:
    """Call ``tell`` before this process becomes a relay, once it is certain that the other side is ready."""
    if tell not in _to_be_told:
        _to_be_told.append(tell)


def leave() -> None:
    """Tell all. What fails there must not keep the session here."""
    for tell in _to_be_told:
        with suppress(Exception):
            tell()
