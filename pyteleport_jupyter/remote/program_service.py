"""A running program on the target: one thread, one poller over the link, the program and the door."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from pyteleport_jupyter import made_files
from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.remote.activity import DOING
from pyteleport_jupyter.remote.control import COMMAND, INPUT, SHIP, TALK
from pyteleport_jupyter.remote.linked import Linked
from pyteleport_jupyter.remote.phases import OPERATIONS, REVOCABLE, Phase
from pyteleport_jupyter.remote.program_order import ProgramOrder
from pyteleport_jupyter.remote.program_process import ProgramProcess
from pyteleport_jupyter.remote.runtime_directory import remove
from pyteleport_jupyter.remote.session_desk import TO_BE_TAKEN_UP, SessionDesk
from pyteleport_jupyter.remote.supervisor_signals import SIGNALS, wake_on_signals
from pyteleport_jupyter.remote.tether import Tether
from pyteleport_jupyter.wire.channel import Message
from pyteleport_jupyter.wire.commands import encode_command, parse_command
from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.waiting import ready

FAILED_SECONDS = 10.0
"""So long the other side has to hang up after a failure."""

PROGRAM_GRACE = 4.0
"""Seconds between asking a program to end and killing it. It may have become a relay that has to tell another
one further on.
"""

SETTLE_SECONDS = 0.05
"""So long after the program's end a child of its may still have something to say that was written before."""

READ_SIZE = 128 << 10
BURST = 16
"""Most reads from one stream before everybody else has a turn."""

PASSED_ON = {SHIP: Lane.SHIP, TALK: Lane.TALK, INPUT: Lane.STDIN}
"""What the program says to the other side, by kind of frame."""

Watched = dict[int, Callable[[], None]]


