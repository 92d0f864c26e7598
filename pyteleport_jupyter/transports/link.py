"""The seam between the road and the ways to a target: a link is a child process whose stdin and stdout are a
byte pipe.

Child and pipe survive ``execv``: they are known by number only.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from pyteleport_jupyter import errors
from pyteleport_jupyter.transports.own_terminal import at_terminal, open_terminal

PIPE_SIZE = 1 << 20
"""Wanted capacity of the pipes in bytes; fewer switches between the processes. Only Linux lets one ask."""

KILLED_SECONDS = 2.0
"""How long a child that was killed may take to be gone. One that hangs in the system (a dead NFS server) may
take for ever; it is then left to whoever inherits it.
"""

COMPLAINT_LIMIT = 2000
"""Most bytes of the child's stderr that are quoted in an error."""


@dataclass(frozen=True)
class Link:
    """A running child: its pid, our ends of its pipe, and two optional side channels."""

    pid: int
    read_fd: int
    write_fd: int
    events_fd: int | None = None
    """Socket for questions and verdicts: lines of JSON (see :mod:`.stage`); None if the child asks
    nothing.
    """
    complaints_fd: int | None = None
    """Unlinked file that is the child's stderr; read it with :func:`complaint`."""
    terminal_fd: int | None = None
    """The child's end of its terminal, if it has one; ``events_fd`` is ours then (see
    :mod:`.own_terminal`).
    """

    def beside(self) -> tuple[int, ...]:
        """The descriptors of the link besides its pipe."""
        found = (self.events_fd, self.complaints_fd, self.terminal_fd)
        return tuple(fd for fd in found if fd is not None)


@dataclass(frozen=True)
class Question:
    """Something only the user can answer: ``kind`` is password, passphrase, code or confirm."""

    kind: str
    text: str
    secret: bool


Ask = Callable[[Question], str | None]
"""How the user is asked; None is no answer."""


class Transport(Protocol):
    """A way to one target. Nothing inherits from this; every transport just fits."""

    @property
    def host(self) -> str:
        """What the target is called in messages."""
        ...

    def spawn(self, command: str) -> Link:
        """Start a child that runs ``command`` in the user's login shell on the target. Does not wait for it.

        Raises a :class:`~pyteleport_jupyter.errors.TeleportError` if the child itself cannot be started.
        """
        ...

    def as_record(self) -> dict[str, Any]:
        """The transport as JSON with its ``kind``; no secrets. See
        :func:`pyteleport_jupyter.transports.from_record`.
        """
        ...


_children: dict[int, subprocess.Popen[bytes]] = {}
"""Started by this process; kept here so that nobody but :func:`close_link` reaps them."""


PASSES_ON = {"SLURM_UNBUFFEREDIO": "1"}
"""What makes commands pass on what they get at once: srun keeps output until a line is whole (srun(1))."""


def spawn_command(argv: Sequence[str]) -> Link:
    """Start a command that is none of ours as a link, with a terminal at which it can ask.

    Raises OSError if there is no such program.
    """
    terminal = open_terminal()
    environment = {**PASSES_ON, **os.environ}
    if terminal is None:
        return spawn_child(argv, env=environment)
    try:
        link = spawn_child(at_terminal(argv, terminal[1]), env=environment)
    except BaseException:
        for fd in terminal:
            os.close(fd)
        raise
    return replace(link, events_fd=terminal[0], terminal_fd=terminal[1])


def spawn_child(argv: Sequence[str], *, events: bool = False, env: Mapping[str, str] | None = None) -> Link:
    """Start ``argv`` as a link, in a process session of its own (interrupts go to our whole group, not to
    it).

    With ``events`` the child finds the number of its end of the events socket as one more argument at the
    end. Raises OSError if there is no such program.
    """
    with contextlib.ExitStack() as undo:
        complaints = undo.enter_context(tempfile.TemporaryFile(buffering=0))
        ours, theirs = socket.socketpair()
        undo.enter_context(ours)
        undo.enter_context(theirs)
        child = subprocess.Popen(
            [*argv, str(theirs.fileno())] if events else list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            bufsize=0,
            env=None if env is None else dict(env),
            start_new_session=True,
            pass_fds=[theirs.fileno()] if events else [],
        )
        _children[child.pid] = child
        return Link(
            pid=child.pid,
            read_fd=_take_fd(child.stdout),
            write_fd=_take_fd(child.stdin),
            events_fd=ours.detach() if events else None,
            complaints_fd=_duplicate(complaints.fileno()),
        )


def _duplicate(fd: int) -> int:
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)


def _take_fd(stream: Any) -> int:
    """Our own descriptor of a pipe that Popen made, outside of any file object that would close it."""
    fd = _duplicate(stream.fileno())
    stream.close()
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    return fd


def complaint(link: Link) -> str:
    """The end of what the child wrote to stderr, cleaned; empty if it wrote nothing."""
    if link.complaints_fd is None:
        return ""
    size = os.fstat(link.complaints_fd).st_size
    tail = os.pread(link.complaints_fd, COMPLAINT_LIMIT, max(0, size - COMPLAINT_LIMIT))
    return errors.clean(tail.decode(errors="replace")).strip()


def exit_status(link: Link, patience: float = 0.5) -> int | None:
    """How the child of ``link``, which has closed its end, has ended; None if it has not, or is not ours."""
    child = _children.get(link.pid)
    try:
        return None if child is None else child.wait(patience)
    except subprocess.TimeoutExpired:
        return None


def close_link(link: Link, patience: float = 1.0) -> None:
    """Close the pipe and see to it that the child is gone; after ``patience`` seconds, or at a Ctrl-C, it is
    killed with its group.
    """
    # What has been said last is on its way through the child, which a hung up terminal would kill.
    last = {link.events_fd, link.terminal_fd} - {None} if link.terminal_fd is not None else set()
    _close({link.read_fd, link.write_fd, *link.beside()} - last)
    if not _reaped_within(link.pid, patience):
        with contextlib.suppress(OSError):
            os.killpg(link.pid, signal.SIGKILL)
        _reaped_within(link.pid, KILLED_SECONDS)
    _close(last)
    _children.pop(link.pid, None)


def _close(fds: Iterable[int | None]) -> None:
    for fd in fds:
        with contextlib.suppress(OSError):
            if fd is not None:
                os.close(fd)


def _reaped_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    with contextlib.suppress(KeyboardInterrupt):
        while not _reaped(pid) and time.monotonic() < deadline:
            time.sleep(0.005)
    return _reaped(pid)


def _reaped(pid: int) -> bool:
    """Whether the child has ended; also for a child that was started before an ``execv`` of this process."""
    child = _children.get(pid)
    if child is not None:
        return child.poll() is not None
    try:
        return os.waitpid(pid, os.WNOHANG) != (0, 0)
    except ChildProcessError:
        return True
