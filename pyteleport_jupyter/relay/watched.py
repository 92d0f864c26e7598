"""zmq's poller with memory: only what has changed since the last time is told to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import zmq


class Watched:
    """Sockets and descriptors, and what is awaited of each."""

    def __init__(self) -> None:
        self._poller = zmq.Poller()
        self._known: dict[Any, int] = {}

    def watch(self, wanted: Mapping[Any, int]) -> None:
        """Watch these from now on, and no others."""
        if wanted == self._known:
            return
        for item in self._known.keys() - wanted.keys():
            self._poller.unregister(item)
        for item, flags in wanted.items():
            self._poller.register(item, flags)
        self._known = dict(wanted)

    def wait(self, seconds: float) -> set[Any]:
        """Those to which something happens within ``seconds``."""
        return {item for item, _ in self._poller.poll(math.ceil(1000 * seconds))}
