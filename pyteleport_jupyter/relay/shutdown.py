"""A request to shut down that comes while there is no link."""

from __future__ import annotations

from collections.abc import Callable

from pyteleport_jupyter.relay.signing import Signer, content_of, header_of
from pyteleport_jupyter.relay.timing import SHUTDOWN_SECONDS


class Shutdown:
    """The first such request, which waits a little for the link."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._waiting: tuple[float, list[bytes]] | None = None

    def wanted(self, frames: list[bytes]) -> None:
        """A client wants it."""
        if self._waiting is None:
            self._waiting = (self._clock() + SHUTDOWN_SECONDS, frames)

    def due(self, linked: bool) -> list[bytes] | None:
        """The request, when the link has not come back in time; once it has, nothing waits any more."""
        if self._waiting is None or linked:
            self._waiting = None
            return None
        deadline, frames = self._waiting
        return frames if self._clock() >= deadline else None


def shutdown_reply(frames: list[bytes], signer: Signer) -> list[bytes]:
    """What the kernel would have answered to this request."""
    content = {"status": "ok", "restart": bool(content_of(frames).get("restart"))}
    return [frames[0], *signer.message("shutdown_reply", content, header_of(frames))]
