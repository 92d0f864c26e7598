"""Control requests and interrupts that have to wait: until the resumed cell can be interrupted, or until
there is a link again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from pyteleport_jupyter.relay.signing import Signer, header_of

OWN_IDENTITY = b"teleport-relay"
"""Identity of the relay's own requests; replies to it go to nobody."""

MOST_REQUESTS = 1000
MOST_BYTES = 4 << 20
"""With more than this in it no control request is taken from clients; what they send waits at their end."""


class WaitingRoom:
    """First in, first out. A second interrupt adds nothing to one that waits, so it is answered at once."""

    def __init__(self, signer: Signer, answer: Callable[[list[bytes]], None]) -> None:
        self.interrupted = False
        """Whether this process was interrupted (SIGINT)."""
        self._signer = signer
        self._answer = answer
        self._requests: deque[list[bytes]] = deque()
        self._bytes = 0

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._requests and not self.interrupted

    @property
    def full(self) -> bool:
        """Whether no more should be taken from clients."""
        return len(self._requests) >= MOST_REQUESTS or self._bytes > MOST_BYTES

    def add(self, frames: list[bytes]) -> None:
        """A control request."""
        if self._holds_interrupt() and self._answered(frames):
            return
        self._requests.append(frames)
        self._bytes += sum(len(frame) for frame in frames)

    def leave(self, interrupt: bool) -> list[list[bytes]]:
        """All that waits, as requests. Unless ``interrupt``, those to interrupt are answered and go no
        further.
        """
        requests, own = list(self._requests), self.interrupted and not self._holds_interrupt()
        self._requests.clear()
        self._bytes, self.interrupted = 0, False
        if own and interrupt:
            requests.append([OWN_IDENTITY, *self._signer.message("interrupt_request", {})])
        return requests if interrupt else [frames for frames in requests if not self._answered(frames)]

    def _holds_interrupt(self) -> bool:
        return any(_is_interrupt(header_of(frames)) for frames in self._requests)

    def _answered(self, frames: list[bytes]) -> bool:
        """Answer a request to interrupt; whether it was one."""
        header = header_of(frames)
        if not _is_interrupt(header):
            return False
        self._answer([frames[0], *self._signer.message("interrupt_reply", {"status": "ok"}, header)])
        return True


def _is_interrupt(header: Mapping[str, Any]) -> bool:
    return header.get("msg_type") == "interrupt_request"
