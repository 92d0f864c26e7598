"""A connection of the user's ssh that is up and can be shared (ControlMaster in ssh_config(5))."""

from __future__ import annotations

import socket

ANSWER_SECONDS = 1.0


def has_live_master(path: str) -> bool:
    """Whether a master listens on the socket ``path``; False for an empty path."""
    if not path:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as attempt:
        attempt.settimeout(ANSWER_SECONDS)
        try:
            attempt.connect(path)
        except (OSError, ValueError):
            return False
    return True
