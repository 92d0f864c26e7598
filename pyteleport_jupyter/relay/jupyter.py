"""The relay: Jupyter messages between the front ends here and the kernel there, after the move for as long
as it lasts.

Messages pass as they are: the far kernel has the same key, so nothing is signed again and no part is looked
at, except for the few that the relay itself needs to understand. Of clients, who may be anybody on this
machine, only what is signed is taken, as the kernel did. What it makes itself (the resumed request,
interrupts, welcomes, notices) is signed by :mod:`.signing`.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import zmq

from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.relay.endpoints import Endpoints
from pyteleport_jupyter.relay.far_side import FarSide
from pyteleport_jupyter.relay.holding import Delivery
from pyteleport_jupyter.relay.housekeeping import Housekeeping
from pyteleport_jupyter.relay.in_flight import InFlight
from pyteleport_jupyter.relay.notices import Notices
from pyteleport_jupyter.relay.onward import Successor
from pyteleport_jupyter.relay.outage import Outage
from pyteleport_jupyter.relay.outbox import Drained, Outbox
from pyteleport_jupyter.relay.parting import LET_GO, Bequest, part
from pyteleport_jupyter.relay.questions import Questions
from pyteleport_jupyter.relay.requests import OpenCells, completed
from pyteleport_jupyter.relay.settling import Settling
from pyteleport_jupyter.relay.shutdown import Shutdown, shutdown_reply
from pyteleport_jupyter.relay.signing import Signer, divided, header_of, resumed
from pyteleport_jupyter.relay.states import Event, Link, Move
from pyteleport_jupyter.relay.waiting_room import OWN_IDENTITY, WaitingRoom
from pyteleport_jupyter.relay.watched import Watched
from pyteleport_jupyter.relay.way_home import WayHome
from pyteleport_jupyter.wire.channel import Message
from pyteleport_jupyter.wire.commands import parse_command
from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.lanes import Lane

FOR_CLIENTS = frozenset((Lane.SHELL, Lane.CONTROL, Lane.STDIN, Lane.IOPUB))
"""Lanes of the far side that end at a client."""

LONGEST_SLEEP = 1.0
"""Seconds between two looks at parent and children."""

CLOSING_SECONDS = 1.0


class Relay:
    """The loop. All parts are given, so that it runs alike on sockets of its own and inside a kernel."""

    def __init__(
        self,
        endpoints: Endpoints,
        far: FarSide,
        delivery: Delivery,
        signer: Signer,
        notices: Notices,
        questions: Questions,
        cells: OpenCells,
        housekeeping: Housekeeping,
        way_home: WayHome,
        partings: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoints = endpoints
        self._far = far
        self._delivery = delivery
        self._signer = signer
        self._notices = notices
        self._questions = questions
        self._cells = cells
        self._outage = Outage(notices, cells, clock)
        self._outbox = Outbox(WaitingRoom(signer, lambda frames: delivery.deliver(Lane.CONTROL, frames)))
        self._housekeeping = housekeeping
        self._way_home = way_home
        self._partings = partings
        self._clock = clock
        self._settling = Settling(clock)
        self._reap_at = clock()
        self._shutdown = Shutdown(clock)
        self._status: int | None = None
        self._watched = Watched()
        self.bequest = Bequest()

    def run(
        self,
        in_flight: InFlight | None,
        drained: Iterable[Drained],
        committed: bool = False,
        known: Iterable[Sequence[bytes]] = (),
    ) -> int:
        """Relay to the end; returns the exit status. ``committed``: the far side is the session already, and
        has the ``known`` requests.
        """
        self._settling.begin(in_flight, committed)
        for frames in known:
            self._cells.requested(frames)
        for lane, frames in drained:
            self._from_client(lane, list(frames))
        if not committed:
            self._commit()
        while self._status is None:
            self._step()
        if self._status in LET_GO:
            # That it was heard: it would be said again to who comes next.
            self._far.flush()
            self._way_home.deliver()
            self.bequest.collect(self._endpoints)
            self._far.end()
        else:
            self._close()
        return self._status

    def _commit(self) -> None:
        fault("commit.before")
        # Whose link it is from now on: the session was ordered elsewhere if it moves on, or is taken up.
        self._far.command("commit", origin=socket.gethostname())
        self._far.flush()
        fault("commit.sent_not_acked")

    # ------------------------------------------------------------------ loop

    def _step(self) -> None:
        # Acknowledged or not: the far side must learn that there is room again even if it has nothing to say.
        self._far.hold_back(self._delivery.congested or self._way_home.congested)
        self._far.flush()
        ready = self._wait()
        self._housekeep(ready)
        if any(descriptor in ready for descriptor in self._far.reading()):
            self._take_from_far()
        for lane, frames in self._endpoints.receive(ready):
            self._from_client(lane, frames)
        self._delivery.look()
        if self._endpoints.cut_off():
            self._say("a client that did not read its output was cut off; it comes back, with a gap")
        if self._delivery.overflowed():
            self._say("a client that did not read its replies has lost some")
        self._forward()
        self._look_at_link()
        for lane, request in self._way_home.look(self._outbox.take_all, self._housekeeping):
            self._from_client(lane, list(request))

    def _wait(self) -> set[Any]:
        self._watch()
        seconds = min(
            LONGEST_SLEEP,
            self._far.timeout(),
            self._delivery.timeout(),
            self._until_settled(),
            self._outage.timeout(),
        )
        return self._watched.wait(seconds)

    def _until_settled(self) -> float:
        live = self._settling.move is Move.LIVE and self._far.state is Link.UP
        if self._settling.move is Move.SETTLING or (live and not self._outbox.waiting_room.empty):
            return self._settling.seconds()
        return LONGEST_SLEEP

    def _watch(self) -> None:
        """Tell the poller what matters now: clients only while their messages can go on, the link while we
        can deliver.
        """
        wanted: dict[Any, int] = dict.fromkeys(self._housekeeping.reading(), zmq.POLLIN)
        requests, control = self._outbox.takes_requests, self._outbox.takes_control
        wanted |= self._endpoints.pollables(requests=requests, control=control)
        if not self._delivery.congested:
            wanted |= dict.fromkeys(self._far.reading(), zmq.POLLIN)
        for descriptor, writing in self._way_home.watched().items():
            wanted[descriptor] = zmq.POLLIN | (zmq.POLLOUT if writing else 0)
        for descriptor in self._far.writing():
            wanted[descriptor] = wanted.get(descriptor, 0) | zmq.POLLOUT
        self._watched.watch(wanted)

    def _housekeep(self, ready: set[Any]) -> None:
        # An attempt at a new link waits for its own child.
        if self._far.state is not Link.TRYING and self._clock() >= self._reap_at:
            self._reap_at = self._clock() + LONGEST_SLEEP
            self._far.children_ended(self._housekeeping.ended_children())
        if self._housekeeping.look(ready):
            self._end_far_side()
        if self._housekeeping.interrupted():
            self._outbox.waiting_room.interrupted = True
            self._outage.stop()

    def _end_far_side(self) -> None:
        """Our parent has gone, or we were asked to end: the far side shall not wait for its lease."""
        self._far.command("end")
        # At once: whoever asked us may kill us soon, and nobody else can tell the far side.
        self._far.flush()
        self._finish(0)

    # --------------------------------------------------------------- clients

    def _from_client(self, lane: Lane, frames: list[bytes]) -> None:
        if not self._signer.is_signed(frames):
            return
        if lane is Lane.STDIN and self._questions.is_answer(frames):
            return
        if lane is Lane.SHELL:
            self._cells.requested(frames)
            self._notices.listeners.requested(frames)
        self._way_home.requested(frames)
        if lane is Lane.CONTROL and self._far.state is not Link.UP:
            self._note(frames)
        if lane is not Lane.CONTROL:
            self._outbox.add(lane, frames)
        else:
            self._outbox.add_control(frames, passes=self._far.state is Link.UP and self._released())

    def _released(self) -> bool:
        """Whether control requests pass as they come."""
        return self._settling.move is Move.LIVE and self._outbox.waiting_room.empty and self._settling.due

    def _note(self, frames: list[bytes]) -> None:
        """A control request while there is no link. One to shut down is passed on if the link comes back
        soon.
        """
        kind = header_of(frames).get("msg_type")
        if kind == "interrupt_request":
            self._outage.stop()
        elif kind == "shutdown_request":
            self._shutdown.wanted(frames)

    def _look_at_shutdown(self) -> None:
        """It did not come back: nobody there can answer, so we do. The far side ends with its lease."""
        frames = self._shutdown.due(self._far.state is Link.UP)
        if frames is not None:
            self._delivery.deliver(Lane.CONTROL, shutdown_reply(frames, self._signer))
            self._finish(0)

    def _forward(self) -> None:
        """Hand on what clients sent, as far as the channel has room. Before the commit is confirmed nothing
        goes out.
        """
        if self._settling.move is Move.COMMITTING or self._way_home.leaving or self._status is not None:
            return
        if self._settling.move is Move.SETTLING:
            self._settling.look()
        elif self._settling.due and self._far.state is Link.UP and not self._outbox.waiting_room.empty:
            self._outbox.release(self._outage.stop_is_wanted())
        self._outbox.hand_on(self._far, self._say)

    def _say(self, news: str) -> None:
        self._notices.say(news, self._cells.running())

    # --------------------------------------------------------------- far side

    def _take_from_far(self) -> None:
        for message in self._far.receive():
            if message.lane is Lane.COMMAND:
                self._obey(message)
            elif message.lane is Lane.SHIP:
                self._way_home.receive(message.parts)
            elif message.lane is Lane.TALK:
                self._way_home.talk(b"".join(message.parts))
            elif message.lane is Lane.CONTROL and message.parts[:1] == (OWN_IDENTITY,):
                continue
            elif message.lane in FOR_CLIENTS and message.parts:
                self._to_clients(message)

    def _to_clients(self, message: Message) -> None:
        fault("relay.first_message")
        if message.lane is Lane.SHELL:
            self._cells.replied(message.parts)
        elif message.lane is Lane.IOPUB:
            self._settling.published(message.parts)
            self._cells.published(message.parts)
        elif message.lane is Lane.STDIN:
            self._questions.kernel_asks(message.parts)
        self._delivery.deliver(message.lane, message.parts)

    def _obey(self, message: Message) -> None:
        try:
            command = parse_command(message.parts[0] if message.parts else b"")
        except WireError:
            return
        if command["op"] == "committed":
            self._committed()
        elif command["op"] == "told":
            self._way_home.told(command)
        elif command["op"] == "dropped":
            self._say("a message of the kernel there was too long to be passed on")
        elif command["op"] in self._partings:
            deliver, words = self._delivery.deliver, self._partings[command["op"]]
            self._notices.listeners.closed()
            self.bequest.take(self._outbox.take_all(), self._cells)
            self._finish(part(command["op"], words, self._cells, self._signer, deliver))
        elif command["op"] in ("exited", "failed"):
            self._ended(command.get("status"))

    def _ended(self, status: object) -> None:
        if (successor := self._way_home.onward.take_successor()) is not None:
            self._go_on_with(successor)
            return
        self._settling.ended()
        if self._way_home.passed_by:
            self._far.command("end")
            self._way_home.follow(self._outbox.take_all)
            self._finish(0)
            return
        if isinstance(status, int) and status < 0:
            self._say(f"the kernel there has ended (signal {-status})")
        elif status != 0:
            self._say("the kernel there has ended")
        self._far.command("end")
        self._finish(0 if status == 0 else 1)

    def _go_on_with(self, successor: Successor) -> None:
        """The session has gone on to another host, where it waits for our word."""
        self._far.command("end")
        self._far.flush()
        self._far.end()
        self._far = successor.far
        self._way_home.go_on_with(successor)
        publish = partial(self._delivery.deliver, Lane.IOPUB)
        self._notices = Notices(successor.announcement, successor.settings.host, self._signer, publish)
        self._outage = Outage(self._notices, self._cells, self._clock)
        known = self._cells.since(successor.cell)
        requests = completed(successor.requests(), self._outbox.others, known, self._signer)
        in_flight, control, others = divided(requests)
        self._settling.begin(in_flight)
        self._outbox.begin_anew(control, others)
        self._commit()

    def _committed(self) -> None:
        """The far side is the session now: say so, and hand over the running request before all others."""
        if self._settling.move is not Move.COMMITTING:
            return
        fault("commit.acked_local_dies")
        self._settling.committed()
        self._notices.arrived()
        if self._settling.in_flight is not None:
            request = resumed(self._settling.in_flight, self._signer)
            self._cells.requested(request)
            self._outbox.add_first(Lane.SHELL, request)

    # ------------------------------------------------------------------- link

    def _look_at_link(self) -> None:
        for event in self._far.look():
            if event is Event.LOST:
                self._outage.lost()
            elif event is Event.ATTACHED:
                self._settling.linked()
                # First this: who has heard of the end of a cell no longer looks at its display.
                self._outage.linked()
                self._take_from_far()
        if self._far.state is Link.GONE and (self._way_home.onward.successor or self._way_home.passed_by):
            self._ended(None)
        if self._far.state is Link.GONE:
            self._outage.over(self._far.reason)
            self._finish(1)
        self._outage.look()
        self._look_at_shutdown()
        self._questions.look()

    # -------------------------------------------------------------------- end

    def _finish(self, status: int) -> None:
        """Leave the loop at the end of this step."""
        if self._status is None:
            self._status = status
        self._settling.over()

    def _close(self) -> None:
        """Say to both sides what is still to be said, within a second each."""
        self._delivery.open()
        deadline = self._clock() + CLOSING_SECONDS
        self._far.flush()
        while self._clock() < deadline and not (self._delivery.idle and self._far.flushed):
            self._delivery.look()
            self._far.flush()
            time.sleep(0.005)
        self._endpoints.close(CLOSING_SECONDS)
        self._far.end()
