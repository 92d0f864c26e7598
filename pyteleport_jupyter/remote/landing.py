"""The rest of the first stage: find the supervisor, or start one (:mod:`.booting`), and hand the link over to
it.

Runs under ``-I -S`` from code that came in the header; see :mod:`.first_stage`. Everybody waits for it, so
it imports C modules only: ``socket``, ``json``, ``typing`` and their kin would take longer than all the work.
"""

from __future__ import annotations

import _socket
import os
import sys

from pyteleport_jupyter.remote.leash import hand_over, knock, stay
from pyteleport_jupyter.remote.runtime_directory import SOCKET_NAME, Refusal, clear_away, is_of_this_machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LANDED = b"!"
"""Goes with the first link: descriptors do not travel without a byte."""


def main(header: dict[str, Any], take: Callable[[int], bytes], say: Callable[[str], None]) -> None:
    """Land as ``header`` says; ``take`` reads exactly so many bytes from stdin, ``say`` answers with JSON."""
    if header["kind"] == "inquiry":
        sys.modules[f"pyteleport_jupyter.{header['answers']}"].answer(header, say)
        return
    try:
        if header["kind"] == "attach":
            directory = str(header["directory"])
            leash = _connect(directory)
        else:
            # Of a boot only: what comes with each link that is made anew shall be small.
            from pyteleport_jupyter.remote.booting import boot

            leash, directory = boot(header, take(header["size"]))
    except Refusal as refusal:
        import json

        say(json.dumps(refusal.record))
        return
    say(f'{{"landed": "{os.fsencode(directory).hex()}"}}')
    if header["kind"] == "attach":
        knock(leash, take)
    else:
        hand_over(leash, LANDED)
    # One that was killed has left everything.
    stay(leash, lambda: clear_away(directory))


def _connect(directory: str) -> _socket.socket:
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.connect(os.path.join(directory, SOCKET_NAME))
    except OSError as error:
        if not is_of_this_machine(directory):
            # One name for several login nodes: the next attempt may find the right one.
            raise Refusal("LinkLost", reason="the session is on another machine of that name") from None
        raise Refusal("SessionGone", reason=error.strerror or "nobody answers") from None
    return connection
