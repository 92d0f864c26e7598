"""A copy of a session that goes on elsewhere, as the session that made it knows it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any, Protocol

from pyteleport_jupyter.relay.far_end import settings_over
from pyteleport_jupyter.relay.far_side import FarSide, carrier_of
from pyteleport_jupyter.relay.reattach import Reattachment
from pyteleport_jupyter.relay.states import Link as LinkState
from pyteleport_jupyter.remote.sessions_there import identifier_of
from pyteleport_jupyter.targets import Target
from pyteleport_jupyter.transports import AttachRequest, Landed, Link
from pyteleport_jupyter.wire import Conversation
from pyteleport_jupyter.wire.channel import Message
from pyteleport_jupyter.wire.commands import parse_command
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.waiting import ready

END_SECONDS = 2.0

ENDINGS = {"exited": "ended", "failed": "ended", "replaced": "let go", "detached": "let go"}
"""Status by the command that says that nothing more will be heard of the copy."""

KILLED = "killed"

OVER = frozenset((*ENDINGS.values(), KILLED))

GOES_ON = "a copy goes on on {host}: %teleport attach {id}"


class Side(Protocol):
    """What a copy says, seen to."""

    def hear(self, message: Message, command: dict[str, Any], far: FarSide) -> str | None:
        """One message of it; ``command`` is what is in it, with the ``op`` "" where it is none. The status of
        the copied cell (``ok``, ``error``), if that is told.
        """


class Copy:
    """A copy of this session on ``host``; ``id`` is its name for ``%teleport attach`` and ``kill``.

    It lives as long as this process, and for its lease beyond.
    """

    def __init__(self, host: str, identifier: str, far: FarSide, side: Side) -> None:
        self.host = host
        self.id = identifier
        self._status = "running"
        self._far = far
        self._side = side
        self._finished = threading.Event()
        self._wanted: list[str] = []
        self._killed = False
        self._lock = threading.Lock()

    @property
    def status(self) -> str:
        """``running``; then, of the copied cell, ``ok`` or ``error``; ``let go`` when it goes on without
        us, ``killed`` from when it was told to end, ``ended`` when it is gone.
        """
        return KILLED if self._killed and self._status not in OVER else self._status

    def __repr__(self) -> str:
        return f"<copy of this session on {self.host}: {self.status}, id {self.id}>"

    def wait(self, timeout: float | None = None) -> str:
        """Wait until the cell is over there; its status. Raises TimeoutError."""
        if not self._finished.wait(timeout):
            raise TimeoutError(f"the copy on {self.host} has not finished the cell in {timeout} s")
        return self.status

    def kill(self) -> None:
        """End the copy; the status says so at once, though the word may have to wait for a link."""
        self._want("end")
        self._killed = True

    def detach(self) -> None:
        """Let go of it: it goes on without us for its lease, and waits for whoever attaches."""
        self._want("let go")

    def _want(self, what: str) -> None:
        with self._lock:
            self._wanted.append(what)

    def __reduce__(self) -> tuple[Any, ...]:
        """In another process it is only known that there was one."""
        return CopyOfAnother, (self.host, self.id)

    # ------------------------------------------------------------------ in a thread

    def live(self, value: int | None) -> None:
        """Look after the copy to its end. ``value``: what its call of ``fork`` returns."""
        try:
            self._far.command("commit", **({} if value is None else {"value": value}))
            while self._status not in OVER:
                self._step()
        finally:
            # Whatever the copy said that nobody understands: who waits for it must not wait for ever.
            if self._status not in OVER:
                self._far.end()
                self._status = "ended"
            self._finished.set()

    def _step(self) -> None:
        far = self._far
        far.flush()
        # A word of the user's is heard in a tenth of a second.
        ready(far.reading(), far.writing(), min(0.1, far.timeout()))
        for message in far.receive():
            self._take(message)
            if self._status in OVER:
                return
        far.look()
        if far.state is LinkState.GONE:
            self._over("ended")
        elif far.state is LinkState.UP:
            # Without a link nobody would hear it: it is kept.
            self._obey()

    def _take(self, message: Message) -> None:
        command = parse_command(message.parts[0]) if message.lane is Lane.COMMAND else {"op": ""}
        if command["op"] in ENDINGS:
            self._over(ENDINGS[command["op"]])
        elif (status := self._side.hear(message, command, self._far)) is not None:
            self._status = status
            self._finished.set()

    def _obey(self) -> None:
        with self._lock:
            wanted, self._wanted = self._wanted, []
        if "end" in wanted:
            self._far.command("end")
        if wanted:
            self._over(KILLED if "end" in wanted else "let go")

    def _over(self, status: str) -> None:
        deadline = time.monotonic() + END_SECONDS
        self._far.flush()
        while not self._far.flushed and time.monotonic() < deadline:
            self._far.flush()
        self._far.end()
        self._status = status
        self._finished.set()


class CopyOfAnother:
    """The handle of a copy, in a session that did not make it."""

    def __init__(self, host: str, identifier: str) -> None:
        self.host = host
        self.id = identifier

    def __repr__(self) -> str:
        return f"<copy made elsewhere, on {self.host}: %teleport attach {self.id}>"


class Prepared(Protocol):
    """A copy that is held on its target: what of the arrivals of both roads is needed for its life."""

    @property
    def link(self) -> Link: ...

    @property
    def conversation(self) -> Conversation: ...

    @property
    def token(self) -> bytes: ...

    @property
    def landed(self) -> Landed: ...


def set_free(arrival: Prepared, target: Target, lease: float, side: Side, value: int | None = None) -> Copy:
    """Let it go on; a thread looks after it."""
    attach = AttachRequest(arrival.landed.directory, arrival.token, arrival.landed.python)
    settings = settings_over(arrival.link, target.transport.as_record(), attach, target.host, lease)
    far = FarSide(
        arrival.conversation.pipe.channel,
        carrier_of(settings),
        Reattachment(settings, lambda *_: None),
        lease,
    )
    copy = Copy(target.host, identifier_of(arrival.landed.directory), far, side)
    threading.Thread(target=copy.live, args=(value,), name=f"copy on {target.host}", daemon=True).start()
    return copy


def labels(hosts: Sequence[str]) -> list[str]:
    """What is put before the lines of each copy."""
    if len(set(hosts)) == len(hosts):
        return list(hosts)
    return [f"{host} {number}" for number, host in enumerate(hosts)]
