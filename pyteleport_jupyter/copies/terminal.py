"""``fork`` in IPython's terminal: what the copy prints until its cell is over appears here line by line; then
it waits at its own prompt for whoever attaches.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter.approach import Arrival, hold, start_link
from pyteleport_jupyter.copies.copy import GOES_ON, Copy, labels, set_free
from pyteleport_jupyter.errands.terminal import LinesBeside
from pyteleport_jupyter.failing import STOP_SECONDS, told_in_one_sentence
from pyteleport_jupyter.frames import check_interpreter
from pyteleport_jupyter.ledger import remember
from pyteleport_jupyter.options import targets_of_copies
from pyteleport_jupyter.relay.far_side import FarSide
from pyteleport_jupyter.relay.interrupts import interrupts_postponed
from pyteleport_jupyter.scripts.asking import ask_at_terminal
from pyteleport_jupyter.scripts.road import prepare, rehearsed
from pyteleport_jupyter.scripts.setting_out import land_on
from pyteleport_jupyter.scripts.trips import Trip, trip_to
from pyteleport_jupyter.session.event_loop_items import in_context_of_cell
from pyteleport_jupyter.session.place import place_at
from pyteleport_jupyter.settings import options_for
from pyteleport_jupyter.terminals.luggage import pack
from pyteleport_jupyter.terminals.telling import END_OF_CELL, TerminalProgress
from pyteleport_jupyter.wire.channel import Message
from pyteleport_jupyter.wire.lanes import Lane

NAMES = {Lane.TERMINAL: "stdout", Lane.STDOUT: "stdout", Lane.STDERR: "stderr"}

LONGEST_ESCAPE = 64
"""What may be the beginning of the end of the cell waits for so many characters."""

NO_WAY_HOME = "a copy does not come home: the session that it is of goes on there"


class TerminalSide:
    """A copy in a terminal of its own there (implements ``copy.Side``)."""

    def __init__(self, label: str) -> None:
        self._lines = LinesBeside(label)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._text = ""
        self._over = False

    def hear(self, message: Message, command: dict[str, Any], far: FarSide) -> str | None:
        """See ``Side``."""
        if command["op"] == "told" and command.get("what") == "homeward":
            far.command("tell", what="refused", error="HomeRefused", facts={"reason": NO_WAY_HOME})
        elif message.lane in NAMES and not self._over:
            return self._show(NAMES[message.lane], b"".join(message.parts))
        return None

    def _show(self, name: str, content: bytes) -> str | None:
        if name == "stderr":
            self._lines.write(name, content.decode(errors="replace"))
            return None
        self._text += self._decode(content)
        end = END_OF_CELL.search(self._text)
        self._over = end is not None
        shown = self._text[: end.start()] if end else _complete(self._text)
        self._text = self._text[len(shown) :]
        self._lines.write(name, shown)
        if end is None:
            return None
        self._lines.finish()
        return end[1]


def _complete(text: str) -> str:
    """Without an escape sequence at its end that may go on."""
    start = text.rfind("\x1b", -LONGEST_ESCAPE)
    return text if start < 0 else text[:start]


@dataclass(frozen=True)
class Prepared:
    """A copy that is held on its target."""

    trip: Trip
    arrival: Arrival


def fork(shell: Any, target: str | Sequence[str], n: int | None, options: dict[str, Any]) -> Any:
    """As ``pyteleport_jupyter.fork``."""
    wanted = targets_of_copies(target, n)
    several = n is not None or not isinstance(target, str)
    trips = [trip_to(each, options_for(each, **options)) for each in wanted]
    hosts = [trip.target.host for trip in trips]
    progress = TerminalProgress(hosts[0], quiet=trips[0].options.quiet, doing="forking to")
    made: list[Copy] = []

    def make() -> None:
        made.extend(_fork(shell, trips, several, progress))

    with told_in_one_sentence(", ".join(dict.fromkeys(hosts)), progress.failed):
        in_context_of_cell(make)
    return made if several else made[0]


def _fork(shell: Any, trips: Sequence[Trip], several: bool, progress: TerminalProgress) -> list[Copy]:
    """All of them, or none."""
    check_interpreter()
    with ExitStack() as undo:
        held = [_held(shell, trip, progress, undo) for trip in trips]
        names = labels([trip.target.host for trip in trips])
        progress.clear()
        # From the first word on it is all of them.
        with interrupts_postponed():
            copies = [
                _set_free(each, number if several else None, names[number])
                for number, each in enumerate(held)
            ]
            undo.pop_all()
    return copies


def _held(shell: Any, trip: Trip, progress: TerminalProgress, undo: ExitStack) -> Prepared:
    """Everything up to the point where the copy could go on."""
    packed = pack(shell, place_at(trip.target.text, trip.target.host), trip.options, None, copied=True)
    progress.stage("connect")
    link = start_link(trip.target, trip.request.command, undo)
    with rehearsed():
        arrival = prepare(link, land_on(link, trip, ask_at_terminal), packed.luggage, trip)
    undo.callback(_abort, arrival)
    hold(arrival)
    return Prepared(trip, arrival)


def _abort(arrival: Arrival) -> None:
    # A second Ctrl-C must not keep it from being told: a copy that is held waits for its whole lease.
    with interrupts_postponed():
        arrival.conversation.abort(STOP_SECONDS)


def _set_free(prepared: Prepared, number: int | None, label: str) -> Copy:
    trip, arrival = prepared.trip, prepared.arrival
    remember(arrival.landed, trip.target, trip.options)
    copy = set_free(arrival, trip.target, trip.options.lease, TerminalSide(label), number)
    if not trip.options.quiet:
        print(GOES_ON.format(host=copy.host, id=copy.id), flush=True)
    return copy