class ProgramService:
    """The program on this side.

    What must hold: until ``hold`` it dies with its link; from ``hold`` on it dies of its lease, by itself, or
    when it is told to. However it dies, the program dies first and the directory is removed before the link
    closes. Nothing is read from the program that the channel has no room for.
    """

    def __init__(self, directory: str, link: Tether, order: ProgramOrder, process: ProgramProcess) -> None:
        self._directory = directory
        self._order = order
        self._process = process
        self._phase = Phase.STARTING
        self._linked = Linked(directory, link, order.token, self)
        self._channel = self._linked.channel
        link.pipe.sink = process.shipment
        self._desk = SessionDesk(directory, order, self._linked, process.pid, self._kill)
        self._desk.activity.turn_to(order.kind)
        self._exited_at: float | None = None
        self._was_session = self._killed = False
        self._released = self._on_its_way = False
        self._holds_input = False
        self._complains = True
        self._wakeup = wake_on_signals(self._terminate)

    def run(self) -> None:
        """Serve until the end, then leave nothing behind."""
        try:
            self._look_at_process()
            while self._phase is not Phase.ENDED:
                self._step()
        finally:
            self._process.end(PROGRAM_GRACE if self._was_session else 0.0)
            self._linked.close()
            self._desk.close()
            if not self._was_session:
                made_files.undo(self._directory)
            remove(self._directory)
            self._linked.farewell()

    # ------------------------------------------------------------- the one loop

    def _step(self) -> None:
        readers, writers = self._readers(), self._writers()
        readable, writable = ready(readers, writers, self._seconds())
        for happened, watched in ((readable, readers), (writable, writers)):
            for fd, handle in watched.items():
                if fd in happened:
                    handle()
        process = self._process
        congested = process.shipment.congested or process.input.congested or process.control.congested
        self._channel.hold_acks = congested
        self._linked.flush()
        self._look_at_clock()

    def _readers(self) -> Watched:
        """What may be read now, and who sees to it, in this order."""
        watched: Watched = {self._wakeup.fileno(): self._wake, **self._linked.readers()}
        watched |= self._desk.readers()
        if self._complains:
            watched[self._process.words_fd] = self._hear_complaints
        if not self._channel.has_room:
            return watched
        if not self._process.control.closed:
            watched[self._process.control.fd] = self._hear_program
        if self._phase in (Phase.LIVE, Phase.CLOSING):
            for lane, fd in self._process.outputs.items():
                watched[fd] = partial(self._read_output, lane)
        return watched

    def _writers(self) -> Watched:
        watched: Watched = {}
        process = self._process
        for shipment in (process.shipment,) if self._holds_input else (process.shipment, process.input):
            if shipment.wants_write and shipment.fd is not None:
                watched[shipment.fd] = shipment.write
        if self._process.control.wants_write:
            watched[self._process.control.fd] = self._process.control.flush
        return watched | dict.fromkeys(self._linked.writers(), _nothing)

    def _seconds(self) -> float:
        """How long nothing has to be done by the clock."""
        now = time.monotonic()
        times = [now + 3600.0, *self._linked.deadlines(), *self._desk.deadlines()]
        if self._exited_at is not None and self._channel.has_room:
            times.append(self._exited_at + SETTLE_SECONDS)
        return max(0.0, min(times) - now + 0.001)

    def _look_at_clock(self) -> None:
        now = time.monotonic()
        self._linked.look()
        self._desk.look()
        if self._exited_at is not None and now >= self._exited_at + SETTLE_SECONDS:
            self._report_exit()
        if self._phase is Phase.CLOSING and self._exited_at is None and self._channel.idle:
            self._phase = Phase.ENDED
        if self._linked.over:
            self._phase = Phase.ENDED

    # ------------------------------------------------------------------ the link

    def patience(self) -> float:
        """A move that was not held is off; a program that was waits for as long as its lease, unless
        somebody has ended it.
        """
        return 0.0 if self._killed or self._phase in REVOCABLE else self._order.lease

    def stays_with_owner(self) -> str:
        """Only who has its streams can have it, but a terminal can be another one."""
        if self._order.kind not in TO_BE_TAKEN_UP:
            return "a program cannot be taken up elsewhere"
        return "the session is on its way home" if self._on_its_way else ""

    def taken_over(self, undelivered: list[Message]) -> None:
        """What the terminal has not shown is shown by the new one; so is that the program has ended."""
        for said in undelivered:
            ended = said.lane is Lane.COMMAND and parse_command(b"".join(said.parts))["op"] == "exited"
            if ended or said.lane is Lane.TERMINAL:
                self._channel.send(said.lane, said.parts)

    def take(self, message: Message) -> None:
        """Do what the other side says. Raises WireError for what does not fit."""
        content = b"".join(message.parts)
        if message.lane is Lane.COMMAND:
            self._obey(parse_command(content))
        elif message.lane is Lane.SHIP and self._phase is Phase.STARTING:
            self._process.shipment.add(content)
        elif message.lane is Lane.STDIN and self._phase is Phase.LIVE:
            self._process.input.add(content, self._holds_input)
        elif message.lane is Lane.TALK and self._phase is Phase.LIVE:
            self._process.control.queue(TALK, content)
        elif self._phase not in (Phase.FAILED, Phase.CLOSING, Phase.ENDED):
            raise WireError(f"{message.lane.name} while {self._phase.name}")

    # ------------------------------------------------------------------ commands

    def _obey(self, command: dict[str, Any]) -> None:
        op = command["op"]
        if op in self._moving() and self._phase in OPERATIONS[op]:
            self._moving()[op](command)
        elif op in self._living() and self._phase is Phase.LIVE:
            self._living()[op](command)
        elif self._phase not in (Phase.FAILED, Phase.CLOSING, Phase.ENDED):
            raise WireError(f"{op} while {self._phase.name}")

    def _moving(self) -> dict[str, Callable[[dict[str, Any]], None]]:
        return {
            "prepare": self._prepare,
            "hold": self._hold,
            "commit": self._commit,
            "abort": self._end,
            "end": self._end,
        }

    def _living(self) -> dict[str, Callable[[dict[str, Any]], None]]:
        return {
            "signal": lambda command: self._signal(command.get("number")),
            "resize": lambda command: self._resize(command.get("rows"), command.get("columns")),
            "eof": lambda command: self._end_input(),
            "closed": lambda command: self._close_output(str(command.get("stream"))),
            "tell": lambda command: self._tell({"op": str(command.pop("what", "")), **_fields(command)}),
        }

    def _prepare(self, command: dict[str, Any]) -> None:
        self._phase = Phase.RESTORING
        self._process.shipment.finish()
        self._tell({"op": "prepare", "host": str(command.get("host", "the target"))})

    def _tell(self, command: dict[str, Any]) -> None:
        """Pass a command to the program. When it has arrived at home, its input is held: what it has not got
        yet is to go home too.
        """
        if command["op"] in ("arrived", "refused"):
            self._holds_input = self._on_its_way = command["op"] == "arrived"
        self._process.control.queue(COMMAND, encode_command(**command))

    def _hold(self, command: dict[str, Any]) -> None:
        self._phase = Phase.HELD
        # Until now our stderr was the user's source of reasons; from now on we must outlive the login it
        # belongs to.
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        fault("commit.before")
        self._linked.say("held")

    def _commit(self, command: dict[str, Any]) -> None:
        self._phase = Phase.LIVE
        self._was_session = True
        self._desk.opens()
        fault("commit.sent_not_acked")
        self._tell({"op": "go", "value": command.get("value")})
        self._linked.say("committed")

    def _end(self, command: dict[str, Any]) -> None:
        self._phase = Phase.ENDED

    def _signal(self, number: Any) -> None:
        if number in SIGNALS:
            self._process.signal(int(number))

    def _resize(self, rows: Any, columns: Any) -> None:
        if isinstance(rows, int) and isinstance(columns, int) and 0 <= min(rows, columns) <= 0xFFFF:
            self._process.resize(rows, columns)

    def _end_input(self) -> None:
        """The user's input is at its end; of a terminal that means that it is gone."""
        if self._process.has_terminal:
            self._process.signal(signal.SIGHUP)
        else:
            self._process.input.finish()

    def _close_output(self, stream: str) -> None:
        """Nobody reads this stream any more on the other side."""
        if stream in ("STDOUT", "STDERR"):
            self._process.close_output(Lane[stream])

    def _fail(self, error: str, **facts: object) -> None:
        """Tell why the move fails; then the other side has a moment to say farewell."""
        self._phase = Phase.FAILED
        self._linked.end_after(FAILED_SECONDS)
        self._linked.say("failed", error=error, facts=facts)

    # --------------------------------------------------------------- the program

    def _hear_program(self) -> None:
        """What the program says to us, or through us to the other side."""
        try:
            frames = self._process.control.fill()
        except WireError:
            self._process.control.close()
            return
        for kind, content in frames:
            if kind == COMMAND:
                self._hear(content)
            elif kind in PASSED_ON and self._phase is Phase.LIVE:
                self._channel.send(PASSED_ON[kind], [content])

    def _hear(self, content: bytes) -> None:
        command = parse_command(content)
        op = command.pop("op")
        if op == "prepared" and self._phase is Phase.RESTORING:
            self._phase = Phase.PREPARED
            self._linked.say("prepared", directory=self._directory, **command)
        elif op == "failed" and self._phase is Phase.RESTORING:
            self._fail(str(command.get("error", "RestoreFailed")), **(command.get("facts") or {}))
        elif op == "released" and self._phase is Phase.LIVE:
            self._release()
        elif op == DOING:
            self._desk.activity.turn_to(str(command.get("request", "")))
        elif self._phase is Phase.LIVE:
            self._on_its_way = op == "homeward" or (self._on_its_way and op != "cancelled")
            self._linked.say("told", **{**command, "what": op})

    def _kill(self) -> None:
        """Somebody wants its end; who has its streams is told how it ended, and nobody is waited for."""
        self._killed = True
        if self._linked.link is None:
            self._linked.end_after(0.0)
        self._process.end(PROGRAM_GRACE)
        self._look_at_process()

    def _release(self) -> None:
        """The program has gone home, and waits for its end here: no frame of it is unwound."""
        self._released = True
        self._process.end()
        if rest := self._process.input.rest():
            for start in range(0, len(rest), READ_SIZE):
                self._channel.send(Lane.STDIN, [rest[start : start + READ_SIZE]])
        self._look_at_process()

    def _read_output(self, lane: Lane) -> None:
        for _ in range(BURST):
            if lane not in self._process.outputs or not self._channel.has_room:
                return
            data = self._process.read_output(lane, READ_SIZE)
            if not data:
                return
            self._channel.send(lane, [data])

    def _hear_complaints(self) -> None:
        self._complains = self._process.listen()

    def _wake(self) -> None:
        """A child has ended or stopped, or a signal came."""
        self._wakeup.recv(4096)
        self._look_at_process()

    def _look_at_process(self) -> None:
        stopped = self._process.look()
        if stopped is not None and self._phase is Phase.LIVE:
            self._linked.say("stopped", number=stopped)
        if self._process.status is None or self._exited_at is not None:
            return
        if self._phase in (Phase.STARTING, Phase.RESTORING, Phase.PREPARED):
            kind = "StartFailed" if self._phase is Phase.STARTING else "RestoreFailed"
            self._fail(kind, reason=self._process.last_words())
        elif self._phase in (Phase.HELD, Phase.LIVE):
            if not self._process.control.closed:
                self._hear_program()  # what it said just before its end
            self._phase = Phase.CLOSING
            self._exited_at = time.monotonic()

    def _report_exit(self) -> None:
        """What the program said last is passed on; then the other side may know that it has ended."""
        for lane in list(self._process.outputs):
            self._read_output(lane)
        if not self._channel.has_room:
            return
        self._exited_at = None
        if self._released:
            self._linked.say("told", what="released")
        else:
            self._linked.say("exited", status=self._process.status)

    def _terminate(self, *_: object) -> None:
        self._phase = Phase.ENDED


def _fields(command: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in command.items() if name != "op"}


def _nothing() -> None:
    """Everything is flushed in every step."""
