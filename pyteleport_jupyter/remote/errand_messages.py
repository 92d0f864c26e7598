"""The messages about cells that run here for a session elsewhere (:mod:`.errands`).

Apart from their handlers, which are loaded when the first of them comes: most kernels never get one.
"""

from __future__ import annotations

from typing import Any

from pyteleport_jupyter.remote.errand_stops import Stops

OFFER, BYTES, RUN, REPACK, FETCH = (
    f"teleport_errand_{what}" for what in ("offer", "bytes", "run", "repack", "fetch")
)

STOP_CELL = "teleport_errand_stop"
"""On the control channel: which cell is to be interrupted."""

SMALL = 256 << 10
"""Up to so many bytes go with the message itself; more is offered first."""

PIECE = 1 << 20
"""Bytes in one message, about."""


def take_errands(kernel: Any) -> None:
    """Let ``kernel`` run cells for others."""
    stops = Stops(kernel._send_interrupt_children)

    async def stop(stream: Any, ident: Any, parent: Any) -> None:
        stops.ask(str(parent["content"]["request"]))

    kernel.control_handlers[STOP_CELL] = stop
    first = _first_message(kernel, stops)
    kernel.shell_handlers.update(dict.fromkeys((OFFER, BYTES, RUN, REPACK, FETCH), first))


def _first_message(kernel: Any, stops: Stops) -> Any:
    async def handle(stream: Any, ident: Any, parent: Any) -> None:
        from pyteleport_jupyter.remote.errands import Errands

        handlers = Errands(kernel, stops).handlers()
        kernel.shell_handlers.update(handlers)
        await handlers[parent["header"]["msg_type"]](stream, ident, parent)

    return handle
