"""The supervisor's ends of the kernel's four sockets, and its own few requests to the kernel.

All three DEALERs have the same identity, because the kernel addresses ``input_request`` with the identities
of the *shell* request. Messages of the front ends pass unread: the kernel has the front end's key, so
nothing is signed anew.
"""

from __future__ import annotations

import hmac
import json
import os
import select
import time
from collections.abc import Container, Sequence
from typing import Any

from pyteleport_jupyter.remote.kernel_line import KernelLine
from pyteleport_jupyter.remote.kernel_process import socket_path
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.pipe import READ_SIZE
from pyteleport_jupyter.wire.zmtp import encode, opening

IDENTITY = b"teleport-supervisor"
OURS = b"teleport-internal"
"""First identity of our own requests; replies that come back to it are for us."""

DELIMITER = b"<IDS|MSG>"

SUBSCRIPTION = b"\x01"
"""To everything (ZMTP 3.0: a subscription is a message)."""

CONGESTED = 8 << 20
"""With more bytes than this waiting for the kernel, nothing more should come from the front ends."""

_DEALER = opening("DEALER", IDENTITY)
_LINES: dict[Lane, tuple[str, bytes, bytes]] = {
    Lane.SHELL: ("shell_port", _DEALER, b""),
    Lane.CONTROL: ("control_port", _DEALER, b""),
    Lane.STDIN: ("stdin_port", _DEALER, b""),
    Lane.IOPUB: ("iopub_port", opening("SUB"), b"".join(encode([SUBSCRIPTION]))),
}
_REPLY_LANES = (Lane.STDIN, Lane.CONTROL, Lane.SHELL)

Heard = list[tuple[Lane, list[bytes]]]
"""Messages of the kernel in the order in which they are to be passed on."""


class KernelLines:
    """One line for each Jupyter lane. They queue until the kernel is there."""

    def __init__(self, directory: str, key: str) -> None:
        self._key = key.encode()
        buffer = bytearray(READ_SIZE)
        self._lines = {
            lane: KernelLine(socket_path(directory, port), words, subscription, buffer)
            for lane, (port, words, subscription) in _LINES.items()
        }
        self._replies: Heard = []
        self.alone = False
        """Set when the kernel has ended: nobody will answer any more."""

    def watched(self) -> dict[int, int]:
        """Descriptors and what is awaited of them, for ``poll``."""
        writing = select.POLLIN | select.POLLOUT
        return {
            line.fd: writing if line.wants_write else select.POLLIN
            for line in self._lines.values()
            if line.retry_at is None
        }

    def retry_at(self) -> float:
        """When :meth:`look` should be called again (``time.monotonic``)."""
        times = [line.retry_at for line in self._lines.values() if line.retry_at is not None]
        return float("inf") if self.alone or not times else min(times)

    def look(self) -> None:
        """Connect what is not connected; give the kernel what it takes now."""
        for line in self._lines.values():
            if line.wants_write:
                line.flush()
            elif not self.alone and line.retry_at is not None and line.retry_at <= time.monotonic():
                line.connect()

    @property
    def congested(self) -> bool:
        """Whether the kernel takes less than it is sent."""
        return any(line.waiting_bytes > CONGESTED for line in self._lines.values())

    @property
    def waiting(self) -> bool:
        """Whether there is something that the kernel has not taken yet."""
        return any(line.waiting_bytes for line in self._lines.values())

    def send(self, lane: Lane, parts: Sequence[bytes]) -> None:
        """Pass a front end's message on to the kernel."""
        self._lines[lane].send(parts)

    def receive(self, ready: Container[int]) -> Heard:
        """What the kernel has said to the descriptors that are ``ready``: outputs before the replies that
        were there at the same time.

        Replies are read first and returned last, so that no output that the kernel sent before a reply can
        trail it; they also wait for an output that has begun to come.
        """
        for lane in _REPLY_LANES:
            if self._lines[lane].fd in ready:
                self._replies += ((lane, parts) for parts in self._lines[lane].receive()[0])
        output = self._lines[Lane.IOPUB]
        if not self._replies and output.fd not in ready:
            return []
        outputs, more = output.receive()
        heard: Heard = [(Lane.IOPUB, parts) for parts in outputs]
        if not more and not output.half:
            heard += self._replies
            self._replies = []
        return heard

    def forget_outputs(self) -> None:
        """Read what has been published so far, for nobody."""
        while self._lines[Lane.IOPUB].receive()[1]:
            pass

    def request(self, message_type: str, content: dict[str, Any]) -> None:
        """Send a shell request of our own."""
        self.send(Lane.SHELL, [OURS, *self.message(message_type, b"{}", content)])

    def message(self, message_type: str, parent: bytes, content: dict[str, Any]) -> list[bytes]:
        """A signed message; ``parent`` is a header as it was in the message that it belongs to."""
        header = {
            "msg_id": os.urandom(16).hex(),
            "session": "teleport",
            "username": "teleport",
            "date": "2000-01-01T00:00:00.000000Z",
            "msg_type": message_type,
            "version": "5.3",
        }
        parts = [json.dumps(header).encode(), parent, b"{}", json.dumps(content).encode()]
        digest = hmac.new(self._key, b"".join(parts), "sha256").hexdigest().encode() if self._key else b""
        return [DELIMITER, digest, *parts]

    def close(self) -> None:
        """Close everything at once, dropping what was not sent."""
        for line in self._lines.values():
            line.close()


def own_reply(parts: list[bytes]) -> tuple[str, dict[str, Any]] | None:
    """Type and content of a reply to :meth:`KernelLines.request`, None for any other message."""
    if len(parts) < 7 or parts[0] != OURS or parts[1] != DELIMITER:
        return None
    header, content = json.loads(parts[3]), json.loads(parts[6])
    return str(header.get("msg_type")), content


def is_shutdown_reply(parts: list[bytes]) -> bool:
    """Whether the kernel says in ``parts`` (of its control socket) that it is about to end."""
    header = parts[parts.index(DELIMITER) + 2 :][:1] if DELIMITER in parts else []
    # A cheap look first: user code may send headers of any length.
    return bool(header) and b"shutdown_reply" in header[0] and type_of(header[0]) == "shutdown_reply"


def type_of(header: bytes) -> object:
    """The type of the message with that header, None for what is no header."""
    try:
        parsed = json.loads(header)
    except (ValueError, RecursionError):
        return None
    return parsed.get("msg_type") if isinstance(parsed, dict) else None
