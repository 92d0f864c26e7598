"""The way home through a relay: its process takes the program back, or passes it on towards its home."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, BinaryIO

from pyteleport_jupyter.relay.configuration import open_file
from pyteleport_jupyter.relay.entry import package_folder
from pyteleport_jupyter.relay.terminal import TerminalRelay
from pyteleport_jupyter.relay.terminal_history import TYPED, TerminalHistory
from pyteleport_jupyter.relay.terminal_settings import TerminalBaggage, TerminalSettings
from pyteleport_jupyter.relay.terminal_signals import wait_for_handlers
from pyteleport_jupyter.remote.control import COMMAND, INPUT, PIECE, SHIP, TALK, Control
from pyteleport_jupyter.wire.channel import NumberedChannel
from pyteleport_jupyter.wire.commands import parse_command
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.waiting import ready

NO_LEAVE = "it left without leave to (home=True), so nothing that it sends is run here"
TAKEN_UP = "it was taken up by a terminal that it did not come from"


class ThisIsHome:
    """The program may end its journey in this process: it is received into a file, and taken over by a Python
    that takes our place.
    """

    def __init__(self, relay: TerminalRelay, settings: TerminalSettings, channel: NumberedChannel) -> None:
        self._relay = relay
        self._settings = settings
        self._channel = channel
        self._received: BinaryIO | None = None
        told: dict[str, Callable[[], None]] = {
            "homeward": self._welcome,
            # What came behind it in one piece must not be lost with this process.
            "shipped": lambda: relay.do_afterwards(self._take_over),
            "cancelled": self._forget,
        }
        note = None if settings.history is None else TerminalHistory(**settings.history).note

        def hear(command: dict[str, Any]) -> None:
            if command.get("what") == TYPED and note is not None:
                note(command)
            else:
                told.get(str(command.get("what")), _nothing)()

        relay.handle("told", hear)
        relay.handle_lane(Lane.SHIP, self._receive)

    def _welcome(self) -> None:
        if self._settings.home is None:
            why = TAKEN_UP if self._settings.taken_up else NO_LEAVE
            self._answer("refused", error="HomeRefused", facts={"reason": why})
            return
        if not os.access(str(self._settings.home["python"]), os.X_OK):
            reason = {"reason": f"{self._settings.home['python']} is not there any more"}
            self._answer("refused", error="HomeRefused", facts=reason)
            return
        self._relay.hold_input(True)
        self._received = open_file()
        self._answer("welcome")

    def _answer(self, what: str, **fields: object) -> None:
        self._relay.far.command("tell", what=what, **fields)

    def _receive(self, content: bytes) -> None:
        if self._received is not None:
            self._received.write(content)

    def _forget(self) -> None:
        self._received = None
        self._relay.hold_input(False)

    def _take_over(self) -> None:
        """Become a Python again. A system that refuses leaves the program where it is."""
        home = self._settings.home
        if home is None or self._received is None:
            return
        self._received.flush()
        os.lseek(self._received.fileno(), 0, os.SEEK_SET)
        keys = self._relay.come_to_rest()
        settings = replace(self._settings, committed=True, signals_fd=None, failure=None)
        file = open_file()
        baggage = TerminalBaggage(settings, self._channel.freeze(), keys).pack(file)
        inherited = (baggage, self._received.fileno(), *settings.inherited())
        argv = [str(home["python"]), *home["flags"], "-c", home["boot"], package_folder(), "home"]
        wait_for_handlers()
        for number in inherited:
            os.set_inheritable(number, True)
        os.execv(argv[0], [*argv, *map(str, inherited[:2])])


class OnTheWay:
    """The program's home is further on: what it says goes up, what home says goes down."""

    def __init__(self, relay: TerminalRelay, control: Control) -> None:
        self._relay = relay
        self._control = control
        relay.handle("told", self._pass_up)
        relay.handle_lane(Lane.SHIP, lambda content: self._send(SHIP, content))
        relay.handle_lane(Lane.STDIN, lambda content: self._send(INPUT, content))
        relay.handle_lane(Lane.TALK, lambda content: self._send(TALK, content))
        relay.watch(control.fd, self._pass_down)

    def _pass_up(self, command: dict[str, Any]) -> None:
        what = str(command.pop("what"))
        fields = {name: value for name, value in command.items() if name != "op"}
        if what == "homeward":
            self._relay.hold_input(True)
        elif what == "cancelled":
            self._relay.hold_input(False)
        elif what == "released":
            self._leave()
        with suppress(OSError):
            self._control.say(what, **fields)

    def _leave(self) -> None:
        """The program has gone through us: what we had not passed on to it follows it."""
        self._relay.far.flush()
        while not os.isatty(0) and ready([0], [], 0)[0]:
            data = os.read(0, PIECE)
            if not data:
                break
            self._send(INPUT, data)

    def _send(self, kind: bytes, content: bytes) -> None:
        with suppress(OSError):
            for start in range(0, len(content), PIECE):
                self._control.send(kind, content[start : start + PIECE])

    def _pass_down(self) -> None:
        for kind, content in self._control.fill():
            if kind == COMMAND:
                command = parse_command(content)
                what = command.pop("op")
                if what == "refused":
                    self._relay.hold_input(False)
                self._relay.far.command("tell", what=what, **command)
            elif kind == TALK:
                self._relay.far.send(Lane.TALK, [content])
        if self._control.closed:
            sys.exit(1)


def _nothing() -> None:
    """It says what a later version may say."""
