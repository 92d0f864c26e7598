"""``fork`` in a notebook: this session goes on here, a copy of it in the midst of the same cell elsewhere.

The road is that of a move up to the cut. There nothing is cut: a thread of this process takes the copy's side
of the link, says the word that lets it go on, and shows what it prints in the cell that made it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from pyteleport_jupyter import relay
from pyteleport_jupyter.approach import Arrival, hold, start_link
from pyteleport_jupyter.copies.copy import GOES_ON, Copy, labels, set_free
from pyteleport_jupyter.departure import journey_to, plan
from pyteleport_jupyter.errors import TeleportError
from pyteleport_jupyter.failing import STOP_SECONDS, told_in_one_sentence
from pyteleport_jupyter.ledger import remember
from pyteleport_jupyter.objects import CannotMove
from pyteleport_jupyter.options import targets_of_copies
from pyteleport_jupyter.preparing import Journey, land_on, prepare
from pyteleport_jupyter.relay.far_side import FarSide
from pyteleport_jupyter.relay.in_flight import InFlight
from pyteleport_jupyter.relay.interrupts import interrupts_postponed
from pyteleport_jupyter.relay.signing import Signer, content_of, parent_header_of, resumed
from pyteleport_jupyter.session.event_loop_items import in_context_of_cell
from pyteleport_jupyter.transports import BootRequest
from pyteleport_jupyter.wire.channel import Message
from pyteleport_jupyter.wire.lanes import Lane

LONGEST_LINE = 1 << 16
"""A line of the copy's output that is longer is shown in pieces."""


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


class NotebookSide:
    """A copy in a kernel there (implements ``copy.Side``). ``first``: the request of its cell."""

    def __init__(self, output: Output, first: list[bytes]) -> None:
        self._output = output
        self._first = first

    def hear(self, message: Message, command: dict[str, Any], far: FarSide) -> str | None:
        """See ``Side``."""
        if command["op"] == "committed":
            far.send(Lane.SHELL, self._first)
        elif message.lane is Lane.SHELL:
            return str(content_of(message.parts).get("status", "ok"))
        elif message.lane is Lane.IOPUB:
            self._output.show(message)
        return None


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
        names = labels([each.journey.target.host for each in held])
        # From the first word on it is all of them.
        with interrupts_postponed():
            copies = [
                _set_free(each, in_flight, number if several else None, names[number])
                for number, each in enumerate(held)
            ]
            undo.pop_all()
    return copies


def _held(shell: Any, journey: Journey, undo: ExitStack) -> Prepared:
    """Everything up to the point where the copy could go on."""
    luggage = plan(shell, journey.target, None, journey.options)
    journey.progress.stage("connect")
    link = start_link(journey.target, BootRequest.command, undo)
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
    kernel = journey.kernel
    session = kernel.session
    signer = Signer(session.key, session.signature_scheme, session.session)
    # Nobody here could be asked for its input.
    unasked = replace(in_flight, identities=(), content={**in_flight.content, "allow_stdin": False})
    request = [b"copy", *resumed(unasked, signer, number)]
    side = NotebookSide(Output(kernel, label, kernel.get_parent("shell")), request)
    remember(arrival.landed, journey.target, journey.options)
    copy = set_free(arrival, journey.target, journey.options.lease, side)
    journey.progress.done(GOES_ON.format(host=copy.host, id=copy.id))
    return copy
