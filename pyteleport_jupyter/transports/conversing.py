"""From a landing to a conversation."""

from __future__ import annotations

from pyteleport_jupyter.transports.link import Link, complaint
from pyteleport_jupyter.transports.requests import Landed
from pyteleport_jupyter.wire import Conversation, NumberedChannel, Pipe


def converse(link: Link, landed: Landed, host: str) -> Conversation:
    """With what has answered at the other end of ``link``."""
    pipe = Pipe(link.read_fd, link.write_fd, NumberedChannel())
    return Conversation(pipe, host, lambda: complaint(link), landed.leftover)
