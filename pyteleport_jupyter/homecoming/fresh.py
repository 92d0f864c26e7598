"""A kernel that knows nothing, in the process of a relay whose session goes on without it: with the relay's
connections, and what clients sent last.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from ipykernel.kernelapp import IPKernelApp

from pyteleport_jupyter.homecoming.application import HomeKernel, HomeKernelApp
from pyteleport_jupyter.homecoming.beginning import begin
from pyteleport_jupyter.homecoming.departure_day import PACKAGE
from pyteleport_jupyter.relay.endpoints import start_heart
from pyteleport_jupyter.wire.lanes import Lane


class FreshKernel(HomeKernel):
    """Nothing has come home."""

    def _publish_status(self, status: str, *arguments: Any, **names: Any) -> None:
        # Also "starting": it is as after a restart.
        super(HomeKernel, self)._publish_status(status, *arguments, **names)


class FreshKernelApp(HomeKernelApp):
    """As any kernel here, with configuration and start-up files."""

    kernel_class = FreshKernel
    load_config_file = IPKernelApp.load_config_file
    init_code = IPKernelApp.init_code
    init_signal = IPKernelApp.init_signal


def main() -> None:
    """Program of the process; ``sys.argv`` has the folder of this package and the baggage's descriptor."""
    unpacked = begin(sys.argv[1], int(sys.argv[2]))
    front, home = unpacked.settings.front, unpacked.settings.home or {}
    for number in (*front.listeners.values(), *front.subscriber_fds):
        os.set_inheritable(number, False)
    start_heart(front)
    app = FreshKernelApp.at(front, home["connection_file"])
    app.initialize([f"--profile={home['profile']}"])
    if home.get("extension"):
        # The way back to the session that was let go of.
        app.shell.extension_manager.load_extension(PACKAGE)
    app.listen()
    lanes = {lane: [frames for at, frames in unpacked.drained if at is lane] for lane in Lane}
    app.kernel.taken_over = lanes[Lane.SHELL], lanes[Lane.CONTROL]
    app.start()
