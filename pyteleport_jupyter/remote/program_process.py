"""A teleported program as a process: its three streams, its terminal if it has one, its signals, its end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import termios

from pyteleport_jupyter.remote.control import Control
from pyteleport_jupyter.remote.endings import wait_for_end
from pyteleport_jupyter.remote.last_words import LastWords
from pyteleport_jupyter.remote.program_launch import NONE, window_size
from pyteleport_jupyter.remote.shipment import Shipment
from pyteleport_jupyter.wire.lanes import Lane

KILL_SECONDS = 5.0
"""So long a killed process may take to be gone (it may hang in a file system)."""


class ProgramProcess:
    """The running program, from the numbers that :mod:`.program_launch` gives. Its process group has the
    number ``pid``.
    """

    def __init__(
        self,
        pid: int,
        control_fd: int,
        ship_fd: int,
        words_fd: int,
        input_fd: int,
        master: int,
        stdout_fd: int,
        stderr_fd: int,
    ) -> None:
        self.pid = pid
        self.control = Control(control_fd)
        self.words_fd = words_fd
        found = {Lane.TERMINAL: master, Lane.STDOUT: stdout_fd, Lane.STDERR: stderr_fd}
        self.outputs = {lane: fd for lane, fd in found.items() if fd != NONE}
        """Descriptors to read from, by lane; those at their end are taken out by :meth:`close_output`."""
        self.shipment = Shipment(ship_fd)
        self.input = Shipment(os.open(os.devnull, os.O_WRONLY) if input_fd == NONE else input_fd)
        self.has_terminal = master != NONE
        self._master = master if self.has_terminal else None
        self._status: int | None = None
        self._words = LastWords(words_fd)
        for fd in (control_fd, ship_fd, words_fd, input_fd, *self.outputs.values()):
            if fd != NONE:
                os.set_inheritable(fd, False)
        for number in (ship_fd, *self.outputs.values(), self.input.fd):
            if number is not None:
                os.set_blocking(number, False)

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
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, window_size(rows, columns))

    def end(self, grace: float = 0.0) -> None:
        """End it and what it started: asked to for ``grace`` seconds, then killed."""
        if self._status is not None:
            return
        if grace:
            self.signal(signal.SIGTERM)
            self.signal(signal.SIGCONT)
            wait_for_end(self._has_ended, grace)
        for group in {self.pid, self._foreground()}:
            with contextlib.suppress(OSError):
                os.killpg(group, signal.SIGKILL)
        wait_for_end(self._has_ended, KILL_SECONDS)

    def _foreground(self) -> int:
        if self._master is not None:
            with contextlib.suppress(OSError):
                return os.tcgetpgrp(self._master) or self.pid
        return self.pid

    def _has_ended(self) -> bool:
        self.look()
        return self._status is not None
