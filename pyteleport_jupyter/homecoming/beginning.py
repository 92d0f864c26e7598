"""How a process that was a relay begins to be a kernel again."""

from __future__ import annotations

import os
import sys

from pyteleport_jupyter.relay.configuration import Unpacked, unpack


def begin(folder: str, baggage: int) -> Unpacked:
    """What the relay has left in the descriptor ``baggage``. ``folder``, that of this package, is the last on
    the path, and nothing of the command line is left for the user to see.
    """
    if not sys.flags.safe_path:
        del sys.path[0]
    if folder not in sys.path:
        sys.path.append(folder)
    sys.argv[:] = ["kernel"]
    with os.fdopen(baggage, "rb") as file:
        return unpack(file)
