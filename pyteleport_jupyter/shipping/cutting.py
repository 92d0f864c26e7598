"""Where parts are cut into chunks: buffers on a grid of 1 MiB, the pickle stream where its content says so.

A buffer stays what it is when one of its elements changes, so a grid does. A stream grows and shrinks in the
midst; cut by content, it falls into the same chunks again behind the place that has changed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

CHUNK = 1 << 20
"""Bytes of a chunk of a buffer; the last one is shorter."""

SHORTEST, LONGEST = 32 << 10, 256 << 10
"""Bytes of a chunk of a stream."""

_CANDIDATE = re.compile(rb"\x94[^\x94]")
"""Behind MEMOIZE an opcode begins. Found by ``re`` at the speed of C; pickles have one for most objects."""

_WINDOW = 24
"""So many bytes before a candidate say whether it is a boundary."""

_ONE_IN = 1 << 9
_TRIES = 1 << 13
"""Most candidates looked at for one chunk."""


def on_grid(part: memoryview) -> Iterator[memoryview]:
    """Chunks of 1 MiB."""
    for start in range(0, part.nbytes, CHUNK):
        yield part[start : start + CHUNK]


def by_content(part: memoryview) -> Iterator[memoryview]:
    """Chunks of 32 to 256 KiB that end where the bytes before the end say so."""
    start = 0
    while start < part.nbytes:
        end = _boundary(part, start)
        yield part[start:end]
        start = end


def _boundary(part: memoryview, start: int) -> int:
    furthest = min(part.nbytes, start + LONGEST)
    found = _CANDIDATE.finditer(part, min(start + SHORTEST, furthest), furthest)
    for _, candidate in zip(range(_TRIES), found, strict=False):
        at = candidate.start() + 1
        if zlib.crc32(part[at - _WINDOW : at]) % _ONE_IN == 0:
            return at
    return furthest
