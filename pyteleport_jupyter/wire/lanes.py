"""The lanes that share one channel, and how a message of several parts becomes one string of bytes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import IntEnum

from pyteleport_jupyter.wire.framing import WireError

PART_LIMIT = 1 << 16
"""Most parts of one message; a Jupyter message has seven and one for each binary buffer."""


class Lane(IntEnum):
    """What a message is for: our own commands, the four Jupyter sockets, the snapshot on its way; of a
    program its streams (STDIN is its input too), and what its copies say to each other.
    """

    COMMAND = 0
    SHELL = 1
    CONTROL = 2
    STDIN = 3
    IOPUB = 4
    SHIP = 5
    STDOUT = 6
    STDERR = 7
    TALK = 8
    TERMINAL = 9


MESSAGE_LIMIT: dict[Lane, int] = {
    Lane.COMMAND: 1 << 20,
    Lane.SHELL: 1 << 30,
    Lane.CONTROL: 1 << 30,
    Lane.STDIN: 1 << 30,
    Lane.IOPUB: 1 << 30,
    Lane.SHIP: 1 << 20,
    Lane.STDOUT: 1 << 20,
    Lane.STDERR: 1 << 20,
    Lane.TALK: 1 << 20,
    Lane.TERMINAL: 1 << 20,
}
"""Longest message of a lane in bytes, checked when its first bytes arrive."""

_COUNT = struct.Struct(">I")


def part_table(parts: Sequence[bytes | memoryview]) -> bytes:
    """The head of a message: how many parts, and the length of each."""
    if len(parts) > PART_LIMIT:
        raise WireError(f"a message of {len(parts)} parts cannot be sent")
    return struct.pack(f">{1 + len(parts)}I", len(parts), *(len(part) for part in parts))


def table_size(parts: Sequence[bytes | memoryview]) -> int:
    """Length of :func:`part_table` in bytes."""
    return _COUNT.size * (1 + len(parts))


def split_parts(message: bytes | memoryview) -> tuple[bytes, ...]:
    """The parts of a whole message. Raises :class:`WireError` unless the table fits the bytes exactly."""
    sizes, position = _read_table(message)
    if position + sum(sizes) != len(message):
        raise WireError("the parts of a message do not add up")
    parts: list[bytes] = []
    for size in sizes:
        parts.append(bytes(message[position : position + size]))
        position += size
    return tuple(parts)


def _read_table(message: bytes | memoryview) -> tuple[tuple[int, ...], int]:
    if len(message) < _COUNT.size:
        raise WireError("a message has no table of parts")
    (count,) = _COUNT.unpack_from(message)
    end = _COUNT.size * (1 + count)
    if count > PART_LIMIT or end > len(message):
        raise WireError(f"a message announces {count} parts")
    return struct.unpack_from(f">{count}I", message, _COUNT.size), end
