"""Entry of the relay: ``python -I -S .../relay/__main__.py DESCRIPTOR``.

It finds its packages by the first line of the baggage, which also says what it is to be: the relay of a
kernel or of a program. With ``rehearse KIND PATH...`` in place of the descriptor it only loads them
 (see :mod:`pyteleport_jupyter.relay.rehearsal`).
"""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def _start(descriptor: int) -> None:
    with os.fdopen(os.dup(descriptor), "rb") as file:
        settings = json.loads(file.readline())
    sys.path[:0] = settings["python_path"]
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.set_inheritable(descriptor, False)
    _program(settings.get("kind", "kernel"))(descriptor)


def _program(kind: str) -> Callable[[int], object]:
    if kind == "terminal":
        from pyteleport_jupyter.relay.terminal_program import main as of_program

        return of_program
    from pyteleport_jupyter.relay.program import main as of_kernel

    return of_kernel


def _rehearse(kind: str, python_path: list[str]) -> None:
    sys.path[:0] = python_path
    if not callable(_program(kind)):
        raise ImportError("the relay has no program")


if __name__ == "__main__":
    if sys.argv[1] == "rehearse":
        _rehearse(sys.argv[2], sys.argv[3:])
    else:
        _start(int(sys.argv[1]))
