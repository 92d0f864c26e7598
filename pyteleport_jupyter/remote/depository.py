"""The process that holds what a session has left on a host, for when it comes again: nothing but memory.

It is a fresh interpreter that has seen nothing of the session but a descriptor (:mod:`..shipping.deposit`),
so it cannot run any of it. It gives that descriptor to whoever shows the session's secret, of which it knows
the digest only, and ends when it is told to, when its time is over, and when memory gets short.
"""

from __future__ import annotations

import hmac
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Any

from pyteleport_jupyter.remote.deposits import END, GIVE, GIVEN, mark_file, mark_of
from pyteleport_jupyter.remote.inquiries import Inquiries, Reply
from pyteleport_jupyter.remote.orders import DEPOSIT, NAME_LIMIT
from pyteleport_jupyter.remote.runtime_directory import SOCKET_NAME, remove
from pyteleport_jupyter.shipping.memory import SPARE, available_bytes
from pyteleport_jupyter.wire.proof import SECRET_SIZE

LOOK_SECONDS = 5.0
"""So often it is looked whether memory is short."""

CALLER_SECONDS = 2.0
"""So long a caller may take to say what it wants."""

SHARE = 2
"""It ends when less than this part of what is kept is free: others need it more."""


def main(argv: list[str]) -> None:
    """Hold descriptor ``argv[1]`` in directory ``argv[0]`` for ``argv[2]`` seconds, for the session with the
    mark ``argv[3]`` whose home is called ``argv[4]``; then leave no trace.
    """
    directory, fd, seconds, mark, origin = argv
    os.set_inheritable(int(fd), False)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with suppress(OSError), open("/proc/self/comm", "w", encoding="ascii") as file:
            file.write("teleport-kept")
        Depository(directory, int(fd), float(seconds), mark, origin).run()
    finally:
        remove(directory)


class Depository:
    """One thread, one poller."""

    def __init__(self, directory: str, fd: int, seconds: float, mark: str, origin: str) -> None:
        self._fd = fd
        self._size = os.fstat(fd).st_size
        self._mark = mark
        self._origin = origin[:NAME_LIMIT]
        self._began, self._lease = time.time(), seconds
        self._ends_at = time.monotonic() + seconds
        self._borrower: socket.socket | None = None
        """Who has the descriptor now, and may cut out of the file what it has made its own."""
        self._inquiries = Inquiries(directory, self._answer)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        mask = os.umask(0o177)
        try:
            self._listener.bind(os.path.join(directory, SOCKET_NAME))
        finally:
            os.umask(mask)
        self._listener.listen(2)
        # Only now: who sees it may come.
        os.close(os.open(os.path.join(directory, mark_file(mark)), os.O_CREAT | os.O_WRONLY, 0o600))

    def run(self) -> None:
        """Until the end."""
        try:
            self._serve()
        finally:
            self._inquiries.close()
            self._listener.close()
            self._take_back()

    def _serve(self) -> None:
        while (left := self._ends_at - time.monotonic()) > 0 and not self._is_short():
            watched = {self._listener.fileno(): self._attend, **self._inquiries.readers()}
            if self._borrower is not None:
                watched[self._borrower.fileno()] = self._take_back
            poll = select.poll()
            for number in watched:
                poll.register(number, select.POLLIN)
            for number, _ in poll.poll(1000 * min(left, LOOK_SECONDS)):
                watched[number]()
            self._inquiries.look()

    def _is_short(self) -> bool:
        return available_bytes() < max(SPARE, self._size // SHARE)

    def _attend(self) -> None:
        """Somebody of this account, since nobody else gets here; one at a time."""
        with suppress(OSError):
            caller, _ = self._listener.accept()
            with caller:
                caller.settimeout(CALLER_SECONDS)
                said = caller.recv(SECRET_SIZE + 1, socket.MSG_WAITALL)
                if not hmac.compare_digest(mark_of(said[:SECRET_SIZE]), self._mark):
                    return
                if said[SECRET_SIZE:] == GIVE and self._borrower is None:
                    socket.send_fds(caller, [GIVEN], [self._fd])
                    self._borrower = socket.socket(fileno=caller.detach())
                elif said[SECRET_SIZE:] == END:
                    self._end()

    def _take_back(self) -> None:
        """Who had borrowed it has gone, or says what nobody asked for."""
        if self._borrower is not None:
            self._borrower.close()
            self._borrower = None

    def _end(self) -> None:
        self._ends_at = time.monotonic()

    def _answer(self, question: dict[str, Any], reply: Reply) -> None:
        """What ``%teleport list`` and ``kill`` ask; see :class:`.session_desk.SessionDesk`."""
        age = time.time() - self._began
        reply(
            {
                "kind": DEPOSIT,
                "host": socket.gethostname(),
                "target": "",
                "origin": self._origin,
                "pid": os.getpid(),
                "age": age,
                "lease": self._lease,
                "linked": False,
                "lease_left": max(0.0, self._ends_at - time.monotonic()),
                "memory": self._size,
                "busy": False,
                "for": age,
            }
        )
        if question.get("op") == "kill":
            self._end()
