"""Waiting for descriptors with ``poll``: a kernel may well have more than the 1024 that ``select`` knows."""

from __future__ import annotations

import select
from collections.abc import Iterable


def ready(readers: Iterable[int], writers: Iterable[int], seconds: float) -> tuple[set[int], set[int]]:
    """Which of ``readers`` can be read and which of ``writers`` written, waiting at most ``seconds``.

    A descriptor in trouble (hung up, closed by the peer) counts as ready: the next read or write says what
    it is.
    """
    poll = select.poll()
    wanted: dict[int, int] = {}
    for fds, flag in ((readers, select.POLLIN), (writers, select.POLLOUT)):
        for fd in fds:
            wanted[fd] = wanted.get(fd, 0) | flag
    for fd, flags in wanted.items():
        poll.register(fd, flags)
    trouble = select.POLLHUP | select.POLLERR
    found = [(fd, flags & (wanted[fd] | trouble)) for fd, flags in poll.poll(max(0, round(seconds * 1000)))]
    readable = {fd for fd, flags in found if flags & (select.POLLIN | trouble) and wanted[fd] & select.POLLIN}
    writable = {
        fd for fd, flags in found if flags & (select.POLLOUT | trouble) and wanted[fd] & select.POLLOUT
    }
    return readable, writable
