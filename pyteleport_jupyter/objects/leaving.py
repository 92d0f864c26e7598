"""What cannot move and does not stop the rest: each takes a tombstone's place."""

from __future__ import annotations

from collections.abc import Sequence

from pyteleport_jupyter.objects.refusals import Refusal
from pyteleport_jupyter.objects.tombstone import Left, left_here
from pyteleport_jupyter.objects.walk import Walk

ROUNDS = 6
"""So often a session is pickled anew: each time what was found to stay is left out."""


class Leaving:
    """What stays on ``host``. ``left`` is by ``id``, ``refusals`` in the order of finding."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.left: dict[int, Left] = {}
        self.refusals: list[Refusal] = []
        self._kept_alive: list[object] = []

    def leave(self, walk: Walk, refusals: Sequence[Refusal]) -> bool:
        """Leave behind all that ``walk`` has found. False if that is nothing, or something that must come."""
        found = list(walk.refused.values())
        if not found or any(refused.in_use for refused in found) or len(self.refusals) > 100_000:
            return False
        for refused, refusal in zip(found, refusals, strict=True):
            self._kept_alive.append(refused.obj)
            self.left[id(refused.obj)] = left_here(
                refused.obj, refusal.path, refusal.type, refusal.reason, self.host
            )
        self.refusals += refusals
        return True
