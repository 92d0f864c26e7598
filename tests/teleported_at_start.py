"""A kernel that teleports before it has answered anything: ``teleported_at_start.py CONNECTION_FILE``.

No cell runs at that moment, and no request is on its way.
"""

from __future__ import annotations

import os
import sys
import traceback

from ipykernel.kernelapp import IPKernelApp
from tornado.ioloop import IOLoop

from pyteleport_jupyter import load_ipython_extension, teleport


def main(connection_file: str) -> None:
    """Start like ``python -m ipykernel_launcher``, and leave for a fresh process on this machine."""
    app = IPKernelApp.instance()
    app.initialize(["-f", connection_file])
    load_ipython_extension(app.shell)
    # The first thing that the kernel's loop does once the kernel is up.
    IOLoop.current().add_callback(leave)
    app.start()


def leave() -> None:
    """Teleport; a kernel that cannot is of no use to the test."""
    try:
        teleport("local", quiet=True)
    finally:
        traceback.print_exc()
        os._exit(3)


if __name__ == "__main__":
    main(sys.argv[1])
