"""The session goes on elsewhere without us: somebody else is its relay now, or nobody is for a while.

Clients get an answer to what they wait for, and this process becomes a fresh kernel on the same ports, as
after a restart. What they send meanwhile is for that one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, BinaryIO

from pyteleport_jupyter.relay.configuration import Baggage, Settings, open_file
from pyteleport_jupyter.relay.endpoints import Endpoints, Rest
from pyteleport_jupyter.relay.entry import package_folder
from pyteleport_jupyter.relay.processes import dismiss
from pyteleport_jupyter.relay.requests import Cell, OpenCells
from pyteleport_jupyter.relay.signing import Signer
from pyteleport_jupyter.wire.lanes import Lane

PARTED = 75
"""Status of a relay that has been let go (sysexits.h, EX_TEMPFAIL: not the end of the session)."""

REPLACED = 76
"""Status of one in whose place there is another."""

LET_GO = (PARTED, REPLACED)

PARTINGS = {
    "detached": "detached: the session goes on on {host}, and what it prints is kept; "
    "%teleport attach {id} takes it up again.",
    "replaced": "the session on {host} was taken up elsewhere, and goes on there.",
}
"""What is said in the running cell, by the command that the supervisor let us go with."""

FRESH = " This kernel is fresh."
"""Where one comes after us."""

CLOSING_SECONDS = 1.0

FRESH_BOOT = (
    "import sys;z=sys.argv[1];sys.path[:not sys.flags.safe_path]=[z];"
    "from pyteleport_jupyter.homecoming.fresh import main;main()"
)
"""Program for ``python -c FRESH_BOOT FOLDER BAGGAGE``."""

Deliver = Callable[[Lane, Sequence[bytes]], None]
Request = tuple[Lane, Sequence[bytes]]


def partings(settings: Settings) -> dict[str, str]:
    """:data:`PARTINGS`, filled in."""
    far = settings.far
    end = FRESH if (settings.home or {}).get("connection_file") else ""
    facts = {"host": far.host, "id": far.session}
    return {op: words.format(**facts) + end for op, words in PARTINGS.items()}


def part(op: str, words: str, cells: OpenCells, signer: Signer, deliver: Deliver) -> int:
    """Answer every open request, the first one with ``words``; returns the status to end with."""
    first = True
    while (cell := cells.running()) is not None:
        if first and not cell.silent:
            content = {"name": "stderr", "text": words + "\n"}
            deliver(Lane.IOPUB, [b"stream.stderr", *signer.message("stream", content, cell.header)])
        _answer(cell, signer, deliver, "ok" if first and op == "detached" else "aborted")
        cells.replied([b"<IDS|MSG>", b"", b"", _as_parent(cell)])
        first = False
    return PARTED if op == "detached" else REPLACED


def _as_parent(cell: Cell) -> bytes:
    import json

    return json.dumps({"msg_id": cell.message_id}).encode()


def _answer(cell: Cell, signer: Signer, deliver: Deliver, status: str) -> None:
    reply: dict[str, Any] = {"status": status, "execution_count": 0, "payload": [], "user_expressions": {}}
    deliver(Lane.SHELL, [*cell.identities, *signer.message("execute_reply", reply, cell.header)])
    idle = signer.message("status", {"execution_state": "idle"}, cell.header)
    deliver(Lane.IOPUB, [b"kernel.status", *idle])


class Bequest:
    """What is for the kernel that comes after us: ``requests`` that nobody has got, and the connections that
    they came over (None: they are closed, and made anew).
    """

    def __init__(self) -> None:
        self.rest: Rest | None = None
        self.requests: list[Request] = []

    def take(self, requests: Iterable[Request], cells: OpenCells) -> None:
        """Those that :func:`part` will not answer."""
        self.requests = [(lane, frames) for lane, frames in requests if not cells.knows(frames)]

    def collect(self, endpoints: Endpoints) -> None:
        """What clients have sent until now; who comes from now on waits for the next."""
        try:
            self.rest = endpoints.come_to_rest()
            self.requests += self.rest.requests
        except OSError:
            endpoints.close(CLOSING_SECONDS)


def become_fresh_kernel(settings: Settings, bequest: Bequest) -> None:
    """By exec; returns where nobody knows how, or the system refuses."""
    home = settings.home or {}
    dismiss(settings.keeper)
    if not home.get("connection_file"):
        return
    flags = [str(home["python"]), *map(str, home.get("flags", ()))]
    environment = home.get("environment") or dict(os.environ)
    if bequest.rest is not None:
        with suppress(OSError), open_file() as file:
            descriptor = _packed(settings, bequest.rest, bequest.requests, file)
            os.execve(flags[0], [*flags, "-c", FRESH_BOOT, package_folder(), str(descriptor)], environment)
    with suppress(OSError):
        argv = [*flags, "-m", "ipykernel_launcher", "-f", str(home["connection_file"])]
        os.execve(argv[0], argv, environment)


def _packed(settings: Settings, rest: Rest, requests: Sequence[Request], file: BinaryIO) -> int:
    front = replace(
        settings.front,
        listeners=rest.listeners,
        subscriber_fds=rest.subscriber_fds,
        subscribers=rest.subscribers,
    )
    baggage = Baggage(file)
    baggage.write(replace(settings, front=front, in_flight=None, announcement=None, keeper=None), b"")
    for lane, frames in requests:
        baggage.append(lane, [frames])
    for number in (file.fileno(), *rest.listeners.values(), *rest.subscriber_fds):
        os.set_inheritable(number, True)
    return baggage.descriptor()
