"""The door of a session: a unix socket at which a new link shows that it belongs to the session.

A newcomer is challenged; only who answers with the proof gets in, and only then the old link is dropped.
Nobody can push a live link out by merely knocking.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from dataclasses import dataclass

from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.remote.runtime_directory import SOCKET_NAME
from pyteleport_jupyter.remote.tether import Ends, close_ends, receive_ends
from pyteleport_jupyter.wire.framing import Framer, WireError, encode_frame
from pyteleport_jupyter.wire.proof import is_valid, is_valid_takeover, successor
from pyteleport_jupyter.wire.records import (
    NONCE_SIZE,
    Challenge,
    Proof,
    Record,
    Refused,
    Takeover,
    Welcome,
    encode,
    parse,
)

NEWCOMERS_LIMIT = 4
"""More who knock at the same time are turned away."""

NEWCOMER_SECONDS = 20.0
"""So long somebody may stand at the door without answering."""

PROOF_BYTES = 1 << 10
"""Most bytes read of somebody who has not shown a proof."""


@dataclass
class Newcomer:
    """Somebody at the door."""

    connection: socket.socket
    nonce: bytes
    deadline: float
    ends: Ends | None = None
    """Of the link that it brought along with its answer."""


class Door:
    """Listens in ``directory``; :meth:`knock` and :meth:`answer` are called when their descriptors are
    readable.
    """

    def __init__(self, directory: str, token: bytes) -> None:
        self.token = token
        """What a newcomer has to show that it has; another one after each takeover."""
        self.epoch = 0
        """Number of the link that got in last; only greater ones get in."""
        self.newcomers: dict[int, Newcomer] = {}
        """Who stands at the door, by descriptor."""
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.setblocking(False)
        mask = os.umask(0o177)
        try:
            self._listener.bind(os.path.join(directory, SOCKET_NAME))
        finally:
            os.umask(mask)
        self._listener.listen(NEWCOMERS_LIMIT)

    def fileno(self) -> int:
        """The listening descriptor."""
        return self._listener.fileno()

    def knock(self) -> None:
        """Somebody is there: challenge them."""
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        if len(self.newcomers) >= NEWCOMERS_LIMIT:
            connection.close()
            return
        connection.setblocking(False)
        newcomer = Newcomer(connection, os.urandom(NONCE_SIZE), time.monotonic() + NEWCOMER_SECONDS)
        self.newcomers[connection.fileno()] = newcomer
        self._say(newcomer, Challenge(self.epoch, newcomer.nonce))

    def answer(self, fd: int) -> Proof | Takeover | None:
        """Hear newcomer ``fd``; the proof, or that of a takeover, if it is valid. Who says anything else is
        sent away.

        The link comes with the proof, in one piece: nobody who has not shown a proof makes us hold any of
        theirs.
        """
        newcomer = self.newcomers[fd]
        try:
            answer, newcomer.ends = receive_ends(newcomer.connection, PROOF_BYTES)
            bodies = Framer().feed(answer)
            proof = parse(bodies[0]) if len(bodies) == 1 and newcomer.ends else None
        except (OSError, WireError):
            proof = None
        if isinstance(proof, (Proof, Takeover)) and self._holds(newcomer, proof):
            return proof
        self.refuse(fd, "it could not show that the session is its own")
        return None

    def _holds(self, newcomer: Newcomer, proof: Proof | Takeover) -> bool:
        if isinstance(proof, Takeover):
            valid = is_valid_takeover(proof.digest, self.token, newcomer.nonce, proof.epoch)
        else:
            valid = is_valid(proof.digest, self.token, newcomer.nonce, proof.epoch, proof.received)
        return valid and proof.epoch > self.epoch

    def hand_over(self, fd: int, takeover: Takeover) -> None:
        """From now on only newcomer ``fd``, and who follows it, has the token."""
        self.token = successor(self.token, self.newcomers[fd].nonce, takeover.epoch)

    def refuse(self, fd: int, reason: str) -> None:
        """Send newcomer ``fd`` away."""
        newcomer = self.newcomers.pop(fd)
        close_ends(newcomer.ends)
        self._say(newcomer, Refused(reason.encode()))
        newcomer.connection.close()

    def welcome(self, fd: int, epoch: int, received: int) -> tuple[Ends, socket.socket]:
        """Let newcomer ``fd``, whose proof was valid, in as link number ``epoch``; returns its link and its
        leash, which are the caller's now.
        """
        fault("reconnect.during_reconnect")
        newcomer = self.newcomers.pop(fd)
        self.epoch = epoch
        if newcomer.ends is None:
            raise RuntimeError("nobody is welcome without a proof")
        # Over the link itself, where all that follows will go: over the leash it could be overtaken.
        os.set_blocking(newcomer.ends[1], False)
        with contextlib.suppress(OSError):
            os.write(newcomer.ends[1], encode_frame(encode(Welcome(received))))
        return newcomer.ends, newcomer.connection

    def expire(self) -> None:
        """Send away who has stood there for too long."""
        now = time.monotonic()
        for fd in [fd for fd, newcomer in self.newcomers.items() if now > newcomer.deadline]:
            self.refuse(fd, "it said nothing")

    def close(self) -> None:
        """Nobody gets in any more."""
        for newcomer in self.newcomers.values():
            newcomer.connection.close()
        self.newcomers.clear()
        self._listener.close()

    @staticmethod
    def _say(newcomer: Newcomer, record: Record) -> None:
        # Far shorter than a socket's buffer; somebody who does not read it will be sent away in time.
        with contextlib.suppress(OSError):
            newcomer.connection.send(encode_frame(encode(record)))
