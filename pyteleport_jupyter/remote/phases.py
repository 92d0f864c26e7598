"""The life of a supervisor as a table: its phases, and which commands fit in which."""

from __future__ import annotations

from enum import Enum, auto


class Phase(Enum):
    """Where a session is between its start and its end."""

    STARTING = auto()
    """The kernel starts, the snapshot comes."""
    RESTORING = auto()
    """The snapshot is there, the kernel restores it."""
    PREPARED = auto()
    """Restored; the original is still the session."""
    HELD = auto()
    """The other side is cutting over. From here on a lost link is waited for."""
    LIVE = auto()
    """This is the session now."""
    CLOSING = auto()
    """The kernel has ended; the other side is still to learn of it."""
    FAILED = auto()
    """The move has failed and the other side has been told why."""
    ENDED = auto()
    """Nothing is left but to clean up."""


OPERATIONS: dict[str, frozenset[Phase]] = {
    "expect": frozenset((Phase.STARTING,)),
    "prepare": frozenset((Phase.STARTING,)),
    "begin": frozenset((Phase.STARTING,)),
    "hold": frozenset((Phase.PREPARED,)),
    "commit": frozenset((Phase.HELD,)),
    "abort": frozenset((Phase.STARTING, Phase.RESTORING, Phase.PREPARED, Phase.HELD, Phase.FAILED)),
    "end": frozenset((Phase.HELD, Phase.LIVE, Phase.CLOSING)),
    "adopt": frozenset((Phase.LIVE, Phase.CLOSING)),
    "tell": frozenset((Phase.LIVE, Phase.CLOSING)),
}
"""What may be commanded when; anything else breaks the protocol."""

REVOCABLE = frozenset((Phase.STARTING, Phase.RESTORING, Phase.PREPARED, Phase.FAILED))
"""Phases in which a lost link means that the move is off and nothing may stay."""
