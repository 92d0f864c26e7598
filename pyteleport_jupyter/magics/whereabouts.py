"""``%teleport`` alone: where am I, since when, and how is the link."""

from __future__ import annotations

import os
from typing import Any

from pyteleport_jupyter.ledger.table import duration_in_words
from pyteleport_jupyter.quantities import bytes_in_words
from pyteleport_jupyter.remote import upstream
from pyteleport_jupyter.remote.inquiries import ask
from pyteleport_jupyter.remote.session_desk import memory_of
from pyteleport_jupyter.remote.sessions_there import identifier_of
from pyteleport_jupyter.session import current_place
from pyteleport_jupyter.session.place import HOME, own_directory


def whereabouts() -> str:
    """A sentence or two; what the supervisor here cannot be asked is left out."""
    place = current_place()
    directory = own_directory() or upstream.directory()
    if place.target == HOME or directory is None:
        memory = memory_of(os.getpid())
        return place.sentence() + (f"; it has {bytes_in_words(memory)} of memory" if memory else "")
    try:
        facts = ask(directory, "measure")
    except OSError:
        return place.sentence()
    return f"{place.sentence()}; {_in_words(facts)}; session {identifier_of(directory)}"


def _in_words(facts: dict[str, Any]) -> str:
    trip = facts.get("round_trip")
    link = "no link" if trip is None else f"linked, {1000 * trip:.0f} ms there and back"
    memory = facts.get("memory")
    amount = f", {bytes_in_words(memory)} of memory" if memory else ""
    return f"there for {duration_in_words(float(facts.get('age', 0)))}, {link}{amount}"
