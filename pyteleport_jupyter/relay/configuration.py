"""What crosses exec: an unlinked file that the relay inherits. (One string of argv is limited to 128 KiB,
and is public.)

The file: one line of JSON (:class:`Settings`), the frozen channel, then the messages taken from the
kernel's queues. The latter are appended when there is no way back; the space they take is the only thing
that can still run out then.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from typing import Any, BinaryIO

from pyteleport_jupyter.relay.announcement import Announcement
from pyteleport_jupyter.relay.in_flight import InFlight
from pyteleport_jupyter.remote.sessions_there import identifier_of
from pyteleport_jupyter.wire.lanes import Lane

_LENGTH = struct.Struct(">Q")
_HEAD = struct.Struct(">BI")


@dataclass(frozen=True)
class FrontSettings:
    """The side of the front ends: what the kernel's connection file said, and the listening descriptors
    that were kept.

    ``addresses`` are those of :func:`.sockets.addresses_of`; ``curve`` is (public, secret) in Z85, or empty.
    ``subscriber_fds`` are the connections of iopub that go on (:mod:`.subscribers`); ``subscribers`` says
    how many others have to come back.
    """

    transport: str
    ip: str
    addresses: dict[str, int | str]
    listeners: dict[str, int]
    key: str
    scheme: str
    session: str
    curve: tuple[str, ...] = ()
    subscribers: int = 0
    subscriber_fds: tuple[int, ...] = ()


@dataclass(frozen=True)
class FarSettings:
    """The side of the target: the link, and what makes a new one when it is lost. ``attach`` are the fields
    of AttachRequest.
    """

    host: str
    lease: float
    transport: dict[str, Any]
    attach: dict[str, Any]
    pid: int
    read_fd: int
    write_fd: int
    events_fd: int | None = None
    complaints_fd: int | None = None

    @property
    def session(self) -> str:
        """What its user calls the session: letters and digits only, since the far side has named it."""
        return "".join(filter(str.isalnum, identifier_of(str(self.attach.get("directory", "")))))[:32]

    def descriptors(self) -> tuple[int, ...]:
        """The open descriptors of the link."""
        found = (self.read_fd, self.write_fd, self.events_fd, self.complaints_fd)
        return tuple(fd for fd in found if fd is not None)


@dataclass(frozen=True)
class KeeperSettings:
    """The process that keeps the data of a session that left: our end of its socket, its number, the
    algorithms of digests that it knows, and the key (hex) under which it has digested already; see
    :mod:`..homecoming.keeper`.
    """

    fd: int
    pid: int
    algorithms: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class Settings:
    """Everything the relay is told.

    ``parent`` is the process whose end ends the relay (0: nobody), ``files`` are to be removed at the end
    since nobody else owns them, ``signals_fd`` is the pipe of noted signals, ``captured_fds`` are the pipes
    that children here may write to. ``home`` says how this process becomes a kernel again (None: it cannot),
    ``committed`` that the far side is the session already, ``failure`` why it could not come home,
    ``comms`` who is told more than a line of text, ``keeper`` who has the data that the session had here;
    ``above`` is the directory of the supervisor that the kernel belonged to which this process was (None: it
    was at home). So many of the messages that follow are ``known``: the far side has them already.
    """

    front: FrontSettings
    far: FarSettings
    in_flight: InFlight | None = None
    announcement: Announcement | None = None
    parent: int = 0
    files: tuple[str, ...] = ()
    signals_fd: int | None = None
    captured_fds: tuple[int, ...] = ()
    python_path: tuple[str, ...] = ()
    home: dict[str, Any] | None = None
    far_key: str | None = None
    committed: bool = False
    failure: dict[str, Any] | None = None
    comms: tuple[str, ...] = ()
    keeper: KeeperSettings | None = None
    above: str | None = None
    known: int = 0

    def inherited(self) -> tuple[int, ...]:
        """The descriptors that must stay open across exec."""
        noted = () if self.signals_fd is None else (self.signals_fd,)
        kept = () if self.keeper is None else (self.keeper.fd,)
        return (
            *self.front.listeners.values(),
            *self.front.subscriber_fds,
            *self.far.descriptors(),
            *noted,
            *self.captured_fds,
            *kept,
        )


def to_json(settings: Settings) -> bytes:
    """``settings`` on one line."""
    return json.dumps(asdict(settings)).encode() + b"\n"


def from_json(line: bytes) -> Settings:
    """What :func:`to_json` wrote."""
    record: dict[str, Any] = json.loads(line)
    in_flight, announcement, keeper = record["in_flight"], record["announcement"], record.get("keeper")
    nested = {
        "front": FrontSettings(**record["front"]),
        "far": FarSettings(**record["far"]),
        "in_flight": InFlight.from_record(in_flight) if in_flight else None,
        "announcement": Announcement.from_record(announcement) if announcement else None,
        "keeper": KeeperSettings(**{**keeper, "algorithms": tuple(keeper["algorithms"])}) if keeper else None,
    }
    plain = {name: tuple(record[name]) for name in ("files", "captured_fds", "python_path", "comms")}
    return Settings(**{**record, **nested, **plain})


class Baggage:
    """The file itself, while it is written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, settings: Settings, frozen_channel: bytes) -> None:
        """The part that is known before the cut."""
        self._file.seek(0)
        self._file.truncate()
        self._file.write(to_json(settings))
        self._file.write(_LENGTH.pack(len(frozen_channel)))
        self._file.write(frozen_channel)
        self._file.flush()

    def append(self, lane: Lane, messages: Sequence[Sequence[bytes]]) -> None:
        """Messages that were taken out of the kernel's queues, in order."""
        for frames in messages:
            self._file.write(_HEAD.pack(lane, len(frames)))
            for frame in frames:
                self._file.write(_LENGTH.pack(len(frame)))
                self._file.write(frame)
        self._file.flush()

    def descriptor(self) -> int:
        """The descriptor to be inherited, at the beginning of the file. Never raises; it is too late."""
        with suppress(OSError):
            self._file.flush()
        number = self._file.fileno()
        os.lseek(number, 0, os.SEEK_SET)
        return number


