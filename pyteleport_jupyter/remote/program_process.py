"""A teleported program as a process: its three streams, its terminal if it has one, its signals, its end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
import sys
import termios
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.remote import held_signals
from pyteleport_jupyter.remote.control import Control, pair
from pyteleport_jupyter.remote.last_words import LastWords
from pyteleport_jupyter.remote.package_finder import PROGRAM_BOOT
from pyteleport_jupyter.remote.program_order import ProgramOrder, Terminal
from pyteleport_jupyter.remote.runtime_directory import PACKAGE_NAME
from pyteleport_jupyter.remote.shipment import Shipment
from pyteleport_jupyter.wire.lanes import Lane

KILL_SECONDS = 5.0
"""So long a killed process may take to be gone (it may hang in a file system)."""

PIPE_SIZE = 1 << 20

_SIZE = struct.Struct("HHHH")
"""``struct winsize``: rows, columns, and two that nobody uses."""


@dataclass
class Streams:
    """Both ends of the program's streams, while it is started.

    ``given``: what the program gets as 0, 1, 2; ``outputs``: where we read, by lane.
    """

    given: dict[str, int] = field(default_factory=dict)
    outputs: dict[Lane, int] = field(default_factory=dict)
    input: int | None = None
    master: int | None = None

    def take_input(self) -> int:
        """Our end of its stdin, for good; one that leads nowhere if it has none."""
        return os.open(os.devnull, os.O_WRONLY) if self.input is None else self.input


class ProgramProcess:
    """The running program. Its process group has the number ``pid``."""

    def __init__(self, pid: int, control: Control, ship_fd: int, words_fd: int, streams: Streams) -> None:
        self.pid = pid
        self.control = control
        self.words_fd = words_fd
        self.outputs = streams.outputs
        """Descriptors to read from, by lane; those at their end are taken out by :meth:`close_output`."""
        self.shipment = Shipment(ship_fd)
        self.input = Shipment(streams.take_input())
        self.has_terminal = streams.master is not None
        self._master = streams.master
        self._status: int | None = None
        self._words = LastWords(words_fd)
        for fd in (ship_fd, *self.outputs.values(), self.input.fd):
            if fd is not None:
                os.set_blocking(fd, False)

    def look(self) -> int | None:
        """Take note of an end; returns the number of the signal that has just stopped it, if one has."""
        while self._status is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
            except ChildProcessError:
                self._status = 1
                return None
            if not pid:
                return None
            if os.WIFSTOPPED(status):
                return os.WSTOPSIG(status)
            self._status = os.waitstatus_to_exitcode(status)
        return None

    @property
    def status(self) -> int | None:
        """How it ended (negative: by which signal), None while it runs; see :meth:`look`."""
        return self._status

    def listen(self) -> bool:
        """Take in what it printed while it was restored, keeping the end of it; False when no more will
        come.
        """
        return self._words.listen()

    def last_words(self) -> str:
        """The last line that it printed, or how it ended."""
        return self._words.line() or f"it ended with status {self._status}"

    def read_output(self, lane: Lane, size: int) -> bytes | None:
        """What the program has written, None when there is nothing now; an output at its end is closed."""
        try:
            data = os.read(self.outputs[lane], size)
        except BlockingIOError:
            return None
        except OSError:
            data = b""  # A terminal that nobody has open any more says EIO.
        if not data:
            self.close_output(lane)
        return data

    def close_output(self, lane: Lane) -> None:
        """Nobody reads this any more: the program will notice when it writes."""
        if lane in self.outputs:
            os.close(self.outputs.pop(lane))

    def signal(self, number: int) -> None:
        """Send a signal to the program's process group, or to what its terminal has in front."""
        group = self.pid
        if self._master is not None and number not in (signal.SIGCONT, signal.SIGKILL):
            with contextlib.suppress(OSError):
                group = os.tcgetpgrp(self._master) or self.pid
        with contextlib.suppress(OSError):
            os.killpg(group, number)

    def resize(self, rows: int, columns: int) -> None:
        """The user's window has another size; whoever is in front there gets SIGWINCH."""
        if self._master is not None:
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, _SIZE.pack(rows, columns, 0, 0))

    def end(self, grace: float = 0.0) -> None:
        """End it and what it started: asked to for ``grace`` seconds, then killed."""
        if self._status is not None:
            return
        if grace:
            self.signal(signal.SIGTERM)
            self.signal(signal.SIGCONT)
            self._wait_for_end(grace)
        for group in {self.pid, self._foreground()}:
            with contextlib.suppress(OSError):
                os.killpg(group, signal.SIGKILL)
        self._wait_for_end(KILL_SECONDS)

    def _foreground(self) -> int:
        if self._master is not None:
            with contextlib.suppress(OSError):
                return os.tcgetpgrp(self._master) or self.pid
        return self.pid

    def _wait_for_end(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self._status is None and time.monotonic() < deadline:
            self.look()
            time.sleep(0.002)


def start_program(directory: str, order: ProgramOrder) -> ProgramProcess:
    """Start the process that is to become the program. Raises OSError."""
    fault("program.start")
    streams = _make_streams(order.streams, order.terminal)
    control, their_control = pair()
    ship_read, ship_write = _wide_pipe()
    words_read, words_write = os.pipe()
    numbers = (their_control, ship_read, streams.given["stdout"], streams.given["stderr"])
    package = os.path.join(directory, PACKAGE_NAME)
    program = [sys.executable, *order.flags, "-c", PROGRAM_BOOT, package, "abroad"]
    argv = [*program, *map(str, numbers)]
    pid = os.fork()
    if pid == 0:
        try:
            os.setpgid(0, 0)
            for ours, theirs in ((streams.given["stdin"], 0), (words_write, 1), (words_write, 2)):
                os.dup2(ours, theirs)
            for number in numbers:
                os.set_inheritable(number, True)
            for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGTTOU):
                signal.signal(number, signal.SIG_DFL)
            held_signals.hold()
            os.execve(argv[0], argv, _environment(order.environment))
        finally:
            os._exit(127)
    with contextlib.suppress(OSError):
        os.setpgid(pid, pid)
    if streams.master is not None:
        os.tcsetpgrp(streams.given["stdin"], pid)
    for fd in {their_control, ship_read, words_write, *streams.given.values()}:
        os.close(fd)
    return ProgramProcess(pid, control, ship_write, words_read, streams)


