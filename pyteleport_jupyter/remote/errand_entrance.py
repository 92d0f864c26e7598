"""A kernel listens for cells that it is to run for a session elsewhere.

What handles them (:mod:`.errands`) is loaded when the first of them comes: most kernels never get one.
"""

from __future__ import annotations

from typing import Any

from pyteleport_jupyter.remote.errand_messages import BYTES, FETCH, OFFER, REPACK, RUN, STOP_CELL
from pyteleport_jupyter.remote.errand_stops import Stops


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
