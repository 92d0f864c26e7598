"""Commands as the supervisor hears them, and its last words."""

from __future__ import annotations

import time
from collections.abc import Container
from typing import Any

from pyteleport_jupyter.remote.tether import Tether
from pyteleport_jupyter.wire.channel import Message
from pyteleport_jupyter.wire.commands import parse_command
from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.waiting import ready

FAREWELL_SECONDS = 2.0
"""So long the last words may take to get out."""


def read_command(message: Message, operations: Container[str]) -> dict[str, Any]:
    """The command in ``message``. Raises WireError unless it is one of ``operations``."""
    if message.lane is not Lane.COMMAND or len(message.parts) != 1:
        raise WireError(f"{message.lane.name} where a command should come")
    command = parse_command(message.parts[0])
    if command["op"] not in operations:
        raise WireError(f"{command['op']} where {operations} would fit")
    return command


def farewell(link: Tether) -> None:
    """Let the last words out, then close the link."""
    deadline = time.monotonic() + FAREWELL_SECONDS
    pipe = link.pipe
    pipe.flush()
    while pipe.wants_write and (left := deadline - time.monotonic()) > 0:
        ready([], [pipe.write_fd], left)
        pipe.flush()
    link.close()
