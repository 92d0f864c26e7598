"""How long a frontend hears nothing while the kernel becomes the relay: a prober on the heartbeat port."""

from __future__ import annotations

import math
import statistics
import threading
import time
from types import TracebackType

import zmq
from lab import LabKernel

from .scene import Scene, kernel, move
from .table import Row, spread

GOAL = 250.0
"""Milliseconds."""
RUNS = 7
PING_EVERY = 0.005
"""Seconds."""


class Prober:
    """Pings the heartbeat for the length of a ``with``; :attr:`longest_silence` is in milliseconds."""

    def __init__(self, started: LabKernel) -> None:
        client = started.client
        self._address = f"tcp://{client.ip}:{client.hb_port}"
        self._over = threading.Event()
        self._heard: list[float] = []
        self._thread = threading.Thread(target=self._probe, name="prober")

    @property
    def longest_silence(self) -> float:
        """Longest time between two answers."""
        pairs = zip(self._heard, self._heard[1:], strict=False)
        return max((later - earlier) * 1000 for earlier, later in pairs)

    def __enter__(self) -> Prober:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _probe(self) -> None:
        with zmq.Context() as context, context.socket(zmq.DEALER) as pings:
            pings.setsockopt(zmq.LINGER, 0)
            pings.setsockopt(zmq.RECONNECT_IVL, 10)
            pings.connect(self._address)
            while not self._over.is_set():
                pings.send(b"ping", zmq.NOBLOCK)
                until = time.monotonic() + PING_EVERY
                while (left := until - time.monotonic()) > 0 and pings.poll(math.ceil(left * 1000)):
                    pings.recv()
                    self._heard.append(time.monotonic())


def measure(scene: Scene, runs: int = RUNS) -> Row:
    """One silence per teleport; its usual length is shown as the peer."""
    silences, usual = [], []
    for _ in range(runs):
        with kernel(scene) as started:
            with Prober(started) as quiet:
                time.sleep(0.5)
            usual.append(quiet.longest_silence)
            with Prober(started) as prober:
                move(started, scene.alias)
            silences.append(prober.longest_silence)
    middle = statistics.median(silences)
    peer = f"without a move: {spread(usual, 'ms', 0)}"
    return Row(
        "cut-over, longest silence", spread(silences, "ms", 0), peer, "", f"< {GOAL:.0f} ms", middle < GOAL
    )
