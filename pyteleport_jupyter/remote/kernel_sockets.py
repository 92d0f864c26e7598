"""The supervisor's ends of the kernel's four sockets, and its own few requests to the kernel.

All three DEALERs have the same identity, because the kernel addresses ``input_request`` with the identities
of the *shell* request. Messages of the front ends pass unread: the kernel has the front end's key, so
nothing is signed anew.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Iterator
from typing import Any

import zmq

from pyteleport_jupyter.remote.kernel_process import socket_address
from pyteleport_jupyter.wire.lanes import Lane

IDENTITY = b"teleport-supervisor"
OURS = b"teleport-internal"
"""First identity of our own requests; replies that come back to it are for us."""

DELIMITER = b"<IDS|MSG>"

_SOCKETS: dict[Lane, tuple[int, str]] = {
    Lane.SHELL: (zmq.DEALER, "shell_port"),
    Lane.CONTROL: (zmq.DEALER, "control_port"),
    Lane.STDIN: (zmq.DEALER, "stdin_port"),
    Lane.IOPUB: (zmq.SUB, "iopub_port"),
}

RECONNECT_MILLISECONDS = 10
"""The kernel binds some hundred milliseconds after we connect; the default of 100 would be waited for in
full.
"""


class KernelSockets:
    """Connected sockets, one for each Jupyter lane. They queue until the kernel is there."""

    def __init__(self, directory: str, key: str) -> None:
        self._key = key.encode()
        self._context = zmq.Context()
        self._context.set(zmq.MAX_SOCKETS, 64)
        self.by_lane = {lane: self._connect(kind, directory, port) for lane, (kind, port) in _SOCKETS.items()}

    def _connect(self, kind: int, directory: str, port: str) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        # Without limits: libzmq drops what exceeds them on the way to a SUB. What bounds the memory is that
        # the
        # kernel's output has nowhere else to go; see HIGH_WATER of the channel for what we take off here.
        socket.setsockopt(zmq.SNDHWM, 0)
        socket.setsockopt(zmq.RCVHWM, 0)
        socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MILLISECONDS)
        if kind == zmq.DEALER:
            socket.setsockopt(zmq.IDENTITY, IDENTITY)
        else:
            socket.setsockopt(zmq.SUBSCRIBE, b"")
        socket.connect(socket_address(directory, port))
        return socket

    def send(self, lane: Lane, parts: tuple[bytes, ...]) -> None:
        """Pass a front end's message on to the kernel."""
        self.by_lane[lane].send_multipart(parts, copy=True)

    def receive(self, lane: Lane) -> Iterator[list[bytes]]:
        """What the kernel has said in ``lane``, one message after the other, until there is none."""
        socket = self.by_lane[lane]
        while True:
            try:
                yield socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return

    def request(self, message_type: str, content: dict[str, Any]) -> None:
        """Send a shell request of our own."""
        header = {
            "msg_id": os.urandom(16).hex(),
            "session": "teleport",
            "username": "teleport",
            "date": "2000-01-01T00:00:00.000000Z",
            "msg_type": message_type,
            "version": "5.3",
        }
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        digest = hmac.new(self._key, b"".join(parts), "sha256").hexdigest().encode() if self._key else b""
        self.by_lane[Lane.SHELL].send_multipart([OURS, DELIMITER, digest, *parts])

    def close(self) -> None:
        """Close everything at once, dropping what was not sent."""
        self._context.destroy(linger=0)


def own_reply(parts: list[bytes]) -> tuple[str, dict[str, Any]] | None:
    """Type and content of a reply to :meth:`KernelSockets.request`, None for any other message."""
    if len(parts) < 7 or parts[0] != OURS or parts[1] != DELIMITER:
        return None
    header, content = json.loads(parts[3]), json.loads(parts[6])
    return str(header.get("msg_type")), content


def is_shutdown_reply(parts: list[bytes]) -> bool:
    """Whether the kernel says in ``parts`` (of its control socket) that it is about to end."""
    header = parts[parts.index(DELIMITER) + 2 :][:1] if DELIMITER in parts else []
    # A cheap look first: user code may send headers of any length.
    return bool(header) and b"shutdown_reply" in header[0] and _type_of(header[0]) == "shutdown_reply"


def _type_of(header: bytes) -> object:
    try:
        parsed = json.loads(header)
    except ValueError:
        return None
    return parsed.get("msg_type") if isinstance(parsed, dict) else None
