"""The other end of a consignment: parts as they come, each in room that was made once."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from pyteleport_jupyter.errors import ProtocolBroken, RestoreFailed
from pyteleport_jupyter.shipping.blocks import (
    BLOCK,
    CODEC_KINDS,
    HELD,
    LENGTH,
    MAGIC,
    MAGIC_SEALED,
    PACKED,
    RAW,
    SEAL_SIZE,
    START,
    seal,
)
from pyteleport_jupyter.shipping.compression import codecs
from pyteleport_jupyter.shipping.cutting import CHUNK
from pyteleport_jupyter.shipping.digests import DIGEST_SIZE
from pyteleport_jupyter.shipping.memory import SPARE, OnDisk, Room, available_bytes, fill, make_room
from pyteleport_jupyter.shipping.offer import Name

PARTS_LIMIT = 1 << 24
"""Most parts of a session: pickle stream and buffers."""

ReadInto = Callable[[memoryview], None]
"""Fills the view that it is given, or raises."""


class Held(Protocol):
    """Where chunks come from that are not sent, such as :class:`.store.ChunkStore`."""

    def twin(self, part: int) -> mmap.mmap | None:
        """Memory that becomes this part, with what is not sent in its place."""
        ...

    def take(self, name: Name, into: memoryview) -> None:
        """Fill ``into`` with this chunk, at the latest in :meth:`settle`. Raises a TeleportError."""
        ...

    def settle(self) -> None:
        """Fill what was only noted. Raises a TeleportError."""
        ...

    def remember(self, parts: Iterable[Any]) -> None:
        """These have been received."""
        ...

    def forget_offer(self) -> None:
        """Nothing more is taken for this offer."""
        ...


@dataclass(frozen=True)
class Announced:
    """What is to come: the length of each part in bytes, the pickle stream's first, and whether each block
    is checked.
    """

    lengths: tuple[int, ...]
    sealed: bool = False


def announced(read_into: ReadInto, limit: int, start: bytes = b"") -> Announced:
    """Read the start, or what is behind ``start`` of it. Nothing is allocated for lengths of more than
    ``limit`` bytes in all. Raises ProtocolBroken, RestoreFailed.
    """
    magic, count = START.unpack(start or _read(read_into, START.size))
    if magic not in (MAGIC, MAGIC_SEALED) or not 1 <= count <= PARTS_LIMIT:
        raise ProtocolBroken(reason="this is not the start of a session")
    if count * LENGTH.size > limit:
        raise ProtocolBroken(reason=f"it announced {count} parts")
    lengths = tuple(length for (length,) in LENGTH.iter_unpack(_read(read_into, count * LENGTH.size)))
    if (size := sum(lengths)) > limit:
        raise RestoreFailed(
            reason=f"it takes {size / 1e6:.0f} MB, and there is room for {limit / 1e6:.0f} MB"
        )
    return Announced(lengths, magic == MAGIC_SEALED)


def parts(read_into: ReadInto, coming: Announced, store: Held | None = None) -> Iterator[Room]:
    """Each part as soon as all of it is there, in room of its own; what is held is taken from ``store``.

    Room is made when its turn has come, in memory as long as there is enough for all that is still to come.
    Raises ProtocolBroken, RestoreFailed.
    """
    short = sum(coming.lengths) > available_bytes() - SPARE
    blocks = _Blocks(read_into, store, coming.sealed)
    for number, length in enumerate(coming.lengths):
        twin = store.twin(number) if store else None
        if twin is None and short and number and length >= CHUNK:
            yield _on_disk(blocks, length)
            continue
        room = twin if twin is not None else make_room(length)
        _fill(blocks, room, twin is not None)
        yield room


@dataclass(frozen=True)
class _Blocks:
    """Blocks as they come; what is held is in ``store``."""

    read_into: ReadInto
    store: Held | None
    sealed: bool

    def head(self, left: int) -> tuple[int, int]:
        """What comes, and how many bytes it stands for, of which ``left`` fit. Raises ProtocolBroken."""
        kind, size = BLOCK.unpack(_read(self.read_into, BLOCK.size))
        longest = left if kind == RAW and not self.sealed else min(left, CHUNK)
        if not 0 < size <= longest:
            raise ProtocolBroken(reason=f"a block of {size} bytes where it does not fit")
        return kind, size

    def content(self, kind: int, place: memoryview) -> None:
        """Fill ``place``. Raises ProtocolBroken."""
        if kind == HELD and self.store is not None:
            self.store.take((place.nbytes, _read(self.read_into, DIGEST_SIZE)), place)
            return
        if kind == RAW:
            self.read_into(place)
        else:
            place[:] = _unpacked(kind, place.nbytes, self.read_into)
        if self.sealed and _read(self.read_into, SEAL_SIZE) != seal(place):
            raise ProtocolBroken(reason="something was changed on the way")


def _fill(blocks: _Blocks, room: Room, in_place: bool) -> None:
    position = 0
    with memoryview(room) as view:
        while position < view.nbytes:
            kind, size = blocks.head(view.nbytes - position)
            if kind == HELD and in_place:
                # Digested when no object lived there any more: nobody has changed it since.
                _read(blocks.read_into, DIGEST_SIZE)
            elif kind == RAW and not (in_place or blocks.sealed):
                fill(room, position, size, blocks.read_into)
            else:
                blocks.content(kind, view[position : position + size])
            position += size


def _unpacked(kind: int, size: int, read_into: ReadInto) -> bytes:
    names = [name for name, number in CODEC_KINDS.items() if number == kind]
    codec = codecs().get(names[0]) if names else None
    (packed_size,) = PACKED.unpack(_read(read_into, PACKED.size)) if codec else (0,)
    if codec is None or not 0 < packed_size < size:
        raise ProtocolBroken(reason=f"a block of kind {kind} that cannot be read here")
    packed = _read(read_into, packed_size)
    try:
        return codec.unpack(packed, size)
    except ProtocolBroken:
        raise
    except Exception as error:
        raise ProtocolBroken(reason=f"a compressed chunk is damaged ({error})") from None


def _on_disk(blocks: _Blocks, length: int) -> Room:
    file = OnDisk(length)
    try:
        done = 0
        piece = memoryview(bytearray(CHUNK))
        while done < length:
            kind, size = blocks.head(length - done)
            for start in range(0, size, CHUNK):
                place = piece[: min(CHUNK, size - start)]
                blocks.content(kind, place)
                if blocks.store is not None:
                    # It may only have been noted, and the next piece takes its place.
                    blocks.store.settle()
                file.write(place)
            done += size
        return file.mapped()
    finally:
        file.close()


def _read(read_into: ReadInto, size: int) -> bytes:
    data = bytearray(size)
    if size:
        read_into(memoryview(data))
    return bytes(data)
