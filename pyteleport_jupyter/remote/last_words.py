"""What a process of ours prints while it is being set up: its end is the reason if it fails."""

from __future__ import annotations

import os

KEPT = 8 << 10
"""So many bytes are kept."""


class LastWords:
    """Reads a descriptor, which is not to block from now on."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._words = bytearray()
        os.set_blocking(fd, False)

    def listen(self) -> bool:
        """Take in what was printed; False when nothing more will come."""
        try:
            while data := os.read(self._fd, KEPT):
                self._words += data
                del self._words[:-KEPT]
        except BlockingIOError:
            return True
        return False

    def line(self) -> str:
        """The last line that says something, empty if there is none."""
        self.listen()
        lines = [line for line in self._words.decode(errors="replace").splitlines() if line.strip()]
        return lines[-1].strip() if lines else ""
