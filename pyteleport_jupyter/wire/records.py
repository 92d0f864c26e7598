"""Frames to records and back: pure functions over frozen values, a closed set on both sides.

The body of a frame is one byte for the kind, the fixed fields of the kind in network order, and for some a
tail of bytes.
"""

from __future__ import annotations

import struct
from dataclasses import astuple, dataclass
from typing import TypeAlias

from pyteleport_jupyter.wire.framing import CHUNK_LIMIT, WireError
from pyteleport_jupyter.wire.lanes import Lane

NONCE_SIZE = 32
"""Length of a challenge in bytes."""

DIGEST_SIZE = 32
"""Length of a proof (HMAC-SHA256) in bytes."""

REASON_LIMIT = 1000
"""Longest reason of a refusal in bytes."""


@dataclass(frozen=True, slots=True)
class Data:
    """One numbered piece of a message: ``remaining`` bytes of the message follow in later pieces of the
    lane.
    """

    number: int
    lane: Lane
    remaining: int
    chunk: bytes | memoryview


@dataclass(frozen=True, slots=True)
class Ack:
    """Everything up to the piece ``received`` has arrived."""

    received: int


@dataclass(frozen=True, slots=True)
class Ping:
    """Are you there? Asked after a while of silence."""


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a :class:`Ping`."""


@dataclass(frozen=True, slots=True)
class Taken:
    """So many raw bytes have come over this link. Said again and again: the sender sees that it is heard, and
    how fast the link is.
    """

    count: int


@dataclass(frozen=True, slots=True)
class Challenge:
    """First word of a supervisor to a newcomer: the nonce to be answered and the epoch of the link it has."""

    epoch: int
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """The newcomer's answer: the epoch it wants to open, what it has received, and the HMAC over it all."""

    epoch: int
    received: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Takeover:
    """Another answer of a newcomer: it has the token and knows nothing of what was said before. Both sides
    begin anew, under a new token (:func:`.proof.successor`).
    """

    epoch: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Welcome:
    """The proof holds; the supervisor has received the pieces up to ``received``. Pieces follow on both
    sides.
    """

    received: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The proof does not hold, or the session is over; the link is closed after this."""

    reason: bytes


Record: TypeAlias = Data | Ack | Ping | Pong | Taken | Challenge | Proof | Takeover | Welcome | Refused

_FIXED: dict[type[Record], tuple[int, struct.Struct]] = {
    Ack: (2, struct.Struct(">Q")),
    Ping: (3, struct.Struct(">")),
    Pong: (4, struct.Struct(">")),
    Challenge: (5, struct.Struct(f">Q{NONCE_SIZE}s")),
    Proof: (6, struct.Struct(f">QQ{DIGEST_SIZE}s")),
    Welcome: (7, struct.Struct(">Q")),
    Taken: (9, struct.Struct(">Q")),
    Takeover: (10, struct.Struct(f">Q{DIGEST_SIZE}s")),
}
"""Records without a tail: kind byte and fields, in the order of the class."""

_BY_KIND: dict[int, tuple[type[Record], struct.Struct]] = {
    kind: (cls, s) for cls, (kind, s) in _FIXED.items()
}

_DATA_KIND, _REFUSED_KIND = 1, 8
_DATA = struct.Struct(">BQBI")


def data_head(number: int, lane: Lane, remaining: int) -> bytes:
    """A :class:`Data` record without its chunk, so that the chunk need not be copied twice."""
    return _DATA.pack(_DATA_KIND, number, lane, remaining)


def encode(record: Record) -> bytes:
    """The body of the frame that says ``record``."""
    if isinstance(record, Data):
        return data_head(record.number, record.lane, record.remaining) + bytes(record.chunk)
    if isinstance(record, Refused):
        return bytes([_REFUSED_KIND]) + record.reason
    kind, fields = _FIXED[type(record)]
    return bytes([kind]) + fields.pack(*astuple(record))


def parse(body: bytes) -> Record:
    """The record that ``body`` says. Raises :class:`WireError`, and nothing else, when it says none."""
    if not body:
        raise WireError("an empty frame")
    if body[0] == _DATA_KIND:
        return _parse_data(body)
    if body[0] == _REFUSED_KIND:
        return _parse_refused(body)
    if body[0] not in _BY_KIND:
        raise WireError(f"a frame of unknown kind {body[0]}")
    cls, fields = _BY_KIND[body[0]]
    if len(body) != 1 + fields.size:
        raise WireError(f"{cls.__name__} of {len(body)} bytes")
    return cls(*fields.unpack_from(body, 1))


def _parse_data(body: bytes) -> Data:
    if not _DATA.size < len(body) <= _DATA.size + CHUNK_LIMIT:
        raise WireError(f"a piece of {len(body)} bytes")
    _, number, lane, remaining = _DATA.unpack_from(body)
    if lane not in Lane.__members__.values():
        raise WireError(f"a piece for the unknown lane {lane}")
    return Data(number, Lane(lane), remaining, memoryview(body)[_DATA.size :])


def _parse_refused(body: bytes) -> Refused:
    if len(body) > 1 + REASON_LIMIT:
        raise WireError(f"a refusal of {len(body)} bytes")
    return Refused(body[1:])
