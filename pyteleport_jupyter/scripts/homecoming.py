"""Home again: the process that had become a relay is a Python once more, and takes its program over.

It was allowed to when the program left (option ``home``), since unpickling is running what the far side
says. If the program cannot be restored, the process becomes the relay again and the program goes on there.
"""

from __future__ import annotations

import fcntl
import io
import os
import socket
import stat
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import replace
from types import CodeType
from typing import Any, NoReturn

from pyteleport_jupyter.errors import RestoreFailed, TeleportError
from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.objects import chunks
from pyteleport_jupyter.relay.configuration import open_file
from pyteleport_jupyter.relay.entry import become_relay
from pyteleport_jupyter.relay.far_side import FarSide, carrier_of
from pyteleport_jupyter.relay.reattach import Reattachment
from pyteleport_jupyter.relay.states import Link
from pyteleport_jupyter.relay.terminal_settings import TerminalBaggage, TerminalSettings, unpack
from pyteleport_jupyter.relay.terminal_signals import wait_for_handlers
from pyteleport_jupyter.remote import held_signals
from pyteleport_jupyter.scripts.arrived import Arrived
from pyteleport_jupyter.scripts.epilogue import Epilogue
from pyteleport_jupyter.scripts.homeward import LOCAL_FLAGS
from pyteleport_jupyter.scripts.restore import restore_arrived
from pyteleport_jupyter.wire.channel import NumberedChannel
from pyteleport_jupyter.wire.commands import parse_command
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.waiting import ready


class Homecoming:
    """The link to where the program is, until it is here."""

    def __init__(self, baggage: TerminalBaggage) -> None:
        settings = baggage.settings
        self.settings = settings
        self.channel = NumberedChannel.thaw(baggage.frozen_channel)
        attach = Reattachment(settings.far, lambda *_: None)
        self.far = FarSide(self.channel, carrier_of(settings.far), attach, settings.far.lease)
        self.input: list[bytes] = []
        """What was sent there and comes home unread."""
        self.keys = baggage.unread
        """What was typed here and not sent any more."""
        self._outputs = {Lane.STDOUT: 1, Lane.STDERR: 2, Lane.TERMINAL: 1}
        self._released = False

    def take_over(self, restored: Arrived) -> None:
        """Say that the program is here, and wait until there is none there any more.

        Where the far side cannot be reached it ends with its lease; only then it is certain to be gone.
        """
        self.far.command("tell", what="arrived")
        while not self._released and self.far.state is not Link.GONE:
            ready(self.far.reading(), self.far.writing(), self.far.timeout())
            for message in self.far.receive():
                self._take(message.lane, b"".join(message.parts))
            self.far.flush()
            self.far.look()
            self.far.flush()
        deadline = time.monotonic() + 2.0
        while not self.far.flushed and time.monotonic() < deadline:
            self.far.flush()
        self.far.end()

    def _take(self, lane: Lane, content: bytes) -> None:
        if lane is Lane.STDIN:
            self.input.append(content)
        elif lane in self._outputs:
            _write(self._outputs[lane], content)
        elif lane is Lane.COMMAND:
            command = parse_command(content)
            # A program that has ended while it waited for us was here already.
            self._released |= command["op"] == "exited" or command.get("what") == "released"

    def give_up(self, error: TeleportError) -> NoReturn:
        """Be the relay again; the program goes on there with this error."""
        settings = replace(self.settings, failure=error.as_record())
        if self.keys:
            self.channel.send(Lane.STDIN, [self.keys])
        file = open_file()
        descriptor = TerminalBaggage(settings, self.channel.freeze()).pack(file)
        wait_for_handlers()
        become_relay(descriptor, settings.inherited())


