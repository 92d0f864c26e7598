"""One comm for each frontend that asked for it: target ``pyteleport``, version 1.

The frontend opens it with ``{"version": 1}`` and is told ``hello``; from then on it is told what changes.
Comms travel with the session, so this side keeps no list of its own. docs/PROTOCOL.md has the table.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any, Final

from pyteleport_jupyter.session.place import Place, current_place

TARGET: Final = "pyteleport"
VERSION: Final = 1


BEACON: Final = "pyteleport-beacon"
"""Id of a comm that nobody opened. ``comm_info_request`` lists comms, not targets, and this is how a frontend
learns that the kernel knows us without asking for what it may not know.
"""


_tries = False
"""Whether the move under way is one of several tries."""
_refusal: dict[str, Any] = {}
"""How the last one failed."""


@dataclass(frozen=True)
class Beacon:
    """As much of a comm as the list of comms needs."""

    target_name: str = TARGET
    comm_id: str = BEACON


def register(shell: Any) -> None:
    """Let frontends of ``shell``'s kernel ask. Idempotent."""
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        kernel.comm_manager.register_target(TARGET, _answer)
        kernel.comm_manager.comms[BEACON] = Beacon()


def _answer(opened: Any, message: dict[str, Any]) -> None:
    """Of another version: it is closed, and that frontend shows nothing."""
    data = message.get("content", {}).get("data")
    if isinstance(data, dict) and data.get("version") == VERSION:
        opened.on_msg(_hear)
        opened.send({"type": "hello", "version": VERSION, "place": _described(current_place())})
    else:
        opened.close()


def _hear(message: dict[str, Any]) -> None:
    """A frontend wants to know something; what we do not know of is dropped."""
    content = message.get("content", {})
    wish, comm_id = content.get("data"), str(content.get("comm_id"))
    if not isinstance(wish, dict) or wish.get("type") not in ("where", "plan"):
        return
    # Inventories are large, and above us.
    wishes: Any = import_module("pyteleport_jupyter.frontends.wishes")
    told = wishes.whereabouts() if wish["type"] == "where" else [wishes.planned(wish)]
    for each in told:
        tell(comm_id, each)


def place(now: Place) -> None:
    """The session is at ``now``."""
    _tell({"type": "place", "place": _described(now)})


def move(**facts: Any) -> None:
    """A move goes on: ``stage``, ``host``, ``seconds``; bytes ``sent`` and ``total``; ``sentence`` of a
    failure.
    """
    if _tries and facts["stage"] == "failed":
        _refusal.update(facts)
    else:
        _tell({"type": "move", "move": facts})


@contextmanager
def one_try() -> Iterator[None]:
    """That a move fails within the block is not told: it may be tried again at the next instruction."""
    global _tries
    _tries = True
    try:
        yield
    finally:
        _tries = False


def given_up(host: str, sentence: str) -> None:
    """There is no further try."""
    facts = {"stage": "failed", "host": host, "seconds": 0.0, **_refusal, "sentence": sentence}
    _tell({"type": "move", "move": facts})
    _refusal.clear()


def _described(now: Place) -> dict[str, Any]:
    return asdict(now)


def comms() -> tuple[str, ...]:
    """Ids of the comms of those who are told."""
    return tuple(str(told.comm_id) for told in _open())


def tell(comm_id: str, data: Mapping[str, Any]) -> bool:
    """Tell one frontend; whether there is such a comm."""
    found = [told for told in _open() if told.comm_id == comm_id]
    for told in found:
        told.send(data)
    return bool(found)


def _tell(data: Mapping[str, Any]) -> None:
    for told in _open():
        told.send(data)


def _open() -> list[Any]:
    """The comms of frontends that asked; none where nothing has loaded the package of comms."""
    package = sys.modules.get("comm")
    if package is None:
        return []
    known = package.get_comm_manager().comms
    return [told for told in list(known.values()) if told.target_name == TARGET and told.comm_id != BEACON]
