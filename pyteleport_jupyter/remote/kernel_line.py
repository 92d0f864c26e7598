"""One connection to a socket of the kernel, made again whenever it has ended."""

from __future__ import annotations

import os
import socket
import time
from collections import deque
from collections.abc import Sequence

from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.zmtp import Decoder, encode

RETRY_SECONDS = 0.01
"""The kernel binds some hundred milliseconds after we first try to connect."""

READS = 8
"""Most reads before everybody else has a turn."""


class KernelLine:
    """A ZMTP connection to the unix socket at ``path``: ``opening`` is said first, ``subscription`` when the
    other side is ready.

    What is sent meanwhile waits for the connection; a message that was cut off in the middle goes over the
    next one whole, as libzmq does it. ``buffer`` is scratch space, shared by all lines of a thread.
    """

    def __init__(self, path: str, opening: bytes, subscription: bytes, buffer: bytearray) -> None:
        self._path = path
        self._opening = opening
        self._subscription = subscription
        self._buffer = buffer
        self._view = memoryview(buffer)
        self._socket: socket.socket | None = None
        self._decoder = Decoder()
        self._queue: deque[bytes] = deque()
        self._written = 0
        self.waiting_bytes = 0
        """Of messages that the kernel has not taken yet."""
        self.retry_at: float | None = 0.0
        """When to :meth:`connect`, None while there is a connection."""

    @property
    def fd(self) -> int:
        """To be watched; -1 while there is no connection."""
        return -1 if self._socket is None else self._socket.fileno()

    @property
    def wants_write(self) -> bool:
        """Whether :meth:`flush` should be called when :attr:`fd` is writable."""
        return self._decoder.ready and bool(self._queue)

    @property
    def half(self) -> bool:
        """Whether a message has begun to come and not ended."""
        return self._decoder.half

    def connect(self) -> None:
        """Connect if there is somebody, or try again a little later."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            connection.connect(self._path)
            # The first bytes of a connection fit into its buffer.
            connection.send(self._opening)
        except OSError:
            connection.close()
            self.retry_at = time.monotonic() + RETRY_SECONDS
            return
        self._socket, self.retry_at = connection, None

    def send(self, parts: Sequence[bytes | memoryview]) -> None:
        """Send a message as soon as the kernel takes it."""
        message = b"".join(encode(parts))
        self._queue.append(message)
        self.waiting_bytes += len(message)
        self.flush()

    def flush(self) -> None:
        """Write as much as the kernel takes."""
        while self._socket is not None and self.wants_write:
            try:
                self._written += self._socket.send(memoryview(self._queue[0])[self._written :])
            except BlockingIOError:
                return
            except OSError:
                # Its end will be read, after what came before it.
                return
            if self._written == len(self._queue[0]):
                self.waiting_bytes -= self._written
                self._queue.popleft()
                self._written = 0

    def receive(self) -> tuple[list[list[bytes]], bool]:
        """The messages that have come, and whether there may be more at once."""
        messages: list[list[bytes]] = []
        for _ in range(READS):
            count = self._read()
            if count == 0:
                return messages, False
            try:
                messages += self._decode(count)
            except (OSError, WireError):
                self._end()
                return messages, False
            if count < len(self._buffer) and not self.half:
                return messages, False
        return messages, True

    def _decode(self, count: int) -> list[list[bytes]]:
        was_ready = self._decoder.ready
        messages = self._decoder.feed(self._view[:count])
        if self._decoder.ready and not was_ready:
            if self._subscription and self._socket is not None:
                self._socket.send(self._subscription)
            self.flush()
        return messages

    def _read(self) -> int:
        """How many bytes are in the buffer now: none when there are none, or the connection has ended."""
        if self._socket is None:
            return 0
        try:
            count = os.readv(self._socket.fileno(), [self._buffer])
        except BlockingIOError:
            return 0
        except OSError:
            count = 0
        if count == 0:
            self._end()
        return count

    def _end(self) -> None:
        """Whoever listens there next starts with whole messages, in both directions."""
        self.close()
        self._decoder = Decoder()
        self._written = 0
        self.retry_at = time.monotonic() + RETRY_SECONDS

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
