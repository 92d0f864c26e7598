"""What a program and its copies say to each other: whole objects over a stream of bytes.

A message is its length (8 bytes) and a pickle. Both sides have the same ``__main__``, so classes and
functions of the script go by name; what has none goes by value. Receiving is unpickling: whoever calls
``recv`` asks for what the other side says to be run here.
"""

from __future__ import annotations

import os
import pickle
import struct
import time
from typing import Any, Protocol

from pyteleport_jupyter.relay.terminal import TALK_ENDED
from pyteleport_jupyter.remote.control import COMMAND, PIECE, TALK, Control
from pyteleport_jupyter.wire.commands import parse_command
from pyteleport_jupyter.wire.waiting import ready

_LENGTH = struct.Struct(">Q")

READ_SIZE = 256 << 10
FOREVER = 1e6


class Way(Protocol):
    """Bytes there and back. Both raise EOFError when the other side has gone."""

    def send(self, data: bytes) -> None:
        """Send all of it, waiting for room."""

    def receive(self, seconds: float) -> bytes:
        """Some of what came, waiting so long. Raises TimeoutError."""


class Peer:
    """The other side of a fork."""

    def __init__(self, way: Way, name: str) -> None:
        self._way = way
        self._name = name
        self._unread = bytearray()

    def send(self, message: object) -> None:
        """Send one object. Raises EOFError when the other side has ended, and what pickling raises."""
        content = _pickled(message)
        try:
            self._way.send(_LENGTH.pack(len(content)) + content)
        except (EOFError, OSError):
            raise EOFError(f"{self._name} has ended and receives nothing any more") from None

    def recv(self, timeout: float | None = None) -> Any:
        """The next object that the other side has sent, waiting at most ``timeout`` seconds.

        Raises TimeoutError, and EOFError when the other side has ended and nothing is left. What has come of
        a message by then is kept for the next call.
        """
        deadline = time.monotonic() + (FOREVER if timeout is None else timeout)
        while (message := self._whole_message()) is None:
            left = max(0.0, deadline - time.monotonic())
            try:
                self._unread += self._way.receive(left)
            except TimeoutError:
                raise TimeoutError(f"{self._name} has sent nothing for {timeout} s") from None
            except EOFError:
                raise EOFError(f"{self._name} has ended and sends nothing any more") from None
        return pickle.loads(message)  # noqa: S301 - the user asked for it

    def _whole_message(self) -> bytes | None:
        if len(self._unread) < _LENGTH.size:
            return None
        (size,) = _LENGTH.unpack_from(self._unread)
        end = _LENGTH.size + size
        if len(self._unread) < end:
            return None
        message = bytes(self._unread[_LENGTH.size : end])
        del self._unread[:end]
        return message


def _pickled(message: object) -> bytes:
    try:
        return pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError):
        import cloudpickle

        content: bytes = cloudpickle.dumps(message)
        return content


class SocketWay:
    """To a copy: through the relay that stands for it."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        os.set_blocking(fd, False)

    def send(self, data: bytes) -> None:
        """See :class:`Way`."""
        rest = memoryview(data)
        while rest:
            ready([], [self._fd], FOREVER)
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                continue

    def receive(self, seconds: float) -> bytes:
        """See :class:`Way`."""
        if not ready([self._fd], [], seconds)[0]:
            raise TimeoutError
        try:
            data = os.read(self._fd, READ_SIZE)
        except OSError:
            data = b""
        if not data:
            raise EOFError
        return data

    def close(self) -> None:
        """Hang up; once is enough."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1


class ControlWay:
    """From a copy to the program that it is one of."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._ended = False

    def send(self, data: bytes) -> None:
        """See :class:`Way`."""
        for start in range(0, len(data), PIECE):
            self._control.send(TALK, data[start : start + PIECE])

    def receive(self, seconds: float) -> bytes:
        """See :class:`Way`."""
        if self._ended:
            raise EOFError
        kind, content = self._control.hear(TALK, COMMAND, timeout=seconds)
        if kind == COMMAND:
            self._ended = parse_command(content)["op"] == TALK_ENDED
            return b""
        return content