def arrive(arguments: list[str]) -> tuple[list[tuple[CodeType, dict[str, Any]]], Callable[[], None]]:
    """Take over the program that the relay, which this process was, has received; see
    :func:`..remote.package_finder.arrive`.

    ``arguments``: descriptors of the relay's baggage and of the snapshot.
    """
    held_signals.hold()
    baggage_fd, snapshot_fd = map(int, arguments)
    with os.fdopen(baggage_fd, "rb") as file:
        homecoming = Homecoming(unpack(file))
    _keep_from_children(homecoming.settings)
    try:
        with os.fdopen(snapshot_fd, "rb") as snapshot:
            restored = _restore(snapshot, homecoming.settings.home)
    except TeleportError as error:
        homecoming.give_up(error)
    except BaseException as error:
        homecoming.give_up(RestoreFailed(host="home", reason=f"{type(error).__name__}: {error}"))
    homecoming.take_over(restored)
    return _go_on(restored, homecoming), Epilogue(restored.prompts).begin


def _restore(snapshot: Any, home: dict[str, Any] | None) -> Arrived:
    fault("home.restore")
    size = os.fstat(snapshot.fileno()).st_size

    def fill(view: memoryview) -> None:
        if snapshot.readinto(view) != len(view):
            raise RestoreFailed(host="home", reason="the snapshot ended too early")

    stream, buffers = chunks.receive(fill, size)
    return restore_arrived(stream, buffers, socket.gethostname(), home)


def _keep_from_children(settings: TerminalSettings) -> None:
    for fd in settings.inherited():
        os.set_inheritable(fd, False)


def _write(number: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(number, rest) :]


def _go_on(restored: Arrived, homecoming: Homecoming) -> list[tuple[CodeType, dict[str, Any]]]:
    """Here it is again: what it had not read is given back to its stdin."""
    give_back(b"".join(homecoming.input) + homecoming.keys)
    return restored.go_on(None)


class _Prefixed(io.RawIOBase):
    """Descriptor 0, behind bytes that were read from it before."""

    def __init__(self, prefix: bytes) -> None:
        super().__init__()
        self._prefix = prefix
        self.name = "<stdin>"
        self.mode = "rb"

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        """``input()`` goes to a terminal by its number, past us."""
        if self._prefix and os.isatty(0):
            raise io.UnsupportedOperation("fileno")
        return 0

    def isatty(self) -> bool:
        return os.isatty(0)

    def readinto(self, buffer: Any) -> int:
        # No more than a line: nobody else shall have the rest when the last of it is asked for.
        line = self._prefix[: self._prefix.find(b"\n") + 1] or self._prefix if os.isatty(0) else self._prefix
        data = line[: len(buffer)]
        self._prefix = self._prefix[len(data) :]
        if not data:
            data = os.read(0, len(buffer))
        buffer[: len(data)] = data
        return len(data)


def give_back(unread: bytes) -> None:
    """Let stdin begin with these bytes: a file is wound back, a terminal takes them as typed where it may, a
    pipe gets them in front.
    """
    if not unread or sys.__stdin__ is None:
        return
    if stat.S_ISREG(os.fstat(0).st_mode):
        os.lseek(0, -len(unread), os.SEEK_CUR)
        return
    if os.isatty(0) and _typed_again(unread):
        return
    # The object stays the same: frames that read from it are part of the program.
    stream: Any = sys.__stdin__
    stream.__init__(io.BufferedReader(_Prefixed(unread)), encoding=stream.encoding, errors=stream.errors)


def _typed_again(keys: bytes) -> bool:
    """Put keys into the terminal's own queue, unseen: they were shown when they were typed. Newer systems
    leave that to the administrator (Linux 6.2, dev.tty.legacy_tiocsti).
    """
    attributes = termios.tcgetattr(0)
    unseen = [*attributes]
    unseen[LOCAL_FLAGS] &= ~termios.ECHO
    try:
        fault("home.type")
        termios.tcsetattr(0, termios.TCSANOW, unseen)
        for key in keys:
            fcntl.ioctl(0, termios.TIOCSTI, bytes([key]))
    except Exception:
        return False
    finally:
        termios.tcsetattr(0, termios.TCSANOW, attributes)
    return True
