"""Where a session is asked what it is, and told to let go or to end, by whoever may log in there."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, Protocol

from pyteleport_jupyter.remote.activity import Activity
from pyteleport_jupyter.remote.inquiries import Inquiries, Reply
from pyteleport_jupyter.remote.linked import Linked
from pyteleport_jupyter.remote.orders import KERNEL, NAME_LIMIT, TERMINAL

TO_BE_TAKEN_UP = (KERNEL, TERMINAL)
"""Kinds of sessions that somebody else can go on with. Cells belong to another session, and a script's
streams lead nowhere else.
"""


class Order(Protocol):
    """What the desk tells of the order by which its session was started."""

    @property
    def kind(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def origin(self) -> str: ...
    @property
    def lease(self) -> float: ...
    @property
    def keep(self) -> bool: ...


class SessionDesk:
    """Answers with facts: plain data, short, times in seconds. ``pid`` is the session's process, ``end`` ends
    all; ``key`` is that of a kernel.
    """

    def __init__(
        self,
        directory: str,
        order: Order,
        linked: Linked,
        pid: int,
        end: Callable[[], None],
        key: str = "",
    ) -> None:
        self.activity = Activity()
        self._order = order
        self._origin = order.origin
        self._linked = linked
        self._pid = pid
        self._end = end
        self._key = key
        self._since: float | None = None
        self._inquiries = Inquiries(directory, self._answer)
        self.readers = self._inquiries.readers
        self.deadlines = self._inquiries.deadlines
        self.look = self._inquiries.look
        self.close = self._inquiries.close

    def opens(self) -> None:
        """From now on it is the session, and there is something to tell."""
        self._since = time.time()

    def linked_to(self, host: object) -> None:
        """The link is that of ``host`` now; None: it does not say."""
        if host is not None:
            self._origin = str(host)[:NAME_LIMIT]

    def _answer(self, question: dict[str, Any], reply: Reply) -> None:
        op = question.get("op")
        may_leave = self._order.kind in TO_BE_TAKEN_UP
        if self._since is None:
            reply({})
        elif op == "measure":
            self._linked.round_trip.measure(lambda seconds: reply(self._facts() | {"round_trip": seconds}))
        else:
            reply(self._facts() | (self._secrets() if op == "claim" and may_leave else {}))
            if op == "detach" and may_leave:
                self._linked.part("detached")
            elif op == "kill":
                self._end()

    def _facts(self) -> dict[str, Any]:
        now = time.time()
        return {
            "kind": self._order.kind,
            "host": self._order.host,
            "target": self._order.target,
            "origin": self._origin,
            "pid": self._pid,
            "age": now - (self._since or now),
            "lease": self._order.lease,
            "keep": self._order.keep,
            "linked": self._linked.link is not None,
            "lease_left": self._linked.seconds_left,
            "memory": memory_of(self._pid),
            "busy": bool(self.activity.request),
            "for": now - self.activity.since,
        }

    def _secrets(self) -> dict[str, Any]:
        """What it takes to go on with the session: for who has come for it."""
        return {"token": self._linked.door.token.hex(), "key": self._key}


def memory_of(pid: int) -> int | None:
    """Bytes of memory that process ``pid`` has now (proc(5), ``statm``); None where that is not told."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
