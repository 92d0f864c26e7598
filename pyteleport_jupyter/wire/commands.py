"""What travels in the COMMAND lane: JSON objects with an ``op``. Plain data only, nothing is ever
unpickled.
"""

from __future__ import annotations

import json
from typing import Any

from pyteleport_jupyter.wire.framing import WireError


def encode_command(op: str, **fields: object) -> bytes:
    """The command ``op`` as one part of a message."""
    return json.dumps({"op": op, **fields}, separators=(",", ":")).encode()


def parse_command(part: bytes) -> dict[str, Any]:
    """The command as a dict with a string ``op``. Raises :class:`WireError` for anything else."""
    try:
        command = json.loads(part)
    except (ValueError, RecursionError) as error:
        raise WireError(f"a command is not JSON: {error}") from None
    if not isinstance(command, dict) or not isinstance(command.get("op"), str):
        raise WireError("a command has no op")
    return command
