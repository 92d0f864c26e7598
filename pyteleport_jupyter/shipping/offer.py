"""What a sender offers before it sends: lengths and digests of all chunks, and the answer, a bit for each.

Offer: 4 bytes ``PTO1``, number of the algorithm (see :data:`.digests.ALGORITHMS`), key, number of parts; for
each part the number of its chunks; for each chunk its length (unsigned 32-bit, network order) and digest.
Answer: one byte for each chunk, 1 where the receiver has it.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyteleport_jupyter.errors import ProtocolBroken
from pyteleport_jupyter.shipping.cutting import CHUNK, by_content, on_grid
from pyteleport_jupyter.shipping.digests import ALGORITHMS, DIGEST_SIZE, KEY_SIZE, available, digests

MAGIC = b"PTO1"
CHUNKS_LIMIT = 1 << 20
"""Most chunks of an offer; a terabyte has as many."""

_START = struct.Struct(f"!4sB{KEY_SIZE}sI")
_COUNT = struct.Struct("!I")
_CHUNK = struct.Struct(f"!I{DIGEST_SIZE}s")

Parts = Sequence[memoryview]
"""The pickle stream first, then its buffers."""

Name = tuple[int, bytes]
"""Length and digest: by it two sides mean the same chunk."""


@dataclass(frozen=True)
class Offer:
    """``names`` has, for each part, its chunks in order. The digests hold under ``key`` only."""

    algorithm: str
    key: bytes
    names: tuple[tuple[Name, ...], ...]

    def encode(self) -> bytes:
        """As bytes: 20 for a chunk."""
        pieces = [_START.pack(MAGIC, ALGORITHMS.index(self.algorithm), self.key, len(self.names))]
        for part in self.names:
            pieces.append(_COUNT.pack(len(part)))
            pieces += [_CHUNK.pack(*name) for name in part]
        return b"".join(pieces)


def make_offer(parts: Parts, algorithms: Sequence[str] = ALGORITHMS, key: bytes = b"") -> Offer:
    """Digest ``parts`` with the first of ``algorithms`` that there is here, under ``key`` or else a fresh
    one.
    """
    algorithm = next(name for name in available() if name in algorithms)
    key = key or secrets.token_bytes(KEY_SIZE)
    cut = [list(chunks_of(number, part)) for number, part in enumerate(parts)]
    found = iter(digests(algorithm, key, [chunk for part in cut for chunk in part]))
    names = tuple(tuple((chunk.nbytes, next(found)) for chunk in part) for part in cut)
    return Offer(algorithm, key, names)


def encode_answer(answer: bytes) -> str:
    """``answer`` as text of one character for four chunks."""
    return f"{int('1' + ''.join('1' if held else '0' for held in answer), 2):x}"


def parse_answer(text: str) -> bytes:
    """Undo :func:`encode_answer`. Raises ValueError."""
    return bytes(map(int, f"{int(text, 16):b}"[1:]))


def chunks_of(number: int, part: memoryview) -> Iterator[memoryview]:
    """The chunks of part ``number``."""
    return on_grid(part) if number else by_content(part)


def parse_offer(data: bytes) -> Offer:
    """Undo :meth:`Offer.encode`. Raises ProtocolBroken."""
    try:
        magic, number, key, count = _START.unpack_from(data)
        if magic != MAGIC or number >= len(ALGORITHMS):
            raise ProtocolBroken(reason="this is no offer of ours")
        names, end = _parse_names(data, count)
    except struct.error:
        raise ProtocolBroken(reason="an offer ends too early") from None
    if end != len(data):
        raise ProtocolBroken(reason="an offer does not end where it should")
    return Offer(ALGORITHMS[number], key, names)


def _parse_names(data: bytes, count: int) -> tuple[tuple[tuple[Name, ...], ...], int]:
    position, names = _START.size, []
    if count > CHUNKS_LIMIT:
        raise ProtocolBroken(reason=f"an offer of {count} parts")
    for _ in range(count):
        (chunks,) = _COUNT.unpack_from(data, position)
        position += _COUNT.size
        end = position + chunks * _CHUNK.size
        if chunks > CHUNKS_LIMIT or end > len(data):
            raise ProtocolBroken(reason=f"an offer of {chunks} chunks that are not there")
        names.append(tuple(_CHUNK.iter_unpack(data[position:end])))
        if any(length > CHUNK for length, _ in names[-1]):
            raise ProtocolBroken(reason="an offer of too long a chunk")
        position = end
    return tuple(names), position
