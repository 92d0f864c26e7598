"""The process that a program is to go on in, launched long before the program is there.

What it loads takes longer than all else over there. So it is launched by the first stage, in the fork that is
about to become the supervisor, with the streams and the interpreter's options that the boot says; it loads,
and waits for what is shipped.

Runs in the first stage: ``os`` and modules in C.
"""

from __future__ import annotations

import _socket
import fcntl
import os
import sys
import termios

from pyteleport_jupyter.remote import held_signals
from pyteleport_jupyter.remote.launch import wide_pipe

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Mapping, Sequence
    from typing import Any
else:
    import _signal

NONE = -1
"""In place of a descriptor."""


class Streams:
    """Both ends of the program's streams. ``given``: what the program gets as 0, 1, 2; ``outputs``: where the
    supervisor reads stdout and stderr; ``input``: where it writes; ``master``: its end of the terminal.
    """

    def __init__(self) -> None:
        self.given: dict[str, int] = {}
        self.outputs = {"stdout": NONE, "stderr": NONE}
        self.input = self.master = NONE


def launch_program(
    program: Sequence[str], start: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[int, ...]:
    """Start ``program`` (``[python, ..., "abroad"]``) as our child, as ``start`` says (the fields of
    :class:`..transports.requests.ProgramStart`).

    Returns what :class:`.program_process.ProgramProcess` is made of, or the number of the error that was in
    the way, negative.
    """
    try:
        return _launch(program, start, environment)
    except OSError as error:
        return (-(error.errno or 1),)


def _launch(
    program: Sequence[str], start: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[int, ...]:
    streams = _make_streams(start["streams"], start["terminal"])
    control, their_control = (end.detach() for end in _socket.socketpair())
    ship_read, ship_write = wide_pipe()
    words_read, words_write = os.pipe()
    numbers = (their_control, ship_read, streams.given["stdout"], streams.given["stderr"])
    argv = [*program, *map(str, numbers)]
    pid = os.fork()
    if pid == 0:
        try:
            os.setpgid(0, 0)
            for ours, theirs in ((streams.given["stdin"], 0), (words_write, 1), (words_write, 2)):
                os.dup2(ours, theirs)
            for number in numbers:
                os.set_inheritable(number, True)
            for number in (_signal.SIGINT, _signal.SIGHUP, _signal.SIGTERM, _signal.SIGTTOU):
                _signal.signal(number, _signal.SIG_DFL)
            held_signals.hold()
            os.execve(argv[0], argv, _with_language(start["environment"], environment))
        finally:
            os._exit(127)
    try:
        os.setpgid(pid, pid)
    except OSError:
        pass  # It was quicker.
    if streams.master != NONE:
        os.tcsetpgrp(streams.given["stdin"], pid)
    for fd in {their_control, ship_read, words_write, *streams.given.values()}:
        os.close(fd)
    return pid, control, ship_write, words_read, streams.input, streams.master, *streams.outputs.values()


def _with_language(wanted: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str]:
    """Ours, with the user's terminal; of what tells the language only what is not set here."""
    terminal = {name: text for name, text in wanted.items() if name in ("TERM", "COLORTERM")}
    return {**wanted, **ours, **terminal}


def _make_streams(kinds: Mapping[str, str], terminal: Mapping[str, Any] | None) -> Streams:
    """Pipes, and a terminal of its own where the user has one."""
    streams = Streams()
    slave = NONE if terminal is None else _open_terminal(terminal, streams)
    for name in ("stdin", "stdout", "stderr"):
        kind = kinds[name]
        if kind == "terminal":
            streams.given[name] = os.dup(slave)
        elif kind == "stdout":
            streams.given[name] = os.dup(streams.given["stdout"])
        elif kind == "nowhere":
            streams.given[name] = os.open(os.devnull, os.O_RDWR)
        elif name == "stdin":
            streams.given[name], streams.input = wide_pipe()
        else:
            streams.outputs[name], streams.given[name] = wide_pipe()
    if slave != NONE:
        os.close(slave)
    return streams


def _open_terminal(terminal: Mapping[str, Any], streams: Streams) -> int:
    """A terminal that is set as the user's, and ours to control: only then Ctrl-C and Ctrl-Z work in it.

    We lead the session and are never in front; the program, in a process group of its own in the same
    session, can be stopped because we are there to continue it (a group without such a parent is orphaned,
    and ignores Ctrl-Z).
    """
    master, slave = os.openpty()
    streams.master, streams.input = master, os.dup(master)
    *flags, characters = terminal["attributes"]
    control = [bytes([each]) if isinstance(each, int) else each for each in characters]
    termios.tcsetattr(slave, termios.TCSANOW, [*flags, control])
    fcntl.ioctl(slave, termios.TIOCSWINSZ, window_size(terminal["rows"], terminal["columns"]))
    _signal.signal(_signal.SIGTTOU, _signal.SIG_IGN)
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    return slave


def window_size(rows: int, columns: int) -> bytes:
    """``struct winsize``: rows, columns, and two that nobody uses."""
    return b"".join(min(number, 0xFFFF).to_bytes(2, sys.byteorder) for number in (rows, columns, 0, 0))
