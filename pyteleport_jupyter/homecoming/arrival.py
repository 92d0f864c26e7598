"""Home again: the process that had become a relay is a kernel once more, and takes its session over.

The relay knew that the user wants it, since unpickling is running what the far side says. Nothing is taken
from the relay until the session is restored: if it cannot be, the process becomes the relay again, with the
sockets and all messages, and the session goes on there.
"""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import Future
from dataclasses import replace
from threading import Thread
from typing import NoReturn

from pyteleport_jupyter.errors import RestoreFailed, TeleportError
from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.homecoming.beginning import begin
from pyteleport_jupyter.homecoming.kept_chunks import KeptChunks
from pyteleport_jupyter.objects import chunks
from pyteleport_jupyter.relay.configuration import (
    Baggage,
    Settings,
    Unpacked,
    open_file,
)
from pyteleport_jupyter.relay.endpoints import start_heart
from pyteleport_jupyter.relay.entry import become_relay
from pyteleport_jupyter.relay.processes import dismiss
from pyteleport_jupyter.remote.arrival import Shipment, in_short_turns, memory_bytes
from pyteleport_jupyter.wire.lanes import Lane


def main() -> None:
    """Program of the process; ``sys.argv`` has the folder of this package and two descriptors (the relay's
    baggage, the snapshot).
    """
    folder, baggage_fd, snapshot_fd = sys.argv[1], *map(int, sys.argv[2:])
    unpacked = begin(folder, baggage_fd)
    for number in unpacked.settings.inherited():
        os.set_inheritable(number, False)
    # Restoring may take longer than a frontend waits for a sign of life.
    start_heart(unpacked.settings.front)
    _arrive(unpacked, snapshot_fd)


def _arrive(unpacked: Unpacked, snapshot_fd: int) -> None:
    try:
        keeper = unpacked.settings.keeper
        kept = KeptChunks(keeper) if keeper else None
        shipment = _read_meanwhile(snapshot_fd, kept)
        # All that can be missing on this machine by now is found here.
        from pyteleport_jupyter.homecoming.takeover import Takeover

        takeover = Takeover(unpacked)
        fault("home.restore")
        takeover.restore(*shipment.result(), kept.laid_over if kept else None)
    except TeleportError as error:
        _give_up(unpacked, error)
    except BaseException as error:
        _give_up(unpacked, RestoreFailed(host="home", reason=f"{type(error).__name__}: {error}"))
    dismiss(unpacked.settings.keeper)
    takeover.go_on()


def _read_meanwhile(snapshot_fd: int, kept: KeptChunks | None) -> Future[Shipment]:
    """The session in memory: put there by a thread, while this one imports what a kernel consists of."""
    shipment: Future[Shipment] = Future()

    def read() -> None:
        with in_short_turns():
            try:
                shipment.set_result(_read(snapshot_fd, kept))
            except BaseException as error:
                shipment.set_exception(error)

    Thread(target=read, name="teleport-arrival", daemon=True).start()
    return shipment


def _read(snapshot_fd: int, kept: KeptChunks | None) -> Shipment:
    with os.fdopen(snapshot_fd, "rb") as snapshot:

        def fill(view: memoryview) -> None:
            if snapshot.readinto(view) != len(view):
                raise RestoreFailed(host="home", reason="the snapshot ended too early")

        return chunks.receive(fill, memory_bytes(), kept)


def _give_up(unpacked: Unpacked, error: TeleportError) -> NoReturn:
    """Be the relay again; the cell there gets this error."""
    # What it kept may be the cause: the next time all of it is sent.
    dismiss(unpacked.settings.keeper)
    settings: Settings = replace(unpacked.settings, failure=error.as_record(), keeper=None)
    file = open_file()
    baggage = Baggage(file)
    baggage.write(settings, unpacked.frozen_channel)
    baggage.append(Lane.SHELL, unpacked.known)
    for lane, frames in unpacked.drained:
        baggage.append(lane, [frames])
    # What came for us waits in the mask, and is the relay's now, which has a handler for it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    become_relay(baggage.descriptor(), settings.inherited())
