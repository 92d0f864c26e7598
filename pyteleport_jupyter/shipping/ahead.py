"""What is sent while it is still being made: nobody knows yet how long the stream is, nor how many buffers
there will be.

Start: 4 bytes ``PTJA`` and 4 of zero. Then blocks, as of a consignment: STREAM, and so many bytes of the
pickle stream; ROOM, the length of the next buffer, of which nothing follows; FILL, and so many bytes of that
buffer, one behind the other. STREAM may stand between the blocks of one buffer. END, of no bytes, when the
stream is complete and no buffer is half there. The buffers that were not sent by then follow as a
:class:`.blocks.Consignment` whose first part is empty.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from pyteleport_jupyter.errors import ProtocolBroken, RestoreFailed
from pyteleport_jupyter.shipping.blocks import BLOCK, SLICE, START
from pyteleport_jupyter.shipping.cutting import CHUNK, on_grid
from pyteleport_jupyter.shipping.memory import SPARE, OnDisk, Room, available_bytes, fill, make_room

MAGIC_AHEAD = b"PTJA"
OPENING = START.pack(MAGIC_AHEAD, 0)

STREAM, ROOM, FILL, END = range(16, 20)
"""Numbers of their own: none of them is a block of a consignment."""

ReadInto = Callable[[memoryview], None]


Block = tuple[memoryview, ...]
"""To be written without anything in between."""


def stream_blocks(piece: memoryview) -> Iterator[Block]:
    """The next bytes of the stream, as they are sent."""
    return _blocks(STREAM, piece)


def buffer_blocks(buffer: memoryview) -> Iterator[Block]:
    """A whole buffer; blocks of the stream may stand between these."""
    yield (memoryview(BLOCK.pack(ROOM, buffer.nbytes)),)
    yield from _blocks(FILL, buffer)


def end() -> Block:
    """What stands behind the last block."""
    return (memoryview(BLOCK.pack(END, 0)),)


def _blocks(kind: int, content: memoryview) -> Iterator[Block]:
    for chunk in on_grid(content):
        slices = [chunk[start : start + SLICE] for start in range(0, chunk.nbytes, SLICE)]
        yield memoryview(BLOCK.pack(kind, chunk.nbytes)), *slices


class Coming:
    """A pickle stream that is still arriving, as a file to be read by one unpickler, once."""

    def __init__(self) -> None:
        self._pieces: list[bytearray] = []
        self._next = 0
        self._rest = memoryview(b"")
        self._over = False
        self._failure: BaseException | None = None
        self._changed = threading.Condition()

    def add(self, piece: bytearray) -> None:
        """The next bytes have come."""
        with self._changed:
            self._pieces.append(piece)
            self._changed.notify()

    def finish(self, failure: BaseException | None = None) -> None:
        """Nothing more will come: all of it is there, or what ``failure`` says."""
        with self._changed:
            self._over, self._failure = True, failure
            self._changed.notify()

    def read(self, size: int = -1, /) -> bytes:
        """The next ``size`` bytes, fewer at the end only; waits for them. Raises what has gone wrong."""
        if 0 <= size <= len(self._rest):
            piece, self._rest = self._rest[:size], self._rest[size:]
            return bytes(piece)
        found = bytearray()
        while (left := size - len(found)) > 0 or size < 0:
            if not self._rest and not self._wait():
                break
            taken = self._rest if size < 0 else self._rest[:left]
            found += taken
            self._rest = self._rest[len(taken) :]
        return bytes(found)

    def peek(self, size: int = 0, /) -> bytes:
        """The next bytes, at most ``size``, without taking them; waits for the first."""
        if not self._rest:
            self._wait()
        return bytes(self._rest[:size])

    def readinto(self, view: memoryview, /) -> int:
        """As :meth:`read`, into ``view``."""
        content = self.read(len(view))
        view[: len(content)] = content
        return len(content)

    def readline(self) -> bytes:
        """Up to a line end: no opcode of protocol 5 that CPython writes needs it."""
        line = bytearray()
        while byte := self.read(1):
            line += byte
            if byte == b"\n":
                break
        return bytes(line)

    def whole(self) -> bytes:
        """All of it from its beginning, as soon as it is there; what has come if something went wrong."""
        with self._changed:
            self._changed.wait_for(lambda: self._over)
            return b"".join(self._pieces)

    def _wait(self) -> bool:
        """Go on to the next piece; False at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._next < len(self._pieces))
            if self._next < len(self._pieces):
                self._rest = memoryview(self._pieces[self._next])
                self._next += 1
                return True
            if self._failure is not None:
                raise self._failure
            return False


class Catcher:
    """The receiving end: the stream goes to ``stream``, a buffer that is complete to ``take``. Not more than
    ``limit`` bytes in all.
    """

    def __init__(self, read_into: ReadInto, limit: int, stream: Coming, take: Callable[[Room], None]) -> None:
        self._read_into = read_into
        self._limit = limit
        self._stream = stream
        self._take = take
        self._place: _InMemory | _InFile | None = None
        """Of the buffer that is half there."""

    def catch(self) -> None:
        """Take in everything up to the end. Raises ProtocolBroken, RestoreFailed."""
        try:
            while self._next():
                pass
        finally:
            if self._place is not None:
                self._place.close()

    def _next(self) -> bool:
        """One block; False if it was the end."""
        kind, size = BLOCK.unpack(self._read(BLOCK.size))
        place = self._place
        if kind == END and size == 0 and place is None:
            return False
        if kind == ROOM and place is None:
            self._make_room(size)
        elif kind == STREAM and 0 < size <= CHUNK:
            self._spend(size)
            self._stream.add(self._read(size))
        elif kind == FILL and place is not None and 0 < size <= min(CHUNK, place.left):
            place.fill(self._read_into, size)
            self._hand_on(place)
        else:
            raise ProtocolBroken(reason=f"a block of kind {kind} and {size} bytes where it does not fit")
        return True

    def _spend(self, size: int) -> None:
        self._limit -= size
        if self._limit < 0:
            raise RestoreFailed(reason="it takes more than there is room for")

    def _make_room(self, size: int) -> None:
        self._spend(size)
        short = size >= CHUNK and size > available_bytes() - SPARE
        self._place = _InFile(size) if short else _InMemory(size)
        self._hand_on(self._place)

    def _hand_on(self, place: _InMemory | _InFile) -> None:
        if not place.left:
            self._place = None
            self._take(place.room())

    def _read(self, size: int) -> bytearray:
        data = bytearray(size)
        self._read_into(memoryview(data))
        return data


class _InMemory:
    """A buffer that is being filled."""

    def __init__(self, size: int) -> None:
        self._room, self._size, self.left = make_room(size), size, size

    def fill(self, read_into: ReadInto, size: int) -> None:
        fill(self._room, self._size - self.left, size, read_into)
        self.left -= size

    def room(self) -> Room:
        return self._room

    def close(self) -> None:
        """Nothing to do: it goes with its last reference."""


class _InFile:
    """As :class:`_InMemory`, where memory is short."""

    def __init__(self, size: int) -> None:
        self._file, self.left = OnDisk(size), size

    def fill(self, read_into: ReadInto, size: int) -> None:
        piece = memoryview(bytearray(size))
        read_into(piece)
        self._file.write(piece)
        self.left -= size

    def room(self) -> Room:
        return self._file.mapped()

    def close(self) -> None:
        self._file.close()
