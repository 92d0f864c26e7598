"""Bytes of a pickle that let others have their turn."""

from __future__ import annotations

import io
from typing import Any


class TakingTurns(io.BytesIO):
    """As its base, but that Python code runs for each frame (64 KiB): C code that pickles plain data, or
    makes it, holds on to the interpreter for seconds, and other threads (which land, or receive) and Ctrl-C
    would have to wait.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        """As BytesIO."""
        return super().read(size)

    def write(self, data: Any, /) -> int:
        """As BytesIO."""
        return super().write(data)
