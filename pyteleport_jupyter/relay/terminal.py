"""What a program's process is while the program runs elsewhere: three streams, signals, an exit status."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pyteleport_jupyter.relay.far_side import FarSide
from pyteleport_jupyter.relay.processes import reap_children
from pyteleport_jupyter.relay.states import Event, Link
from pyteleport_jupyter.relay.terminal_guard import HINT, SANE, TerminalGuard
from pyteleport_jupyter.relay.terminal_input import INTERRUPT_BYTE, LocalTerminal, terminal_descriptor
from pyteleport_jupyter.relay.terminal_output import Output
from pyteleport_jupyter.relay.terminal_signals import KILLING, PASSED_ON, TerminalSignals, stop_like
from pyteleport_jupyter.wire.channel import Message
from pyteleport_jupyter.wire.commands import parse_command
from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.waiting import ready

READ_SIZE = 64 << 10

TALK_ENDED = "talk-ended"
"""What a copy is told when nobody listens to it any more."""

LOST_STATUS = 255
"""Exit status when the far side cannot be reached any more, as of ssh."""

FAREWELL_SECONDS = 2.0

ENDING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT})
"""Signals that end us by themselves while there is no link over which they could be passed on."""

ABRUPT = frozenset(
    {signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGTERM, signal.SIGHUP}
)
"""Signals that end a program before it can put its terminal back."""

OUTPUTS = {Lane.STDOUT: 1, Lane.STDERR: 2}

TAKEN_UP_STATUS = 75
"""Exit status when somebody else has the session (sysexits.h, EX_TEMPFAIL: not its end)."""

PARTINGS = {
    "detached": (0, "detached: the session on {host} goes on; pyteleport attach {id} takes it up again"),
    "replaced": (TAKEN_UP_STATUS, "the session on {host} was taken up elsewhere, and goes on there"),
}
"""How we end, and what the user is told, by the command that the supervisor lets us go with."""


class TerminalRelay:
    """Passes on what it is given. Nothing that comes from the far side is more than bytes for a descriptor, a
    number, or one of the commands below.
    """

    def __init__(
        self,
        far: FarSide,
        host: str,
        streams: dict[str, str],
        signals: TerminalSignals,
        unread: bytes = b"",
    ) -> None:
        self.far = far
        self.host = host
        self.committed = False
        self.announcement = ""
        """What the user is told when the program goes on there."""
        self.session = ""
        """What its user calls what runs there."""
        self.status: int | None = None
        """How the far side ended."""
        self.guard: TerminalGuard | None = None
        self._killed_by = self._parting = ""
        self._signals = signals
        self._terminal = LocalTerminal(streams["stdin"] == "terminal")
        self._unread = unread
        self._input_open = streams["stdin"] != "nowhere"
        lanes = {**OUTPUTS, Lane.TERMINAL: terminal_descriptor()}
        self._outputs = {lane: Output(fd, signals.wake_fd) for lane, fd in lanes.items()}
        self._told_closed: set[Lane] = set()
        self._input_held = False
        self._lanes: dict[Lane, Callable[[bytes], None]] = {}
        self._watched: dict[int, Callable[[], None]] = {}
        self._afterwards: list[Callable[[], None]] = []
        self._commands: dict[str, Callable[[dict[str, Any]], None]] = {
            "committed": lambda command: self._begin(),
            "exited": self._note_exit,
            "stopped": self._stop,
            **dict.fromkeys(PARTINGS, self._part),
        }

    def handle(self, op: str, handler: Callable[[dict[str, Any]], None]) -> None:
        """Let ``handler`` see to the command ``op`` of the far side."""
        self._commands[op] = handler

    def handle_lane(self, lane: Lane, handler: Callable[[bytes], None]) -> None:
        """Let ``handler`` see to what comes in ``lane``."""
        self._lanes[lane] = handler

    def talk_over(self, fd: int) -> None:
        """Join the far side's TALK to the stream ``fd``, until that ends."""
        self._outputs[Lane.TALK] = Output(fd, self._signals.wake_fd)
        self.watch(fd, lambda: self._read_talk(fd))

    def _read_talk(self, fd: int) -> None:
        try:
            data = os.read(fd, READ_SIZE)
        except OSError:
            data = b""
        if data:
            self.far.send(Lane.TALK, [data])
        else:
            del self._watched[fd]
            self.far.command("tell", what=TALK_ENDED)

    def watch(self, fd: int, handler: Callable[[], None]) -> None:
        """Call ``handler`` whenever ``fd`` can be read and there is room for what it brings."""
        self._watched[fd] = handler

    def do_afterwards(self, action: Callable[[], None]) -> None:
        """Call ``action`` when all that has come together with what asks for it is seen to."""
        self._afterwards.append(action)

    def hold_input(self, held: bool) -> None:
        """While it is held, nothing is read from stdin."""
        self._input_held = held

    def come_to_rest(self) -> bytes:
        """Everything that the program has written is written; the terminal is as it was. Returns the keys
        that nobody has read.
        """
        keys = self._terminal.typed_ahead()
        self._let_go_of_terminal()
        for output in self._outputs.values():
            output.end()
        return keys

    def run(self) -> int:
        """Pass on until the far side has ended; the exit status for this process."""
        try:
            while self.status is None:
                self._step()
            self._finish()
        finally:
            self._let_go_of_terminal()
        return self.status

    @property
    def parted(self) -> bool:
        """Whether what ran there goes on without us."""
        return bool(self._parting)

    def _let_go_of_terminal(self) -> None:
        """As it was before; where the program had no time to say farewell to it, this does."""
        self._terminal.restore()
        if self._terminal.is_terminal and (self._killed_by or self._parting):
            self._write_sane()
            killed = f"what ran on {self.host} was ended by {self._killed_by}; {HINT}"
            self._tell_user(self._parting or killed, always=True)
        if self.guard is not None:
            self.guard.dismiss()

    def _write_sane(self) -> None:
        if self._terminal.is_terminal:
            with suppress(OSError):
                os.write(terminal_descriptor(), SANE + b"\r\n")

    # ------------------------------------------------------------- the one loop

    def _step(self) -> None:
        watched = dict(self._watched) if self.far.has_room else {}
        readers = [*self.far.reading(), self._signals.read_fd, *watched]
        if self._reads_input():
            readers.append(0)
        readable, _ = ready(readers, self.far.writing(), self.far.timeout())
        if self._signals.read_fd in readable:
            for number in self._signals.numbers():
                self._take_signal(number)
        for message in self.far.receive():
            self.hear(message)
        while self._afterwards:
            self._afterwards.pop(0)()
        if 0 in readable and self._reads_input():
            self._read_input()
        for fd in watched.keys() & readable:
            watched[fd]()
        self._look_at_outputs()
        self.far.flush()
        for event in self.far.look():
            self._notice(event)
        self.far.flush()

    def _reads_input(self) -> bool:
        wanted = self.committed and self._input_open and not self._input_held
        return wanted and self.far.has_room and self._terminal.in_front

    def _read_input(self) -> None:
        try:
            data = os.read(0, READ_SIZE)
        except OSError:
            data = b""
        if data:
            self._send_input(data)
        else:
            self._input_open = False
            self.far.command("eof")

    def _send_input(self, data: bytes) -> None:
        if self._terminal.is_raw and self.far.state is not Link.UP and INTERRUPT_BYTE in data:
            self._end_by(signal.SIGINT)
            return
        self.far.send(Lane.STDIN, [data])

    def _look_at_outputs(self) -> None:
        for lane, output in self._outputs.items():
            if output.broken and lane not in self._told_closed:
                self._told_closed.add(lane)
                self.far.command("closed", stream=lane.name)
        self.far.hold_back(any(output.congested for output in self._outputs.values()))

    # ------------------------------------------------------------- the far side

    def hear(self, message: Message) -> None:
        """See to one message of the far side."""
        content = b"".join(message.parts)
        if message.lane in self._outputs:
            self._outputs[message.lane].write(content)
        elif message.lane is Lane.COMMAND:
            self._obey(content)
        elif message.lane in self._lanes:
            self._lanes[message.lane](content)

    def _obey(self, content: bytes) -> None:
        with suppress(WireError):
            command = parse_command(content)
            handler = self._commands.get(str(command["op"]))
            if handler is not None:
                handler(command)

    def _begin(self) -> None:
        """The program goes on there: from now on keys are for it."""
        if self.committed:
            return
        if self.announcement:
            with suppress(OSError):
                os.write(terminal_descriptor(), f"{self.announcement}\n".encode())
        self.take_terminal()
        if self._unread:
            self.far.send(Lane.STDIN, [self._unread])
            self._unread = b""

    def take_terminal(self) -> None:
        """From now on keys are for the far side."""
        self.committed = True
        self._terminal.make_raw()

    def take_up(self) -> None:
        """It ran before we came, in a terminal that may have had another size and shows nothing of it now."""
        if self.announcement:
            self._tell_user(self.announcement, always=True)
        self.take_terminal()
        self._tell_size()
        self.far.command("signal", number=int(signal.SIGWINCH))

    def _part(self, command: dict[str, Any]) -> None:
        """The session goes on there without us."""
        status, words = PARTINGS[str(command["op"])]
        self._parting = words.format(host=self.host, id=self.session)
        self.status = status

    def _note_exit(self, command: dict[str, Any]) -> None:
        status = command.get("status")
        number = status if isinstance(status, int) else 1
        if -number in ABRUPT:
            self._killed_by = signal.Signals(-number).name
        self.status = 128 - number if number < 0 else number & 0xFF

    def _stop(self, command: dict[str, Any]) -> None:
        """The program was stopped (Ctrl-Z): so are we, until the shell continues us."""
        self._terminal.restore()
        self.far.flush()
        stop_like(signal.SIGSTOP if command.get("number") == signal.SIGSTOP else signal.SIGTSTP)
        self._continue()

    def _continue(self) -> None:
        self._terminal.make_raw()
        self._tell_size()
        self.far.command("signal", number=int(signal.SIGCONT))

    def _notice(self, event: Event) -> None:
        """Tell the user, if there is one at a terminal, what becomes of the link."""
        if self.status is not None:
            return
        if event is Event.LOST:
            self._tell_user(f"the link to {self.host} is lost, reconnecting")
        elif event is Event.ATTACHED:
            self._tell_user(f"linked to {self.host} again")
            self._draw_again()
        elif event in (Event.REFUSED, Event.LEASE_OVER):
            self._tell_user(f"the program on {self.host} cannot be reached any more: {self.far.reason}", True)
            self._write_sane()
            self.status = LOST_STATUS

    def _draw_again(self) -> None:
        """Whoever draws at the terminal, as a prompt does, does it once more: something else stands there."""
        if self._terminal.is_raw and os.isatty(2):
            self.far.command("signal", number=int(signal.SIGWINCH))

    def _tell_user(self, text: str, always: bool = False) -> None:
        if not (always or os.isatty(2)):
            return
        end = "\r\n" if self._terminal.is_raw else "\n"
        with suppress(OSError):
            os.write(2, f"{end if self._terminal.is_raw else ''}[pyteleport] {text}{end}".encode())

    # ------------------------------------------------------------------- signals

    def _take_signal(self, number: int) -> None:
        if number == signal.SIGCHLD:
            self.far.children_ended(reap_children())
        elif number == signal.SIGWINCH:
            self._tell_size()
        elif number == signal.SIGCONT:
            self._continue()
        elif number == KILLING:
            self.far.command("signal", number=int(signal.SIGKILL))
        elif number in PASSED_ON:
            self._pass_on(number)

    def _pass_on(self, number: int) -> None:
        if self.far.state is not Link.UP and number in ENDING:
            self._end_by(number)
        else:
            self.far.command("signal", number=number)

    def _end_by(self, number: int) -> None:
        """There is nobody to pass it on to; the program ends by its lease."""
        self.status = 128 + number

    def _tell_size(self) -> None:
        if self._terminal.is_terminal:
            with suppress(OSError):
                rows, columns = self._terminal.size()
                self.far.command("resize", rows=rows, columns=columns)

    # ----------------------------------------------------------------------- end

    def _finish(self) -> None:
        """Everything that was said is written, and the far side knows that we know."""
        deadline = time.monotonic() + FAREWELL_SECONDS
        while not self.far.flushed and time.monotonic() < deadline:
            self.far.flush()
            ready([], self.far.writing(), 0.05)
            self.far.look()
        self.far.end()
        for output in self._outputs.values():
            output.end()
