"""What frontends want to know, said on their comm: where the session is, and what would move."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from pyteleport_jupyter.errors import TeleportError, clean
from pyteleport_jupyter.inventory import Plan, plan
from pyteleport_jupyter.inventory.rows import public_type
from pyteleport_jupyter.inventory.stock import RUNNING_CODE
from pyteleport_jupyter.quantities import bytes_in_words
from pyteleport_jupyter.remote.inquiries import ask
from pyteleport_jupyter.session import current_place
from pyteleport_jupyter.session.place import HOME, own_directory

MOST_ROWS: Final = 10_000
"""More are not told, but how many there are; what stays comes first, then the largest."""
MOST_CHARACTERS: Final = 4096
_ORDER: Final = {"stays": 0}


def whereabouts() -> list[dict[str, Any]]:
    """Messages: the place, and how long a word to its home and back takes."""
    place = current_place()
    told: list[dict[str, Any]] = [{"type": "place", "place": asdict(place)}]
    directory = own_directory()
    if place.target == HOME or directory is None:
        return told
    try:
        seconds = ask(directory, "measure").get("round_trip")
    except OSError:
        seconds = None
    if isinstance(seconds, float):
        told.append({"type": "link", "link": {"state": "up", "seconds": 0.0, "roundTrip": 1000 * seconds}})
    return told


def planned(wish: dict[str, Any]) -> dict[str, Any]:
    """A message with the plan, or with the sentence that says why there is none."""
    target, asked = wish.get("target"), str(wish.get("id"))[:64]
    try:
        found = plan(target if isinstance(target, str) and 0 < len(target) <= MOST_CHARACTERS else None)
    except TeleportError as error:
        return {"type": "plan", "id": asked, "sentence": error.sentence()}
    return {"type": "plan", "id": asked, "plan": _described(found)}


def _described(found: Plan) -> dict[str, Any]:
    # A message is being handled: that this code cannot move says nothing of a move that comes later.
    rows = [row for row in found.rows if row.name != RUNNING_CODE]
    ordered = sorted(rows, key=lambda row: (_ORDER.get(row.verdict, 1), -row.nbytes))
    return {
        "target": found.target,
        "nbytes": found.nbytes,
        "seconds": found.seconds,
        "size": bytes_in_words(found.nbytes),
        "count": len(rows),
        "notes": list(map(clean, found.notes)),
        "rows": [
            {
                "name": clean(row.name),
                "path": clean(row.path),
                "type": clean(public_type(row.type)),
                "nbytes": row.nbytes,
                "verdict": row.verdict,
                "reason": clean(row.reason),
            }
            for row in ordered[:MOST_ROWS]
        ],
    }
