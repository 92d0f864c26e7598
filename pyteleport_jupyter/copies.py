"""``fork`` in a notebook: this session goes on here, a copy of it in the midst of the same cell elsewhere.

The road is that of a move up to the cut. There nothing is cut: a thread of this process takes the copy's side
of the link, says the word that lets it go on, and shows what it prints in the cell that made it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from pyteleport_jupyter import relay
from pyteleport_jupyter.departure import journey_to, plan
from pyteleport_jupyter.errors import TeleportError
from pyteleport_jupyter.failing import STOP_SECONDS, told_in_one_sentence
from pyteleport_jupyter.ledger import remember
from pyteleport_jupyter.objects import CannotMove
from pyteleport_jupyter.options import targets_of_copies
from pyteleport_jupyter.preparing import Arrival, Journey, hold, land_on, prepare
from pyteleport_jupyter.relay.configuration import FarSettings
from pyteleport_jupyter.relay.far_end import settings_over
from pyteleport_jupyter.relay.far_side import FarSide, carrier_of
from pyteleport_jupyter.relay.in_flight import InFlight
from pyteleport_jupyter.relay.interrupts import interrupts_postponed, signals_noted
from pyteleport_jupyter.relay.reattach import Reattachment
from pyteleport_jupyter.relay.signing import Signer, content_of, parent_header_of, resumed
from pyteleport_jupyter.relay.states import Link as LinkState
from pyteleport_jupyter.remote.sessions_there import identifier_of
from pyteleport_jupyter.session.event_loop_items import in_context_of_cell
from pyteleport_jupyter.transports import AttachRequest, BootRequest, close_link
from pyteleport_jupyter.wire.channel import Message
from pyteleport_jupyter.wire.commands import parse_command
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.waiting import ready

LONGEST_SLEEP = 1.0
END_SECONDS = 2.0
LONGEST_LINE = 1 << 16
"""A line of the copy's output that is longer is shown in pieces."""


class Copy:
    """A copy of this session on ``host``; ``id`` is its name for ``%teleport attach`` and ``kill``.

    It lives as long as this process, and for its lease beyond.
    """

    def __init__(self, host: str, identifier: str, far: FarSide, show: Callable[[Message], None]) -> None:
        self.host = host
        self.id = identifier
        self.status = "running"
        """``running``; then, of the copied cell, ``ok`` or ``error``; ``ended`` when the copy is gone."""
        self._far = far
        self._show = show
        self._finished = threading.Event()
        self._wanted: list[str] = []
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<copy of this session on {self.host}: {self.status}, id {self.id}>"

    def wait(self, timeout: float | None = None) -> str:
        """Wait until the cell is over there; its status. Raises TimeoutError."""
        if not self._finished.wait(timeout):
            raise TimeoutError(f"the copy on {self.host} has not finished the cell in {timeout} s")
        return self.status

    def kill(self) -> None:
        """End the copy."""
        self._want("end")

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

    def live(self, first: list[bytes]) -> None:
        """Look after the copy to its end. ``first`` is the request of its cell."""
        try:
            self._far.command("commit")
            while self.status != "ended":
                self._step(first)
        finally:
            # Whatever the copy said that nobody understands: who waits for it must not wait for ever.
            if self.status != "ended":
                self._far.end()
            self.status = "ended"
            self._finished.set()

    def _step(self, first: list[bytes]) -> None:
        far = self._far
        far.flush()
        # A word of the user's is heard in a tenth of a second.
        ready(far.reading(), far.writing(), min(0.1, far.timeout()))
        for message in far.receive():
            self._take(message, first)
            if self.status == "ended":
                return
        far.look()
        if far.state is LinkState.GONE:
            self._over()
        elif far.state is LinkState.UP:
            # Without a link nobody would hear it: it is kept.
            self._obey()

    def _take(self, message: Message, first: list[bytes]) -> None:
        if message.lane is Lane.COMMAND:
            op = parse_command(message.parts[0])["op"]
            if op == "committed":
                self._far.send(Lane.SHELL, first)
            elif op in ("exited", "failed", "replaced"):
                self._over()
        elif message.lane is Lane.SHELL:
            self.status = str(content_of(message.parts).get("status", "ok"))
            self._finished.set()
        elif message.lane is Lane.IOPUB:
            self._show(message)

    def _obey(self) -> None:
        with self._lock:
            wanted, self._wanted = self._wanted, []
        if "end" in wanted:
            self._far.command("end")
        if wanted:
            self._over()

    def _over(self) -> None:
        deadline = time.monotonic() + END_SECONDS
        self._far.flush()
        while not self._far.flushed and time.monotonic() < deadline:
            self._far.flush()
        self._far.end()
        self.status = "ended"
        self._finished.set()


class CopyOfAnother:
    """The handle of a copy, in a session that did not make it."""

    def __init__(self, host: str, identifier: str) -> None:
        self.host = host
        self.id = identifier

    def __repr__(self) -> str:
        return f"<copy made elsewhere, on {self.host}: %teleport attach {self.id}>"