@contextmanager
def open_baggage() -> Iterator[Baggage]:
    """A file without a name: in memory where the system has that, else in the temporary directory and
    unlinked.
    """
    with open_file() as file:
        yield Baggage(file)


def open_file() -> Any:
    """The file itself, for reading and writing bytes."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("relay"), "w+b")
    # Only here: the relay reads this module when every millisecond counts.
    import tempfile

    return tempfile.TemporaryFile()


@dataclass(frozen=True)
class Unpacked:
    """The baggage as the relay reads it: ``known`` are requests that the far side has, from that of the cell
    that runs on; ``drained`` those that it has not.
    """

    settings: Settings
    frozen_channel: bytes
    drained: list[tuple[Lane, list[bytes]]] = field(default_factory=list)
    known: list[list[bytes]] = field(default_factory=list)


def unpack(file: BinaryIO) -> Unpacked:
    """Read the whole baggage."""
    settings = from_json(file.readline())
    frozen = file.read(_LENGTH.unpack(file.read(_LENGTH.size))[0])
    messages = list(read_messages(file))
    known, drained = messages[: settings.known], messages[settings.known :]
    return Unpacked(settings, frozen, drained, [frames for _, frames in known])


def read_messages(file: BinaryIO) -> Iterator[tuple[Lane, list[bytes]]]:
    """What :meth:`Baggage.append` wrote, up to the end or to where the space ran out: then the rest is lost,
    not all.
    """
    with suppress(EOFError):
        while head := file.read(_HEAD.size):
            lane, count = _HEAD.unpack(_whole(head, _HEAD.size))
            yield Lane(lane), [_read_frame(file) for _ in range(count)]


def _read_frame(file: BinaryIO) -> bytes:
    (size,) = _LENGTH.unpack(_whole(file.read(_LENGTH.size), _LENGTH.size))
    return _whole(file.read(size), size)


def _whole(data: bytes, size: int) -> bytes:
    if len(data) < size:
        raise EOFError
    return data


def plain_fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass as JSON-able data: bytes become hex (the far side's token; the file has no
    name).
    """
    record = {f.name: getattr(value, f.name) for f in fields(value)}
    return {name: item.hex() if isinstance(item, bytes) else item for name, item in record.items()}


def check_mapping(record: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of ``record``, made sure to be JSON-able while that can still be refused. Raises TypeError,
    ValueError.
    """
    json.dumps(record)
    return dict(record)
