"""The kernel's listening sockets and accepted connections, found among the file descriptors of this process.

libzmq tells neither. A duplicate of a listening descriptor keeps the port across ``execv``: nobody can take
it, and clients that connect meanwhile wait in its backlog.
"""

from __future__ import annotations

import fcntl
import glob
import os
import socket
import stat
import struct
import termios
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

CHANNELS = ("shell", "control", "stdin", "iopub", "hb")
"""The five sockets of a connection file, as jupyter_client's documentation of kernels names them."""

UNLINK_SECONDS = 1.0
LOOK_SECONDS = 0.001

Address = int | str
"""A TCP port, or the path of a unix socket."""


@dataclass(frozen=True)
class SocketDescriptor:
    """One descriptor of this process that is a socket, with the local address it is bound to."""

    number: int
    address: Address
    listens: bool


def addresses_of(app: Any) -> dict[str, Address]:
    """Channel: address on which this kernel listens (``IPKernelApp``: transport, ip and the five ports)."""
    ports = {name: int(getattr(app, f"{name}_port")) for name in CHANNELS}
    if app.transport == "ipc":
        return {name: f"{app.ip}-{port}" for name, port in ports.items()}
    return dict(ports)


def socket_descriptors() -> Iterator[SocketDescriptor]:
    """All sockets of this process. Other threads may close one meanwhile: such a one is left out."""
    directory = "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"
    for name in os.listdir(directory):
        with suppress(OSError):
            number = int(name)
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                yield _describe(number)


def _describe(number: int) -> SocketDescriptor:
    # Not getpeername() to see whether a connection is there: it fails as soon as both sides have ended it,
    # while data that nobody has read yet is still in it.
    with socket.socket(fileno=os.dup(number)) as view:
        name = view.getsockname()
        address = name[1] if isinstance(name, tuple) else os.fsdecode(name)
        return SocketDescriptor(
            number, address, bool(view.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
        )


def listening() -> dict[Address, int]:
    """Address: descriptor of each listening socket of this process."""
    return {found.address: found.number for found in socket_descriptors() if found.listens}


def accepted(addresses: set[Address]) -> list[SocketDescriptor]:
    """The connections that clients have to ``addresses`` of this process, as long as libzmq has not closed
    them.
    """
    return [s for s in socket_descriptors() if not s.listens and s.address in addresses]


def end_sending(connection: SocketDescriptor) -> None:
    """Half-close: the client sees the end and goes to reconnect, and what it had sent can still be read to
    the last byte.
    """
    with suppress(OSError), socket.socket(fileno=os.dup(connection.number)) as view:
        view.shutdown(socket.SHUT_WR)


@contextmanager
def kept_listeners(addresses: dict[str, Address]) -> Iterator[dict[str, int]]:
    """Channel: a duplicate of its listening descriptor, to be inherited; closed again when the cut-over is
    given up.
    """
    found = listening()
    copies: dict[str, int] = {}
    try:
        for channel, address in addresses.items():
            copies[channel] = os.dup(found[address])
        yield copies
    finally:
        for copy in copies.values():
            os.close(copy)


class Door:
    """The listening descriptors of libzmq, which lets in whoever knocks, and goes on to do so while a program
    prepares to be replaced: such a client would lose what it says between the last look and ``execv``.

    Shut, its threads find another descriptor in the place of each of them, on which nobody knocks; clients
    wait in the backlog of the duplicates that are kept. (``unbind`` would end the connections too.)
    """

    def __init__(self) -> None:
        self._kept: dict[int, int] = {}

    def shut(self, kept: Iterable[tuple[Address, int]]) -> None:
        """``kept``: each address with the duplicate of its listening descriptor."""
        with suppress(OSError), socket.socket(socket.AF_UNIX) as elsewhere:
            # An abstract address that the system chooses (unix(7)); to be asked without blocking, as theirs.
            elsewhere.bind("")
            elsewhere.listen(1)
            elsewhere.setblocking(False)
            copies = dict(kept)
            for found in list(socket_descriptors()):
                if found.listens and found.number != copies.get(found.address, found.number):
                    os.dup2(elsewhere.fileno(), found.number, inheritable=False)
                    self._kept[found.number] = copies[found.address]

    def open(self) -> None:
        """As before. libzmq must not close descriptors that it does not know."""
        for number, copy in self._kept.items():
            os.dup2(copy, number, inheritable=False)
        self._kept.clear()


@contextmanager
def kept_connections(address: Address) -> Iterator[list[int]]:
    """Duplicates of the connections to ``address``: they stay open when libzmq closes its own descriptors."""
    copies: list[int] = []
    try:
        for connection in accepted({address}):
            with suppress(OSError):
                copies.append(os.dup(connection.number))
        yield copies
    finally:
        for copy in copies:
            os.close(copy)


def end_unfinished(connections: Iterable[int]) -> None:
    """End those connections on which something is still to be sent: they are in the middle of a message,
    and whatever came next would be taken for its rest. Their clients reconnect.
    """
    for number in connections:
        with suppress(OSError), socket.socket(fileno=os.dup(number)) as view:
            if unsent(number):
                view.shutdown(socket.SHUT_RDWR)


def unsent(number: int) -> int:
    """Bytes that the system holds for a connection and the peer has not taken (tcp(7), SIOCOUTQ; unix(7)
    likewise).
    """
    answer = fcntl.ioctl(number, termios.TIOCOUTQ, struct.pack("i", 0))
    return int(struct.unpack("i", answer)[0])


def all_passed_on(addresses: set[Address]) -> bool:
    """Whether all that libzmq was given for the connections to ``addresses`` has left this system.

    Its threads are woken by what they are given: where they sleep, the system has it.
    """
    return not _working() and not any(unsent(found.number) for found in accepted(addresses))


def _working() -> bool:
    """Whether a thread runs that libzmq has named (``ZMQbg/IO/0``; proc(5): name and state in ``stat``).

    False where the system does not say it.
    """
    for path in glob.glob("/proc/self/task/*/stat"):
        with suppress(OSError), open(path) as file:
            name, _, rest = file.read().rpartition(")")
            if "(ZMQbg/IO" in name and rest.split()[0] != "S":
                return True
    return False


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until ``condition`` holds; whether it did in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(LOOK_SECONDS)
    return True


@contextmanager
def kept_path(address: Address) -> Iterator[str | None]:
    """A second name for a unix socket's file while it is in the way of libzmq, which removes the first when
    it closes.
    """
    if isinstance(address, int):
        yield None
        return
    second = f"{address}.kept"
    with suppress(FileNotFoundError):
        os.unlink(second)
    os.link(address, second)
    try:
        yield second
    finally:
        with suppress(OSError):
            os.unlink(second)


def give_back_path(address: Address, second: str | None) -> None:
    """Once libzmq has removed the socket's file, the second name becomes the first.

    Not before: it closes the descriptor, then removes the file (ipc_listener.cpp), in a thread of its own;
    what it removed later would be ours. If it never does, the first name is still right.
    """
    if second is None:
        return
    deadline = time.monotonic() + UNLINK_SECONDS
    while os.path.lexists(str(address)) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    if os.path.lexists(str(address)):
        os.unlink(second)
    else:
        os.rename(second, str(address))
