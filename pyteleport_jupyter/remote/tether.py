"""A link as the supervisor holds it: the two descriptors of the link itself, and the leash of the process
that got them from the host (see :mod:`.leash`).
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

from pyteleport_jupyter.wire.channel import NumberedChannel
from pyteleport_jupyter.wire.pipe import Pipe

Ends = tuple[int, int]
"""The descriptors to read from and to write to."""


@dataclass(frozen=True)
class Tether:
    """A link that is ours until :meth:`close`."""

    pipe: Pipe
    leash: socket.socket
    """Readable when the process at its other end has gone: so has the link."""

    def close(self) -> None:
        """Let go of the link, and of the process that brought it."""
        close_ends((self.pipe.read_fd, self.pipe.write_fd))
        self.leash.close()


def receive_ends(leash: socket.socket, size: int) -> tuple[bytes, Ends | None]:
    """What is said on ``leash``, at most ``size`` bytes, and the ends of a link if they came with it.

    Whatever else came, such as one descriptor, is closed at once. Raises OSError.
    """
    word, descriptors, _, _ = socket.recv_fds(leash, size, 2)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    if len(descriptors) == 2:
        return word, (descriptors[0], descriptors[1])
    for descriptor in descriptors:
        os.close(descriptor)
    return word, None


def close_ends(ends: Ends | None) -> None:
    """Close both descriptors; they are two even where they lead to the same socket."""
    for descriptor in ends or ():
        os.close(descriptor)


def tether(ends: Ends, leash: socket.socket, channel: NumberedChannel) -> Tether:
    """The link with these ends, to carry ``channel``.

    Its descriptors must not block us. That is a property of what they lead to, not of the numbers, so it
    holds for whoever else has them: the first stage, which no longer uses them, and maybe a login shell
    that only waits for the first stage.
    """
    return Tether(Pipe(*ends, channel), leash)
