"""What crosses exec when a program leaves: an unlinked file that its relay inherits.

One line of JSON (:class:`TerminalSettings`), the frozen channel, what the program's stdin had read ahead, and
what was heard of the far side before.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from pyteleport_jupyter.relay.configuration import FarSettings
from pyteleport_jupyter.wire.channel import Message
from pyteleport_jupyter.wire.lanes import Lane

_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True)
class TerminalSettings:
    """Everything the relay of a program is told.

    ``streams``: what each of the three is over there. ``upstream_fd``: the control socket of a program that
    had come from elsewhere. ``talk_fd``: what a copy and the program that made it say to each other.
    ``home``: how to become the program again if it comes home, None where that is not wanted. ``value``:
    what the call that moved it returns there. ``failure``: why a program that was coming home could not.
    ``history``: where to write what is typed at IPython's prompt there. ``announcement``: what the user is
    told when it goes on. ``taken_up``: it ran there before this process had anything to do with it.
    ``files`` are to be removed when it has ended elsewhere.
    """

    far: FarSettings
    streams: dict[str, str]
    python_path: tuple[str, ...]
    signals_fd: int | None = None
    upstream_fd: int | None = None
    talk_fd: int | None = None
    home: dict[str, Any] | None = None
    committed: bool = False
    value: Any = None
    failure: dict[str, Any] | None = None
    history: dict[str, Any] | None = None
    announcement: str = ""
    taken_up: bool = False
    files: tuple[str, ...] = ()
    kind: str = "terminal"

    def inherited(self) -> tuple[int, ...]:
        """The descriptors that must stay open across exec."""
        others = (self.signals_fd, self.upstream_fd, self.talk_fd)
        return (*self.far.descriptors(), *(fd for fd in others if fd is not None))


@dataclass(frozen=True)
class TerminalBaggage:
    """The file, as it is written and read."""

    settings: TerminalSettings
    frozen_channel: bytes
    unread: bytes = b""
    said: tuple[Message, ...] = ()

    def pack(self, file: BinaryIO) -> int:
        """Write it; returns its descriptor, at the beginning of the file."""
        file.write(json.dumps(asdict(self.settings)).encode() + b"\n")
        for part in (self.frozen_channel, self.unread):
            file.write(_LENGTH.pack(len(part)))
            file.write(part)
        for message in self.said:
            content = b"".join(message.parts)
            file.write(bytes([message.lane]) + _LENGTH.pack(len(content)) + content)
        file.flush()
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        return file.fileno()


def unpack(file: BinaryIO) -> TerminalBaggage:
    """What :meth:`TerminalBaggage.pack` wrote."""
    record: dict[str, Any] = json.loads(file.readline())
    known = {"far": FarSettings(**record["far"]), "python_path": tuple(record["python_path"])}
    known["files"] = tuple(record["files"])
    settings = TerminalSettings(**{**record, **known})
    frozen, unread = (file.read(_LENGTH.unpack(file.read(_LENGTH.size))[0]) for _ in range(2))
    return TerminalBaggage(settings, frozen, unread, tuple(_said(file)))


def _said(file: BinaryIO) -> Iterator[Message]:
    while lane := file.read(1):
        (size,) = _LENGTH.unpack(file.read(_LENGTH.size))
        yield Message(Lane(lane[0]), (file.read(size),))
