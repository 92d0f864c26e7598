"""What a kernel is doing, as it tells everybody: which request it executes, and since when."""

from __future__ import annotations

import json
import time
from typing import Any

from pyteleport_jupyter.remote.kernel_lines import DELIMITER

EXECUTING = ("execute_request", "teleport_errand_run")
"""Requests that run the user's code (the latter: RUN of :mod:`.errand_messages`)."""

DOING = "doing"
"""What IPython in a terminal says to its supervisor when a cell begins, and with an empty ``request`` when it
has ended.
"""

STATUS = b".status"
"""How the topic of a status message ends (ipykernel kernelbase.py, ``_topic``)."""


class Activity:
    """Looks at nothing but the kernel's short status messages."""

    def __init__(self) -> None:
        self.request = ""
        """Id of the request that is being executed, empty when none is."""
        self.since = time.time()
        """Since when it is so."""

    def published(self, parts: list[bytes]) -> None:
        """The kernel published this."""
        if not parts or not parts[0].endswith(STATUS) or DELIMITER not in parts:
            return
        _, _, parent, _, content, *_ = [*parts[parts.index(DELIMITER) + 1 :], *[b""] * 5]
        asked, state = _parsed(parent), _parsed(content).get("execution_state")
        if asked.get("msg_type") not in EXECUTING:
            return
        if state == "busy":
            self.turn_to(str(asked.get("msg_id")))
        elif state == "idle":
            self.turn_to("")

    def turn_to(self, request: str) -> None:
        """From now on it executes this; the empty one is none."""
        if request != self.request:
            self.request, self.since = request, time.time()


def _parsed(part: bytes) -> dict[str, Any]:
    try:
        found = json.loads(part)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
