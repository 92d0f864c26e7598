"""Whether this process runs single cells for a session elsewhere: then no session is here to be moved."""

from __future__ import annotations

from pyteleport_jupyter.errors import SessionElsewhere

_host = ""


def runs_cells_on(host: str) -> None:
    """From now on it does, for its whole life; ``host`` is this machine as the session calls it."""
    global _host
    _host = host


def check_session_is_here() -> None:
    """Raises SessionElsewhere where only a cell runs here: before anything is packed, or anybody reached."""
    if _host:
        raise SessionElsewhere(host=_host)
