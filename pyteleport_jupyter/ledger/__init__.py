"""Which sessions of mine are where: what was started from here (:mod:`.record`), and what their hosts say
about it now (:mod:`.asking`, :mod:`.table`).
"""

from __future__ import annotations

from pyteleport_jupyter.ledger.asking import (
    HostAnswer,
    Session,
    ask_hosts,
    find_session,
    own_identifier,
    waiting_session,
)
from pyteleport_jupyter.ledger.record import Entry, known_places, remember
from pyteleport_jupyter.ledger.table import described

__all__ = [
    "Entry",
    "HostAnswer",
    "Session",
    "ask_hosts",
    "described",
    "find_session",
    "known_places",
    "own_identifier",
    "remember",
    "waiting_session",
]
