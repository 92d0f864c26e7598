"""Bytes of a pickle that let others have their turn, and go where they are wanted."""

from __future__ import annotations

import io
from collections.abc import Collection
from typing import Any, Protocol


class Outlet(Protocol):
    """Where a pickle goes while it is being made. What is raised here would be the pickler's failure."""

    def take(self, piece: bytes, modules: Collection[str]) -> None:
        """The next bytes of the stream. ``modules`` are all that it has referred to so far; they grow."""

    def take_buffer(self, view: memoryview) -> None:
        """The next buffer: live memory."""

    def start_over(self) -> None:
        """What was taken is void, since the pickle is made once more."""


class TakingTurns(io.BytesIO):
    """As its base, but that Python code runs for each frame (64 KiB): C code that pickles plain data, or
    makes it, holds on to the interpreter for seconds, and other threads (which land, send or receive) and
    Ctrl-C would have to wait.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        """As BytesIO."""
        return super().read(size)

    def write(self, data: Any, /) -> int:
        """As BytesIO."""
        return super().write(data)


class PassingOn(TakingTurns):
    """What is written goes to an outlet besides."""

    def __init__(self, outlet: Outlet, modules: Collection[str]) -> None:
        super().__init__()
        self._outlet, self._modules = outlet, modules

    def write(self, data: Any, /) -> int:
        """As BytesIO."""
        self._outlet.take(bytes(data), self._modules)
        return super().write(data)
