"""What a process owes to others: a parent that may end, children that end, pipes that children write to,
signals."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyteleport_jupyter.relay.configuration import KeeperSettings

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
"""Asked to end: the far side is told, so that it need not wait for its lease to run out."""


def _ignore(number: int, frame: object) -> None:
    """The wakeup descriptor has the signal."""


class Signals:
    """SIGINT and requests to end, noted by the wakeup descriptor and read in the loop."""

    def __init__(self, inherited_fd: int | None) -> None:
        self.read_fd, self._write_fd = os.pipe()
        for descriptor in (self.read_fd, self._write_fd):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)
        signal.signal(signal.SIGINT, _ignore)
        for number in ENDING_SIGNALS:
            if number is signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _ignore)
        if inherited_fd is not None:
            os.write(self._write_fd, bytes(read_numbers(inherited_fd)))
        signal.pthread_sigmask(signal.SIG_SETMASK, set())

    def numbers(self) -> list[int]:
        """The signals since the last call, those from before exec first; ``read_fd`` is readable when there
        are any.
        """
        return read_numbers(self.read_fd)


def read_numbers(read_fd: int) -> list[int]:
    """All signal numbers that are in the (non-blocking) pipe, oldest first."""
    noted = b""
    with suppress(BlockingIOError):
        while chunk := os.read(read_fd, 4096):
            noted += chunk
    return list(noted)


class Parent:
    """The process that started the kernel (``JPY_PARENT_PID``); with it the kernel ends (ipykernel's
    parentpoller.py).
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid

    @property
    def gone(self) -> bool:
        """Whether it has ended."""
        return self._pid > 1 and os.getppid() != self._pid


def reap_children() -> set[int]:
    """Take leave of children that have ended (those of the kernel, which this process was); returns their
    pids.
    """
    ended: set[int] = set()
    with suppress(ChildProcessError):
        while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
            ended.add(pid)
    return ended


def dismiss(keeper: KeeperSettings | None) -> None:
    """End the keeper, if it has not ended yet, and take leave of it."""
    if keeper is None:
        return
    with suppress(OSError):
        os.close(keeper.fd)
    with suppress(OSError):
        # As long as nobody has taken leave of it, the number is its own.
        if os.waitpid(keeper.pid, os.WNOHANG)[0] == 0:
            os.kill(keeper.pid, signal.SIGKILL)
            os.waitpid(keeper.pid, 0)


_captured: set[int] = set()


def captured_descriptors() -> tuple[int, ...]:
    """The pipes that this process keeps empty, as long as somebody can write to them."""
    return tuple(sorted(_captured))


def pass_on_captured(descriptors: tuple[int, ...]) -> None:
    """Keep the pipes empty that ipykernel had put behind descriptors 1 and 2.

    Child processes still write to them: what they say goes to where the kernel's own output went before it
    was captured, and they do not die of a broken pipe. Each pipe has a thread of its own, because whoever
    started the kernel may never read what it writes (or has stopped his terminal), and that shall hold up
    nothing else.
    """
    for descriptor in descriptors:
        _captured.add(descriptor)
        os.set_blocking(descriptor, True)
        threading.Thread(target=_pass_on, args=(descriptor,), name="captured", daemon=True).start()


def _pass_on(descriptor: int) -> None:
    """Until nobody can write to the pipe any more."""
    while data := os.read(descriptor, 65536):
        with suppress(OSError):
            _write_all(data)
    _captured.discard(descriptor)
    os.close(descriptor)


def _write_all(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(1, rest) :]
