"""Shipping: a session's parts (the pickle stream and its buffers) as bytes on a pipe, at the speed of the
wire.

Sending everything, once::

    conversation.ship(Consignment(parts))                   # sender; chunks.consign(pickled) makes one
    stream, *buffers = receive(read_into, limit)            # receiver

Not again what is there already. Each process that sends or receives more than once has one
:class:`ChunkStore`, and what it has sent or received is remembered there::

    offer = make_offer(parts)                               # sender: digests, 20 bytes for each MiB
    answer = store.answer(offer.encode(), adopt=...)        # receiver: bytes, one for each chunk
    conversation.ship(Consignment(parts, offer, answer))    # sender: only what is not there
    stream, *buffers = receive(read_into, limit, store)     # receiver

How ``offer.encode()`` and ``answer`` get across (a command, a request to a kernel) is the caller's business;
an empty answer means that everything is to be sent, so a side that knows nothing of this may say b"". The
store refers to live objects weakly, digests them anew for each offer, and checks each chunk again when it is
used: nothing has to be told to it when objects change. With ``adopt=True`` received memory over which no
object lives any more is used again, without a copy.
"""

from __future__ import annotations

from pyteleport_jupyter.shipping.blocks import Consignment
from pyteleport_jupyter.shipping.compression import Chooser
from pyteleport_jupyter.shipping.fingerprints import Fingerprints
from pyteleport_jupyter.shipping.memory import Room, available_bytes
from pyteleport_jupyter.shipping.offer import Offer, make_offer
from pyteleport_jupyter.shipping.receiving import Held, ReadInto, announced, parts
from pyteleport_jupyter.shipping.store import ChunkStore


def receive(read_into: ReadInto, limit: int, store: Held | None = None) -> list[Room]:
    """All parts of a :class:`Consignment`, at most ``limit`` bytes of them; ``store`` remembers them.

    Raises ProtocolBroken, RestoreFailed, and what ``read_into`` raises.
    """
    try:
        received = list(parts(read_into, announced(read_into, limit), store))
        if store is not None:
            store.settle()
    finally:
        if store is not None:
            store.forget_offer()
    if store is not None:
        store.remember(received)
    return received


__all__ = [
    "Chooser",
    "ChunkStore",
    "Consignment",
    "Fingerprints",
    "Held",
    "Offer",
    "ReadInto",
    "Room",
    "announced",
    "available_bytes",
    "make_offer",
    "parts",
    "receive",
]
