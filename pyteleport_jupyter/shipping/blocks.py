"""Parts as bytes on a pipe: all lengths first, then each part in blocks.

Start: 4 bytes ``PTJ2``, the number of parts (unsigned 32-bit, network order), then the length of each part
(unsigned 64-bit). A block: what it is (one byte), how many bytes of the part it stands for (unsigned 64-bit);
then, if it is RAW, these bytes; if HELD, the digest of a chunk that the receiver has (see :mod:`.offer`); if
compressed, the length of what follows (unsigned 32-bit), and that.

Sealed, for a wire that does not see to it that what comes out is what went in: ``PTJS`` at the start; a block
is never longer than 1 MiB, and behind each but HELD ones, which are checked anyway, is the SHA-256 of the
bytes that it stands for.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pyteleport_jupyter.shipping.compression import Codec
from pyteleport_jupyter.shipping.cutting import CHUNK, on_grid
from pyteleport_jupyter.shipping.offer import Name, Offer, Parts, chunks_of

MAGIC, MAGIC_SEALED = b"PTJ2", b"PTJS"
SEAL_SIZE = 32
SLICE = 256 << 10
"""Largest slice handed out, in bytes."""

RAW, HELD, ZLIB, ZSTD = range(4)
CODEC_KINDS = {"zlib": ZLIB, "zstd": ZSTD}

START = struct.Struct("!4sI")
LENGTH = struct.Struct("!Q")
BLOCK = struct.Struct("!BQ")
PACKED = struct.Struct("!I")

RUN = 8 * CHUNK
"""Bytes of a part after which it is thought over whether to compress: the link may have changed."""

Choose = Callable[[memoryview], Codec | None]


def _as_it_is(part: memoryview) -> Codec | None:
    return None


@dataclass
class Consignment:
    """``parts`` on their way: iterate over it for what is to be written, once.

    Without an ``offer`` everything is sent; with one, the chunks that ``answer`` has no bit for (see
    :meth:`.store.ChunkStore.answer`). ``choose`` says how a part is compressed, see
    :class:`.compression.Chooser`. ``sealed``: the wire does not check what passes.
    """

    parts: Parts
    offer: Offer | None = None
    answer: bytes = b""
    choose: Choose = _as_it_is
    sealed: bool = False
    covered: int = field(default=0, init=False)
    """Bytes of all parts that what was handed out so far stands for."""

    @property
    def total(self) -> int:
        """What :attr:`covered` will be in the end: the size of all parts."""
        return sum(part.nbytes for part in self.parts)

    def __iter__(self) -> Iterator[memoryview]:
        """Views of at most 256 KiB, straight from the live parts where nothing is compressed."""
        lengths = b"".join(LENGTH.pack(part.nbytes) for part in self.parts)
        magic = MAGIC_SEALED if self.sealed else MAGIC
        yield from _sliced(memoryview(START.pack(magic, len(self.parts)) + lengths))
        held = iter(self.answer)
        for number, part in enumerate(self.parts):
            for piece, name in self._runs(number, part, held):
                yield from self._block(piece, name)

    def _runs(
        self, number: int, part: memoryview, held: Iterator[int]
    ) -> Iterator[tuple[memoryview, Name | None]]:
        """The part in pieces that are sent (without a name) and chunks that are not (with theirs)."""
        if self.offer is None or not self.answer:
            yield from ((part[start : start + RUN], None) for start in range(0, part.nbytes, RUN))
            return
        start = end = 0
        for chunk, name in zip(chunks_of(number, part), self.offer.names[number], strict=True):
            if next(held, 0):
                if end > start:
                    yield part[start:end], None
                yield chunk, name
                start = end + chunk.nbytes
            end += chunk.nbytes
        if end > start:
            yield part[start:end], None

    def _block(self, piece: memoryview, name: Name | None) -> Iterator[memoryview]:
        if name is not None:
            yield memoryview(BLOCK.pack(HELD, piece.nbytes) + name[1])
            self.covered += piece.nbytes
            return
        codec = self.choose(piece)
        if codec is not None:
            yield from self._packed(piece, codec)
            return
        for block in on_grid(piece) if self.sealed else (piece,):
            yield memoryview(BLOCK.pack(RAW, block.nbytes))
            for view in _sliced(block):
                self.covered += view.nbytes
                yield view
            yield from self._seal(block)

    def _seal(self, content: memoryview) -> Iterator[memoryview]:
        if self.sealed:
            yield memoryview(seal(content))

    def _packed(self, piece: memoryview, codec: Codec) -> Iterator[memoryview]:
        for chunk in on_grid(piece):
            packed = codec.pack(chunk)
            self.covered += chunk.nbytes
            if len(packed) < chunk.nbytes:
                head = BLOCK.pack(CODEC_KINDS[codec.name], chunk.nbytes) + PACKED.pack(len(packed))
                yield from _sliced(memoryview(head + packed))
            else:
                yield memoryview(BLOCK.pack(RAW, chunk.nbytes))
                yield from _sliced(chunk)
            yield from self._seal(chunk)


def seal(content: memoryview) -> bytes:
    """What stands behind a block of ``content``."""
    return hashlib.sha256(content).digest()


def _sliced(view: memoryview) -> Iterator[memoryview]:
    for start in range(0, view.nbytes, SLICE):
        yield view[start : start + SLICE]
