"""Making and reading Jupyter messages with nothing but the standard library.

Format and signature: jupyter_client, "Messaging in Jupyter", the wire protocol: identities, ``<IDS|MSG>``,
an HMAC in hex over the four parts that follow (header, parent header, metadata, content), then buffers.
"""

from __future__ import annotations

import hmac
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter.relay.in_flight import InFlight
from pyteleport_jupyter.wire.lanes import Lane

DELIMITER = b"<IDS|MSG>"
PROTOCOL_VERSION = "5.4"
USERNAME = "teleport"

Frames = Sequence[bytes | memoryview]


@dataclass(frozen=True)
class Signer:
    """Signs messages of our own as the kernel would have: same key, same session id.

    ``scheme`` as in a connection file (``hmac-sha256``); an empty key means that messages are not signed.
    """

    key: bytes
    scheme: str
    session: str

    def message(
        self, kind: str, content: Mapping[str, Any], parent: Mapping[str, Any] | None = None
    ) -> list[bytes]:
        """A new message, from the delimiter on."""
        header = {
            "msg_id": os.urandom(16).hex(),
            "username": USERNAME,
            "session": self.session,
            "date": _now(),
            "msg_type": kind,
            "version": PROTOCOL_VERSION,
        }
        return self.signed(header, parent or {}, {}, content)

    def signed(self, *parts: Mapping[str, Any]) -> list[bytes]:
        """Delimiter, signature and the given parts (header, parent header, metadata, content)."""
        encoded = [json.dumps(part).encode() for part in parts]
        return [DELIMITER, self.signature(encoded), *encoded]

    def is_signed(self, frames: Frames) -> bool:
        """Whether a message bears the signature that belongs to it; without a key every message will do."""
        if not self.key:
            return True
        delimiters = (index for index, frame in enumerate(frames) if bytes(frame) == DELIMITER)
        start = next(delimiters, len(frames)) + 1
        signed = [bytes(part) for part in frames[start : start + 5]]
        return len(signed) == 5 and hmac.compare_digest(signed[0], self.signature(signed[1:]))

    def signature(self, encoded: Sequence[bytes]) -> bytes:
        """Of the four parts from the header to the content."""
        if not self.key:
            return b""
        digest = hmac.new(self.key, digestmod=self.scheme.removeprefix("hmac-"))
        for part in encoded:
            digest.update(part)
        return digest.hexdigest().encode()


def _now() -> str:
    """The time of day in UTC, ISO 8601 with microseconds."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{nanoseconds // 1000:06}Z"


def _part(frames: Frames, offset: int) -> dict[str, Any]:
    """Part ``offset`` behind the delimiter; what is malformed is an empty part: the receiver judges
    messages, we route them.
    """
    for index, frame in enumerate(frames):
        if len(frame) == len(DELIMITER) and bytes(frame) == DELIMITER:
            try:
                part = json.loads(bytes(frames[index + offset]))
            except (IndexError, ValueError, RecursionError):
                return {}
            return part if isinstance(part, dict) else {}
    return {}


def header_of(frames: Frames) -> dict[str, Any]:
    """The header of a message; empty when it is none."""
    return _part(frames, 2)


def parent_header_of(frames: Frames) -> dict[str, Any]:
    """The parent header of a message; empty when it has none."""
    return _part(frames, 3)


def content_of(frames: Frames) -> dict[str, Any]:
    """The content of a message; empty when it is none."""
    return _part(frames, 5)


def resumed(in_flight: InFlight, signer: Signer, value: int | None = None) -> list[bytes]:
    """The running request once more, marked as one to be resumed: the interrupted call returns ``value``."""
    metadata = {**in_flight.metadata, "teleport": {"resume": True, "value": value}}
    identities = [bytes.fromhex(identity) for identity in in_flight.identities]
    return [
        *identities,
        *signer.signed(in_flight.header, in_flight.parent_header, metadata, in_flight.content),
    ]


def in_flight_of(requests: Sequence[tuple[Lane, Sequence[bytes]]]) -> InFlight | None:
    """The first of these, if it is one that :func:`resumed` made."""
    if not requests or requests[0][0] is not Lane.SHELL or "teleport" not in _part(requests[0][1], 4):
        return None
    return as_in_flight(requests[0][1])


def as_in_flight(frames: Frames) -> InFlight:
    """A shell request as plain data."""
    identities = tuple(bytes(frame).hex() for frame in frames[: list(frames).index(DELIMITER)])
    parts = header_of(frames), parent_header_of(frames), _part(frames, 4), content_of(frames)
    return InFlight(identities, *parts)


def divided(
    requests: Sequence[tuple[Lane, list[bytes]]],
) -> tuple[InFlight | None, list[list[bytes]], list[tuple[Lane, list[bytes]]]]:
    """The request of the cell that goes on, those of the control channel, and all others."""
    in_flight = in_flight_of(requests)
    rest = requests[1:] if in_flight else requests
    control = [frames for lane, frames in rest if lane is Lane.CONTROL]
    return in_flight, control, [request for request in rest if request[0] is not Lane.CONTROL]