def _environment(wanted: Mapping[str, str]) -> dict[str, str]:
    """Ours, with the user's terminal; of what tells the language only what is not set here."""
    terminal = {name: text for name, text in wanted.items() if name in ("TERM", "COLORTERM")}
    return {**wanted, **os.environ, **terminal}


def _make_streams(kinds: Mapping[str, str], terminal: Terminal | None) -> Streams:
    """Pipes, and a terminal of its own where the user has one."""
    streams = Streams()
    slave = _open_terminal(terminal, streams) if terminal is not None else None
    for name, lane in (("stdin", None), ("stdout", Lane.STDOUT), ("stderr", Lane.STDERR)):
        kind = kinds[name]
        if kind == "terminal" and slave is not None:
            streams.given[name] = os.dup(slave)
        elif kind == "stdout":
            streams.given[name] = os.dup(streams.given["stdout"])
        elif kind == "nowhere":
            streams.given[name] = os.open(os.devnull, os.O_RDWR)
        elif lane is None:
            streams.given[name], streams.input = _wide_pipe()
        else:
            streams.outputs[lane], streams.given[name] = _wide_pipe()
    if slave is not None:
        os.close(slave)
    return streams


def _open_terminal(terminal: Terminal, streams: Streams) -> int:
    """A terminal that is set as the user's, and ours to control: only then Ctrl-C and Ctrl-Z work in it.

    We lead the session and are never in front; the program, in a process group of its own in the same
    session, can be stopped because we are there to continue it (a group without such a parent is orphaned,
    and ignores Ctrl-Z).
    """
    master, slave = os.openpty()
    streams.master = streams.outputs[Lane.TERMINAL] = master
    streams.input = os.dup(master)
    termios.tcsetattr(slave, termios.TCSANOW, terminal.attributes)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, _SIZE.pack(terminal.rows, terminal.columns, 0, 0))
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    return slave


def _wide_pipe() -> tuple[int, int]:
    read, write = os.pipe()
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    return read, write
