"""A pickled session as bytes on a pipe, and back; how, is :mod:`pyteleport_jupyter.shipping`."""

from __future__ import annotations

from collections.abc import Iterator

from pyteleport_jupyter import shipping
from pyteleport_jupyter.objects.pickler import Pickled
from pyteleport_jupyter.shipping.blocks import SLICE as SLICE
from pyteleport_jupyter.shipping.compression import Chooser


def parts(pickled: Pickled) -> tuple[memoryview, ...]:
    """The pickle stream and the buffers: what offers, stores and consignments are made of."""
    return memoryview(pickled.stream), *pickled.buffers


def consign(
    pickled: Pickled,
    chooser: Chooser | None = None,
    offer: shipping.Offer | None = None,
    answer: bytes = b"",
    sealed: bool = False,
) -> shipping.Consignment:
    """``pickled`` as it is sent: compressed where ``chooser`` says so, and without what is there already.

    ``sealed``: for a wire that does not check what passes.
    """
    if chooser is None:
        return shipping.Consignment(parts(pickled), offer, answer, sealed=sealed)
    return shipping.Consignment(parts(pickled), offer, answer, chooser.choose, sealed)


def slices(pickled: Pickled) -> Iterator[memoryview]:
    """All of it in views of at most 256 KiB, straight from the live buffers."""
    return iter(consign(pickled))


def receive(
    read_into: shipping.ReadInto, limit: int, store: shipping.Held | None = None
) -> tuple[memoryview, list[shipping.Room]]:
    """Read (stream, buffers). ``read_into`` must fill the view it is given, or raise.

    Every part is allocated once, at its full size, and only after the sum of all was found to be within
    ``limit`` bytes. Raises ProtocolBroken, RestoreFailed.
    """
    stream, *buffers = shipping.receive(read_into, limit, store)
    return memoryview(stream), buffers
