"""The session goes on elsewhere without us: somebody else is its relay now, or nobody is for a while.

Clients get an answer to what they wait for, and this process becomes a fresh kernel on the same ports, as
after a restart.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from pyteleport_jupyter.relay.configuration import Settings
from pyteleport_jupyter.relay.processes import dismiss
from pyteleport_jupyter.relay.requests import Cell, OpenCells
from pyteleport_jupyter.relay.signing import Signer
from pyteleport_jupyter.wire.lanes import Lane

PARTED = 75
"""Status of a relay that has been let go (sysexits.h, EX_TEMPFAIL: not the end of the session)."""

PARTINGS = {
    "detached": "detached: the session goes on on {host}, and what it prints is kept. This kernel is fresh.",
    "replaced": "the session on {host} was taken up elsewhere, and goes on there. This kernel is fresh.",
}
"""What is said in the running cell, by the command that the supervisor let us go with."""

Deliver = Callable[[Lane, Sequence[bytes]], None]


def part(op: str, host: str, cells: OpenCells, signer: Signer, deliver: Deliver) -> int:
    """Answer every open request; returns the status to end with."""
    first = True
    while (cell := cells.running()) is not None:
        if first and not cell.silent:
            content = {"name": "stderr", "text": PARTINGS[op].format(host=host) + "\n"}
            deliver(Lane.IOPUB, [b"stream.stderr", *signer.message("stream", content, cell.header)])
        _answer(cell, signer, deliver, "ok" if first and op == "detached" else "aborted")
        cells.replied([b"<IDS|MSG>", b"", b"", _as_parent(cell)])
        first = False
    return PARTED


def _as_parent(cell: Cell) -> bytes:
    import json

    return json.dumps({"msg_id": cell.message_id}).encode()


def _answer(cell: Cell, signer: Signer, deliver: Deliver, status: str) -> None:
    reply: dict[str, Any] = {"status": status, "execution_count": 0, "payload": [], "user_expressions": {}}
    deliver(Lane.SHELL, [*cell.identities, *signer.message("execute_reply", reply, cell.header)])
    idle = signer.message("status", {"execution_state": "idle"}, cell.header)
    deliver(Lane.IOPUB, [b"kernel.status", *idle])


def become_fresh_kernel(settings: Settings) -> None:
    """By exec, which closes the sockets; returns where nobody knows how, or the system refuses."""
    home = settings.home or {}
    dismiss(settings.keeper)
    if home.get("connection_file"):
        flags = map(str, home.get("flags", ()))
        argv = [str(home["python"]), *flags, "-m", "ipykernel_launcher", "-f", str(home["connection_file"])]
        with suppress(OSError):
            os.execv(argv[0], argv)
