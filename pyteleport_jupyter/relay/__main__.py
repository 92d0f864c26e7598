"""Entry of the relay: ``python -I -S .../relay/__main__.py DESCRIPTOR``.

It finds its packages by the first line of the baggage. With ``rehearse PATH...`` in place of the descriptor
it only loads them (see :mod:`pyteleport_jupyter.relay.rehearsal`).
"""

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


def _rehearse(python_path: list[str]) -> None:
    sys.path[:0] = python_path
    from pyteleport_jupyter.relay.program import main

    if not callable(main):
        raise ImportError("the relay has no program")


if __name__ == "__main__":
    if sys.argv[1] == "rehearse":
        _rehearse(sys.argv[2:])
    else:
        _start(int(sys.argv[1]))
