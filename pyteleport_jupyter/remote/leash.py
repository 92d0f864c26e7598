"""What the first stage becomes when it has landed: the leash between the host's login and the supervisor.

The supervisor reads and writes the link itself, on the very descriptors that the host gave to the first
stage; a pump in between would cost every message two more switches between processes. But a login, a
container or a batch system takes a command for ended when its first process has ended (sshd then closes the
command's input). So that process stays, holding one end of a socket: when the supervisor lets go of the link
it ends, and when it ends the supervisor lets go of the link. Nothing is left over whichever dies first.

Runs in the first stage: C modules only.
"""

from __future__ import annotations

import _socket
import os
import select
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

STDIN, STDOUT = 0, 1

PROOF_LIMIT = 1 << 10
"""Longest frame that is taken from the other side to be shown at the door."""

COPY_SIZE = 1 << 10

PATIENCE_MILLISECONDS = 10_000
"""So long after the link has broken the supervisor, which sees it too, may take to let go."""


def knock(leash: _socket.socket, take: Callable[[int], bytes]) -> None:
    """Carry the supervisor's challenge to the other side and the answer to the supervisor, with the link in
    it.

    ``take`` reads exactly so many bytes from stdin: what comes behind the answer is for the supervisor.
    """
    poll = select.poll()
    poll.register(leash, select.POLLIN)
    poll.register(STDIN, select.POLLIN)
    while leash.fileno() in [fd for fd, _ in poll.poll()]:
        _pass_on(leash)
    head = take(4)
    size = int.from_bytes(head, "big")
    if size > PROOF_LIMIT:
        sys.exit(1)
    hand_over(leash, head + take(size))


def hand_over(leash: _socket.socket, word: bytes) -> None:
    """Give our stdin and stdout to the supervisor, along with ``word``. Raises OSError."""
    numbers = b"".join(fd.to_bytes(4, sys.byteorder) for fd in (STDIN, STDOUT))
    leash.sendmsg([word], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, numbers)])


def stay(leash: _socket.socket, at_end: Callable[[], object]) -> NoReturn:
    """Do nothing until the supervisor lets go, then end. A refusal is passed on."""
    try:
        poll = select.poll()
        poll.register(leash, select.POLLIN)
        for fd in (STDIN, STDOUT):
            poll.register(fd, 0)  # Only its end is of interest, which poll always reports.
        patience = None
        while happened := [fd for fd, _ in poll.poll(patience)]:
            if leash.fileno() in happened:
                _pass_on(leash)
                continue
            for fd in happened:
                poll.unregister(fd)
            patience = PATIENCE_MILLISECONDS
    finally:
        try:
            at_end()
        finally:
            os._exit(0)


def _pass_on(leash: _socket.socket) -> None:
    """Copy what the supervisor says to stdout; ends this process when the supervisor has let go."""
    rest = memoryview(leash.recv(COPY_SIZE))
    if not rest:
        sys.exit(0)
    while rest:
        rest = rest[os.write(STDOUT, rest) :]
