"""First moment of a supervisor: the kernel's process is launched, then the supervisor itself is loaded.

Both take their time on a core of their own; the kernel's is what everybody waits for in the end.
"""

from __future__ import annotations

import importlib
import os

from pyteleport_jupyter.remote.kernel_process import launch


def main(argv: list[str]) -> None:
    """See :func:`pyteleport_jupyter.remote.supervisor.main`."""
    directory, link_fd = argv[0], int(argv[1])
    os.set_inheritable(link_fd, False)
    kernel = launch(directory)
    importlib.import_module("pyteleport_jupyter.remote.supervisor").main(directory, link_fd, kernel)
