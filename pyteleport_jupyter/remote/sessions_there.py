"""The sessions of this user that live on this machine, found by their directories and asked one by one.

Runs in the first stage, where somebody who is elsewhere looks for them: C modules only, and ``json`` when
there is something to be said.
"""

from __future__ import annotations

import _socket
import os

from pyteleport_jupyter.remote.runtime_directory import (
    INQUIRY_NAME,
    is_of_this_machine,
    is_private,
    parents,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

SESSIONS_LIMIT = 64
"""Most sessions that are told of."""

ANSWER_SECONDS = 3.0
ANSWER_LIMIT = 1 << 13


def answer(header: dict[str, Any], say: Callable[[str], None]) -> None:
    """Nothing is started and nothing is written here: the answer is all."""
    import json

    say(json.dumps({"sessions": sessions(str(header["op"]), str(header["session"]))}))


def identifier_of(directory: str) -> str:
    """What its user calls the session in ``directory``."""
    return os.path.basename(directory).rpartition("-")[2]


def sessions(op: str, identifier: str) -> list[dict[str, Any]]:
    """What each session answers to ``op``; with an ``identifier`` only that one is asked. Without one nothing
    can be done to sessions, only asked (``facts``)."""
    if not identifier and op != "facts":
        return []
    found: list[dict[str, Any]] = []
    for directory in directories():
        if identifier in ("", identifier_of(directory)) and len(found) < SESSIONS_LIMIT:
            answer = _asked(directory, op)
            if answer:
                found.append({**answer, "id": identifier_of(directory), "directory": directory})
    return found


def directories() -> Iterator[str]:
    """Directories of sessions on this machine, whether anybody lives there or not."""
    for parent in parents():
        if is_private(parent):
            for name in sorted(os.listdir(parent)):
                path = os.path.join(parent, name)
                if is_of_this_machine(path) and is_private(path):
                    yield path


def _asked(directory: str, op: str) -> dict[str, Any]:
    import json

    line = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        line.settimeout(ANSWER_SECONDS)
        line.connect(os.path.join(directory, INQUIRY_NAME))
        line.sendall(json.dumps({"op": op}).encode() + b"\n")
        said = b""
        while not said.endswith(b"\n") and len(said) < ANSWER_LIMIT:
            piece = line.recv(ANSWER_LIMIT)
            if not piece:
                break
            said += piece
        answer = json.loads(said)
    except (OSError, ValueError):
        return {}
    finally:
        line.close()
    return answer if isinstance(answer, dict) else {}