class Output:
    """What a copy publishes, in the cell that made it, line by line under the copy's label."""

    def __init__(self, kernel: Any, host: str, parent: dict[str, Any]) -> None:
        self._kernel = kernel
        self._label = f"[{host}] "
        self._parent = parent
        self._begun: dict[str, str] = {}

    def show(self, message: Message) -> None:
        """One message of iopub; what belongs to other requests, and states, are not for this cell."""
        kind = bytes(message.parts[0]).rpartition(b".")[2].decode(errors="replace")
        content = content_of(message.parts)
        if parent_header_of(message.parts).get("msg_id") != self._parent["header"].get("msg_id"):
            return
        if content.get("execution_state") == "idle":
            self._finish()
        elif "text" in content and "name" in content:
            self._print(str(content["name"]), str(content["text"]))
        elif "traceback" in content:
            self._print("stderr", "\n".join(map(str, content["traceback"])) + "\n")
        elif "data" in content and kind != "update_display_data":
            self._print("stdout", "\n" if self._begun.get("stdout") else "")
            self._send("display_data", _shown(content, self._label))

    def _print(self, name: str, text: str) -> None:
        *lines, rest = (self._begun.pop(name, "") + text).split("\n")
        if len(rest) > LONGEST_LINE:
            lines, rest = [*lines, rest], ""
        if rest:
            self._begun[name] = rest
        if lines:
            labelled = "".join(f"{self._label}{line}\n" for line in lines)
            self._send("stream", {"name": name, "text": labelled})

    def _finish(self) -> None:
        for name in list(self._begun):
            self._print(name, "\n")

    def _send(self, kind: str, content: dict[str, Any]) -> None:
        kernel = self._kernel
        kernel.session.send(kernel.iopub_socket, kind, content, self._parent, ident=kernel._topic(kind))


def _shown(content: dict[str, Any], label: str) -> dict[str, Any]:
    """A display or result, labelled where it is text."""
    data = dict(content.get("data") or {})
    if set(data) == {"text/plain"}:
        data["text/plain"] = label + str(data["text/plain"])
    metadata = {**(content.get("metadata") or {}), "pyteleport": {"copy": label.strip()}}
    return {"data": data, "metadata": metadata}


@dataclass(frozen=True)
class Prepared:
    """A copy that is held on its target."""

    journey: Journey
    arrival: Arrival


def fork(target: Any, n: int | None, options: dict[str, Any]) -> Any:
    """See ``pyteleport_jupyter.fork``. Returns here only: there the call returns None, or the number."""
    wanted = targets_of_copies(target, n)
    several = n is not None or not isinstance(target, str)
    shells, journeys = zip(*(journey_to(each.strip(), options) for each in wanted), strict=True)
    made: list[Copy] = []

    def make() -> None:
        made.extend(_fork(shells[0], journeys, several))

    def failed(error: TeleportError) -> None:
        for journey in journeys:
            journey.progress.failed(error)

    hosts = ", ".join(dict.fromkeys(journey.target.host for journey in journeys))
    with told_in_one_sentence(hosts, failed):
        in_context_of_cell(make)
    return made if several else made[0]


def _fork(shell: Any, journeys: Sequence[Journey], several: bool) -> list[Copy]:
    """All of them, or none."""
    in_flight = relay.in_flight_request(shell.kernel)
    if in_flight is None:
        raise CannotMove("no cell runs that a copy could go on with")
    with ExitStack() as undo:
        held = [_held(shell, journey, undo) for journey in journeys]
        alike = len({each.journey.target.host for each in held}) < len(held)
        # From the first word on it is all of them.
        with interrupts_postponed():
            copies = []
            for number, each in enumerate(held):
                label = f"{each.journey.target.host} {number}" if alike else each.journey.target.host
                copies.append(_set_free(each, in_flight, number if several else None, label))
            undo.pop_all()
    return copies


def _held(shell: Any, journey: Journey, undo: ExitStack) -> Prepared:
    """Everything up to the point where the copy could go on."""
    luggage = plan(shell, journey.target, None, journey.options)
    journey.progress.stage("connect")
    with signals_noted():
        link = journey.target.transport.spawn(BootRequest.command)
        undo.callback(close_link, link)
    arrival = prepare(link, land_on(link, journey), luggage, journey)
    undo.callback(_abort, arrival)
    hold(arrival)
    return Prepared(journey, arrival)


def _abort(arrival: Arrival) -> None:
    # A second Ctrl-C must not keep it from being told: a copy that is held waits for its whole lease.
    with interrupts_postponed():
        arrival.conversation.abort(STOP_SECONDS)


def _set_free(prepared: Prepared, in_flight: InFlight, number: int | None, label: str) -> Copy:
    arrival, journey = prepared.arrival, prepared.journey
    kernel, host = journey.kernel, journey.target.host
    settings = _settings(arrival, journey)
    far = FarSide(
        arrival.conversation.pipe.channel,
        carrier_of(settings),
        Reattachment(settings, lambda *_: None),
        journey.options.lease,
    )
    output = Output(kernel, label, kernel.get_parent("shell"))
    remember(arrival.landed, journey.target, journey.options)
    copy = Copy(host, identifier_of(arrival.landed.directory), far, output.show)
    session = kernel.session
    signer = Signer(session.key, session.signature_scheme, session.session)
    # Nobody here could be asked for its input.
    unasked = replace(in_flight, identities=(), content={**in_flight.content, "allow_stdin": False})
    request = [b"copy", *resumed(unasked, signer, number)]
    threading.Thread(target=copy.live, args=(request,), name=f"copy on {host}", daemon=True).start()
    journey.progress.done(f"a copy goes on on {host}: %teleport attach {copy.id}")
    return copy


def _settings(arrival: Arrival, journey: Journey) -> FarSettings:
    attach = AttachRequest(arrival.landed.directory, arrival.token, arrival.landed.python)
    transport, options = journey.target.transport.as_record(), journey.options
    return settings_over(arrival.link, transport, attach, journey.target.host, options.lease)
