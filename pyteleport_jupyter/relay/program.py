"""What the process is after exec: put together from the baggage, run to its end, gone without a look back."""

from __future__ import annotations

import os
import resource
import traceback
from contextlib import suppress
from functools import partial
from typing import NoReturn

from pyteleport_jupyter.relay.adoption import AdoptedFarSide
from pyteleport_jupyter.relay.configuration import Settings, Unpacked, unpack
from pyteleport_jupyter.relay.endpoints import Endpoints, SocketEndpoints
from pyteleport_jupyter.relay.far_side import Attach, FarSide, carrier_of
from pyteleport_jupyter.relay.holding import Delivery
from pyteleport_jupyter.relay.housekeeping import Housekeeping, ProcessHousekeeping
from pyteleport_jupyter.relay.jupyter import Relay
from pyteleport_jupyter.relay.left_files import remove_files
from pyteleport_jupyter.relay.notices import Notices
from pyteleport_jupyter.relay.parting import LET_GO, become_fresh_kernel, partings
from pyteleport_jupyter.relay.processes import Parent, Signals, pass_on_captured
from pyteleport_jupyter.relay.questions import Questions
from pyteleport_jupyter.relay.reattach import Reattachment
from pyteleport_jupyter.relay.requests import OpenCells
from pyteleport_jupyter.relay.signing import Signer
from pyteleport_jupyter.relay.way_home import WayHome
from pyteleport_jupyter.wire.channel import NumberedChannel
from pyteleport_jupyter.wire.lanes import Lane


def main(descriptor: int) -> NoReturn:
    """Run the relay that the file behind ``descriptor`` describes, until it ends; then so does this
    process.
    """
    status = 1
    try:
        with os.fdopen(descriptor, "rb") as file:
            unpacked = unpack(file)
        status = _run(unpacked)
    except BaseException:
        traceback.print_exc()
    finally:
        # Not sys.exit: threads (heartbeat, an attempt at a new link) and zmq contexts would be waited for.
        os._exit(status)


def _run(unpacked: Unpacked) -> int:
    settings = unpacked.settings
    _close_on_exec(settings)
    _no_core_dumps()
    signals = Signals(settings.signals_fd)
    endpoints = SocketEndpoints(settings.front)
    pass_on_captured(settings.captured_fds)
    housekeeping = ProcessHousekeeping(signals, Parent(settings.parent))
    relay = assemble(settings, NumberedChannel.thaw(unpacked.frozen_channel), endpoints, housekeeping)
    status = relay.run(settings.in_flight, unpacked.drained, settings.committed, unpacked.known)
    if status in LET_GO:
        become_fresh_kernel(settings, relay.bequest)
    remove_files(settings.files)
    return status


def assemble(
    settings: Settings, channel: NumberedChannel, endpoints: Endpoints, housekeeping: Housekeeping
) -> Relay:
    """The relay with all its parts; the in-process one is put together here too."""
    front, far = settings.front, settings.far
    signer = Signer(front.key.encode(), front.scheme, front.session)
    delivery = Delivery(endpoints, signer, front.subscribers)
    cells = OpenCells()
    questions = Questions(signer, delivery.deliver, cells)
    publish = partial(delivery.deliver, Lane.IOPUB)
    notices = Notices(settings.announcement, far.host, signer, publish, settings.comms)
    side = _far_side(settings, channel, Reattachment(far, questions.ask), signer)
    way_home = WayHome(settings, channel, side, delivery, endpoints, questions.ask, cells)
    words = partings(settings)
    return Relay(endpoints, side, delivery, signer, notices, questions, cells, housekeeping, way_home, words)


def _far_side(settings: Settings, channel: NumberedChannel, attach: Attach, signer: Signer) -> FarSide:
    far = settings.far
    link = channel, carrier_of(far), attach, far.lease
    if settings.far_key is None:
        return FarSide(*link)
    return AdoptedFarSide(*link, settings.far_key, signer, settings.in_flight)


def _close_on_exec(settings: Settings) -> None:
    """Nothing of ours shall leak into children of the relay."""
    for descriptor in settings.inherited():
        os.set_inheritable(descriptor, False)


def _no_core_dumps() -> None:
    """The relay holds keys: they shall not be written to disk by a crash."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
