"""Entry of the relay: ``python -I -S .../relay/__main__.py DESCRIPTOR``. Finds its packages by the first
line of the baggage."""

from __future__ import annotations

import json
import os
import sys


def _start(descriptor: int) -> None:
    with os.fdopen(os.dup(descriptor), "rb") as file:
        sys.path[:0] = json.loads(file.readline())["python_path"]
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.set_inheritable(descriptor, False)
    from pyteleport_jupyter.relay.program import main

    main(descriptor)


if __name__ == "__main__":
    _start(int(sys.argv[1]))
