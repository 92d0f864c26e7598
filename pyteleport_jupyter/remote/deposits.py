"""What sessions have left on this machine, found by who comes with a session's secret; see
:mod:`.depository`.
"""

from __future__ import annotations

import hashlib
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from pyteleport_jupyter.errors import ProtocolBroken
from pyteleport_jupyter.remote.runtime_directory import SOCKET_NAME, is_of_this_machine, is_private

if TYPE_CHECKING:
    from pyteleport_jupyter.shipping.deposit import Deposit

GIVE, END = b"g", b"e"
"""What may be asked for, behind the secret."""

GIVEN = b"!"
"""Goes with the descriptor; it does not travel without a byte."""

ANSWER_SECONDS = 2.0


def mark_of(secret: bytes) -> str:
    """What of a session's secret may be seen: by it what the session has left is found."""
    return hashlib.sha256(b"what a session left" + secret).hexdigest()


def mark_file(mark: str) -> str:
    """Name of the file that says whose a deposit is."""
    return f"kept-{mark[:16]}"


def find_deposit(beside: str, secret: bytes) -> Deposit | None:
    """What the session with this ``secret`` has left, held ``beside`` a session's directory; None where there
    is nothing, or no memory for it to be there twice until the session has arrived: then it is given up.
    """
    directories = _directories(beside, secret)
    if not directories:
        return None
    # Only now: it takes long to load, and hardly anybody has left anything.
    from pyteleport_jupyter.shipping.deposit import Deposit
    from pyteleport_jupyter.shipping.memory import SPARE, available_bytes

    for directory in directories:
        with suppress(OSError, ProtocolBroken):
            deposit = Deposit(*_asked(directory, secret))
            if os.fstat(deposit.fd).st_size + SPARE < available_bytes():
                return deposit
            deposit.close()
            end_deposits(beside, secret)
    return None


def end_deposits(beside: str, secret: bytes) -> None:
    """All that the session with this ``secret`` has left is given up; empty: it has left nothing."""
    for directory in _directories(beside, secret):
        with suppress(OSError), _line(directory) as line:
            line.sendall(secret + END)
            line.recv(1)


def _directories(beside: str, secret: bytes) -> list[str]:
    if not secret:
        return []
    parent, marked = os.path.dirname(beside), mark_file(mark_of(secret))
    try:
        paths = [os.path.join(parent, name) for name in sorted(os.listdir(parent))]
    except OSError:
        return []
    ours = [path for path in paths if is_of_this_machine(path) and is_private(path)]
    return [path for path in ours if os.path.exists(os.path.join(path, marked))]


def _asked(directory: str, secret: bytes) -> tuple[int, socket.socket]:
    """The descriptor, and the line by which it is lent. Raises OSError."""
    line = _line(directory)
    try:
        line.sendall(secret + GIVE)
        _, descriptors, _, _ = socket.recv_fds(line, 1, 1)
        if not descriptors:
            raise OSError("nothing was given")
    except BaseException:
        line.close()
        raise
    os.set_inheritable(descriptors[0], False)
    return descriptors[0], line


def _line(directory: str) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(ANSWER_SECONDS)
        line.connect(os.path.join(directory, SOCKET_NAME))
    except BaseException:
        line.close()
        raise
    return line
