"""``poll`` with memory: only what has changed since the last time is told to it."""

from __future__ import annotations

import select


class Watch:
    """Waits for descriptors."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._known: dict[int, int] = {}

    def wait(self, wanted: dict[int, int], milliseconds: int) -> dict[int, int]:
        """Of the descriptors ``wanted`` (with ``POLLIN``, ``POLLOUT``), those to which something has
        happened.

        ``wanted`` is kept, so it must not be changed any more.
        """
        if wanted != self._known:
            for fd in self._known.keys() - wanted.keys():
                self._poll.unregister(fd)
            for fd, flags in wanted.items():
                self._poll.register(fd, flags)
            self._known = wanted
        return dict(self._poll.poll(milliseconds))
