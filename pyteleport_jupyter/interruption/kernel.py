"""The road out of a Jupyter kernel, by request."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

from pyteleport_jupyter import departure, relay
from pyteleport_jupyter.errors import TeleportError
from pyteleport_jupyter.session.running_cell import a_cell_is_suspended

MACHINERY: Final = frozenset(
    {
        "IPython", "ipykernel", "zmq", "tornado", "jupyter_client", "traitlets", "comm", "asyncio",
        "selectors", "threading", "logging", "importlib", "_frozen_importlib", "_frozen_importlib_external",
        __name__.partition(".")[0],
    }
)  # fmt: skip
"""Packages whose functions are let finish: they hold locks and half-written messages of this process."""


@dataclass(frozen=True)
class KernelRoad:
    """See :class:`~.road.Road`."""

    shell: Any

    def may_leave(self, frame: FrameType) -> bool:
        """From ``frame`` outwards to the user's own code there must be no machinery; it may be around it."""
        inside: FrameType | None = frame
        while inside is not None:
            names = inside.f_globals
            if names is self.shell.user_ns:
                return True
            name = str(names.get("__name__"))
            if name == "__main__":
                return True
            if name.partition(".")[0] in MACHINERY:
                return False
            inside = inside.f_back
        return False

    def leave(self, frame: FrameType | None, target: str, options: dict[str, Any]) -> None:
        if frame is None:
            departure.depart(target, **options)
        else:
            departure.depart_at(frame, target, **options)

    def is_idle(self) -> bool:
        return relay.in_flight_request(self.shell.kernel) is None and not a_cell_is_suspended()

    def when_idle(self, call: Callable[[], None], seconds: float) -> None:
        loop = self.shell.kernel.io_loop
        loop.add_callback(loop.call_later, seconds, call)

    def report(self, error: TeleportError) -> None:
        kernel = self.shell.kernel
        content = {
            "data": {"text/plain": error.sentence()},
            "metadata": {"pyteleport": {"error": type(error).__name__}},
            "transient": {"display_id": f"pyteleport-{uuid.uuid4().hex}"},
        }
        kernel.session.send(
            kernel.iopub_socket,
            "display_data",
            content,
            kernel.get_parent("shell"),
            ident=kernel._topic("display_data"),
        )
