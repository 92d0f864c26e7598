"""What the two machines say to each other: frames, records, the numbered channel, and a pipe to carry it.

The layers, each a closed set of values turned into the next: bytes -> frames (:mod:`.framing`) -> records
(:mod:`.records`) -> messages in lanes (:mod:`.channel`) -> commands (:mod:`.commands`). Standard library
only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyteleport_jupyter.wire.channel import ChannelFull, Message, NumberedChannel
from pyteleport_jupyter.wire.commands import encode_command, parse_command
from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.pipe import Pipe

if TYPE_CHECKING:
    from pyteleport_jupyter.wire.conversation import Conversation

__all__ = [
    "ChannelFull",
    "Conversation",
    "Lane",
    "Message",
    "NumberedChannel",
    "Pipe",
    "WireError",
    "encode_command",
    "parse_command",
]


def __getattr__(name: str) -> Any:
    # Only the departing kernel converses; the relay and the far side need not load what its errors load.
    if name != "Conversation":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pyteleport_jupyter.wire.conversation import Conversation

    return Conversation
