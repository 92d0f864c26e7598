"""The messages about cells that run here for a session elsewhere (:mod:`.errands`)."""

from __future__ import annotations

OFFER, BYTES, RUN, REPACK, FETCH = (
    f"teleport_errand_{what}" for what in ("offer", "bytes", "run", "repack", "fetch")
)

STOP_CELL = "teleport_errand_stop"
"""On the control channel: which cell is to be interrupted."""

SMALL = 256 << 10
"""Up to so many bytes go with the message itself; more is offered first."""

PIECE = 1 << 20
"""Bytes in one message, about."""
