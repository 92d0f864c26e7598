"""The line of progress in the cell that moves: the relay brings it to its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Announcement:
    """The line of progress that the relay brings to its end.

    ``template`` is filled with ``facts``, ``host`` and ``seconds`` (since ``started``, CLOCK_MONOTONIC,
    which goes on across exec). ``parent`` is the header of the request that the display belongs to.
    """

    display_id: str
    metadata: dict[str, Any]
    template: str
    facts: dict[str, Any]
    started: float
    parent: dict[str, Any]

    def as_record(self) -> dict[str, Any]:
        """As JSON-able data."""
        return dict(vars(self))

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Announcement:
        """What :meth:`as_record` wrote."""
        return cls(**record)
