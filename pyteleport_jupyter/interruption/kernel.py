"""The road out of a Jupyter kernel, by request."""

from __future__ import annotations

import signal
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from pyteleport_jupyter import departure, frontends, relay
from pyteleport_jupyter.errors import TeleportError
from pyteleport_jupyter.interruption.machinery import is_in_user_code
from pyteleport_jupyter.session.running_cell import a_cell_is_suspended


@dataclass(frozen=True)
class KernelRoad:
    """See :class:`~.road.Road`."""

    shell: Any

    def may_leave(self, frame: FrameType) -> bool:
        return is_in_user_code(frame, self.shell.user_ns)

    def leave(self, frame: FrameType | None, target: str, options: dict[str, Any]) -> None:
        with frontends.one_try():
            if frame is None:
                with _stoppable():
                    departure.depart(target, **options)
            else:
                departure.depart_at(frame, target, **options)

    def is_idle(self) -> bool:
        return relay.in_flight_request(self.shell.kernel) is None and not a_cell_is_suspended()

    def when_idle(self, call: Callable[[], None], seconds: float) -> None:
        loop = self.shell.kernel.io_loop
        loop.add_callback(loop.call_later, seconds, call)

    def when_running(self, call: Callable[[], None]) -> None:
        call()

    def report(self, error: TeleportError) -> None:
        kernel = self.shell.kernel
        sentence = error.sentence()
        frontends.given_up(str(error.facts.get("host", "")), sentence)
        content = {
            "data": {"text/plain": sentence},
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


@contextmanager
def _stoppable() -> Iterator[None]:
    """Within the block Stop raises KeyboardInterrupt; between cells ipykernel ignores it."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
