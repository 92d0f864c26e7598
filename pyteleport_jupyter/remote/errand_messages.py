"""The messages about cells that run here for a session elsewhere (:mod:`.errands`).

Apart from their handlers, which are loaded when the first of them comes: most kernels never get one.
"""

from __future__ import annotations

from typing import Any

OFFER, BYTES, RUN, REPACK, FETCH = (
    f"teleport_errand_{what}" for what in ("offer", "bytes", "run", "repack", "fetch")
)

SMALL = 256 << 10
"""Up to so many bytes go with the message itself; more is offered first."""

PIECE = 1 << 20
"""Bytes in one message, about."""


def take_errands(kernel: Any) -> None:
    """Let ``kernel`` run cells for others."""
    kernel.shell_handlers.update(dict.fromkeys((OFFER, BYTES, RUN, REPACK, FETCH), _first_message(kernel)))


def _first_message(kernel: Any) -> Any:
    async def handle(stream: Any, ident: Any, parent: Any) -> None:
        from pyteleport_jupyter.remote.errands import Errands

        handlers = Errands(kernel).handlers()
        kernel.shell_handlers.update(handlers)
        await handlers[parent["header"]["msg_type"]](stream, ident, parent)

    return handle
