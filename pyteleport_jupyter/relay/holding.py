"""Delivery to front ends that may not be back yet: what is held, until when, and what is tried again.

After the cut every client reconnects, 100 to 200 ms later (``ZMQ_RECONNECT_IVL``). Published before that,
output is lost; and replies must not overtake the output that belongs before them. A client that is idle
re-subscribes only when its owner touches the socket next (libzmq), so waiting has an end.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from pyteleport_jupyter.relay.endpoints import Endpoints
from pyteleport_jupyter.relay.signing import Signer
from pyteleport_jupyter.wire.lanes import Lane

HOLD_SECONDS = 0.5
"""Longest time that output waits for subscribers. Three reconnect intervals of a polling client; an idle
one may take for ever."""

RETRY_SECONDS = 0.01
REPLY_SECONDS = 10.0
"""How long a reply is kept for a client that is not connected; clients without an identity never come back
as the same one."""

KEPT_LIMIT = 16 << 20
"""Above this many held bytes nothing more is taken from the far side, which then stops too."""

CLIENT_LIMIT = 4 << 20
"""Bytes of replies kept for one client; beyond, it loses the oldest, so that it cannot hold up the others."""

HELD_LANES = (Lane.IOPUB, Lane.SHELL, Lane.STDIN)
"""Control passes: an answer there depends on no output, and interrupts must not wait."""

Frames = Sequence[bytes | memoryview]


class Delivery:
    """Sends to clients through ``endpoints``; ``expected`` subscribers are waited for before anything is
    published.

    What must hold: for each lane and client, messages leave in the order in which they came, whatever waits.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        signer: Signer,
        expected: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoints = endpoints
        self._signer = signer
        self._missing = expected
        self._clock = clock
        self._hold_until = clock() + HOLD_SECONDS
        self._open = expected == 0
        self._held: list[tuple[Lane, Frames]] = []
        self._unreachable: dict[tuple[Lane, bytes], deque[tuple[float, Frames]]] = {}
        self._kept_bytes = 0
        self.dropped = 0
        """Replies whose client did not come back, or did not read."""
        self._overflowed = False

    @property
    def congested(self) -> bool:
        """Whether so much is kept that no more should be taken in."""
        return self._kept_bytes > KEPT_LIMIT or self._endpoints.congested

    @property
    def idle(self) -> bool:
        """Whether nothing waits here."""
        return not self._held and not self._unreachable

    def timeout(self) -> float:
        """Seconds after which :meth:`look` should be called again."""
        if self._unreachable:
            return RETRY_SECONDS
        return 3600.0 if self._open else max(0.0, self._hold_until - self._clock())

    def deliver(self, lane: Lane, frames: Frames) -> None:
        """Send ``frames`` (identity or topic first) now, or as soon as it can be received."""
        if not self._open and lane in HELD_LANES:
            self._kept_bytes += _size(frames)
            self._held.append((lane, frames))
        else:
            self._send(lane, frames)

    def look(self) -> None:
        """Welcome new subscribers, open when all are back or the time is over, and try again what could not
        be sent.
        """
        for topic in self._endpoints.subscriptions():
            self._welcome(topic)
        if not self._open and (self._missing <= 0 or self._clock() >= self._hold_until):
            self.open()
        if self._unreachable:
            self._retry()

    def open(self) -> None:
        """Hold nothing back any more."""
        self._open = True
        held, self._held = self._held, []
        for lane, frames in held:
            self._kept_bytes -= _size(frames)
            self._send(lane, frames)

    def _welcome(self, topic: bytes) -> None:
        """The message that a subscriber of ipykernel's iopub gets (jupyter_client protocol 5.4,
        ``iopub_welcome``).
        """
        self._missing -= 1
        message = self._signer.message("iopub_welcome", {"subscription": topic.decode(errors="replace")})
        self._endpoints.send(Lane.IOPUB, [topic, *message] if topic else message)

    def _send(self, lane: Lane, frames: Frames) -> None:
        client = (lane, bytes(frames[0]))
        sent = client not in self._unreachable and self._endpoints.send(lane, frames)
        if not sent and lane is not Lane.IOPUB:
            self._keep(client, frames)

    def _keep(self, client: tuple[Lane, bytes], frames: Frames) -> None:
        self._kept_bytes += _size(frames)
        waiting = self._unreachable.setdefault(client, deque())
        waiting.append((self._clock() + REPLY_SECONDS, frames))
        if self._kept_bytes > CLIENT_LIMIT:
            self._make_room(waiting)

    def _make_room(self, waiting: deque[tuple[float, Frames]]) -> None:
        """Only the last may be longer than the limit."""
        size = sum(_size(frames) for _, frames in waiting)
        while size > CLIENT_LIMIT and len(waiting) > 1:
            oldest = _size(waiting.popleft()[1])
            size -= oldest
            self._kept_bytes -= oldest
            self.dropped += 1
            self._overflowed = True

    def overflowed(self) -> bool:
        """Whether replies were dropped since the last call because their client did not read."""
        overflowed, self._overflowed = self._overflowed, False
        return overflowed

    def _retry(self) -> None:
        for client in list(self._unreachable):
            waiting = self._unreachable[client]
            for frames in self._sendable(client, waiting):
                self._kept_bytes -= _size(frames)
                waiting.popleft()
            if not waiting:
                del self._unreachable[client]

    def _sendable(self, client: tuple[Lane, bytes], waiting: deque[tuple[float, Frames]]) -> Iterator[Frames]:
        """The replies, from the oldest on, that need not be kept any longer: sent now, or too old."""
        while waiting:
            deadline, frames = waiting[0]
            if not self._endpoints.send(client[0], frames):
                if self._clock() < deadline:
                    return
                self.dropped += 1
            yield frames


def _size(frames: Frames) -> int:
    return sum(len(frame) for frame in frames)
