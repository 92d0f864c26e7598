"""Bytes of a pickle that let others have their turn, and go where they are wanted."""

from __future__ import annotations

import io
from collections.abc import Collection
from typing import Any, Protocol

PROTO, FRAME = b"\x80", b"\x95"
HEAD = 9
"""Bytes of FRAME and the length behind it."""

LENGTHS = {5: b"BX", 9: b"\x8d\x8e\x96"}
"""Opcodes with a length behind them that take so many bytes (pickletools): of bytes, texts, bytearrays."""

LARGE = 64 << 10
"""From this length on such contents are written by themselves (``_Framer._FRAME_SIZE_TARGET``)."""


class Outlet(Protocol):
    """Where a pickle goes while it is being made. What is raised here would be the pickler's failure."""

    def take(self, piece: bytes, modules: Collection[str]) -> None:
        """The next bytes of the stream. ``modules`` are all that it has referred to so far; they grow."""

    def take_buffer(self, view: memoryview) -> None:
        """The next buffer: live memory."""

    def start_over(self) -> None:
        """What was taken is void, since the pickle is made once more."""


class Frames:
    """Takes the frames off a pickle, as a pickler writes it.

    They are cut by length, so behind a change all of them would begin elsewhere, and no chunk of the stream
    would be what it was. Who reads needs none if it can look ahead.
    """

    def __init__(self) -> None:
        self._coming = 0
        """Bytes that are what they are: of contents, or of a frame whose head was written by itself."""

    def off(self, data: Any) -> tuple[memoryview, memoryview]:
        """What is written, without the head of the frame that it may be, in two pieces."""
        view = memoryview(data).cast("B")
        if self._coming:
            self._coming -= min(self._coming, view.nbytes)
            return view, view[:0]
        at = 2 if view[:1] == PROTO else 0
        if view[at : at + 1] != FRAME or view.nbytes < at + HEAD:
            self._expect(view[at:])
            return view, view[:0]
        length, body = int.from_bytes(view[at + 1 : at + HEAD], "little"), view[at + HEAD :]
        self._coming = max(0, length - body.nbytes)
        self._expect(body[length:])
        return view[:at], body

    def _expect(self, behind: memoryview) -> None:
        """``behind`` a frame there may be the opcode of contents, which are written next."""
        for size, opcodes in LENGTHS.items():
            if behind.nbytes >= size and behind[-size] in opcodes:
                length = int.from_bytes(behind[1 - size :], "little")
                self._coming = length if length >= LARGE else 0
                return


class TakingTurns(io.BytesIO):
    """As its base, but that Python code runs for each frame (64 KiB): C code that pickles plain data, or
    makes it, holds on to the interpreter for seconds, and other threads (which land, send or receive) and
    Ctrl-C would have to wait. The frames themselves are left out.
    """

    def __init__(self, content: Any = b"") -> None:
        super().__init__(content)
        self._frames = Frames()

    def read(self, size: int | None = -1, /) -> bytes:
        """As BytesIO."""
        return super().read(size)

    def peek(self, size: int = 0, /) -> bytes:
        """What :meth:`read` would give."""
        at = self.tell()
        try:
            return super().read(size)
        finally:
            self.seek(at)

    def write(self, data: Any, /) -> int:
        """Less than as much as BytesIO."""
        for piece in self._frames.off(data):
            self._put(piece)
        return len(data)

    def _put(self, piece: memoryview) -> None:
        super().write(piece)


class PassingOn(TakingTurns):
    """What is written goes to an outlet besides."""

    def __init__(self, outlet: Outlet, modules: Collection[str]) -> None:
        super().__init__()
        self._outlet, self._modules = outlet, modules

    def _put(self, piece: memoryview) -> None:
        if piece:
            self._outlet.take(bytes(piece), self._modules)
        super()._put(piece)
