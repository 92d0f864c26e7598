"""The way from a session to the relay that it belongs to, seen by the supervisor between them.

A kernel that wants to go home, or on to another host, has more to say than fits a Jupyter message: it
connects here. The socket lies in the session's directory (mode 0700), so only this user can; what comes is
passed to the relay, which decides. One caller at a time, and only while there is something to say.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from select import POLLIN, POLLOUT
from typing import Any

from pyteleport_jupyter.remote.control import COMMAND, SHIP, TALK, Control
from pyteleport_jupyter.wire.channel import NumberedChannel
from pyteleport_jupyter.wire.commands import encode_command, parse_command
from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.lanes import Lane

WAY_UP_NAME = "up.sock"

LAST_WORDS = ("shipped", "moved")
"""After one of these whoever hears it may have the session."""

TAKEN_UP = "the session was taken up elsewhere meanwhile"


def connect(directory: str) -> Control:
    """From the session in ``directory``: a line to the relay. Raises OSError where there is none."""
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.connect(os.path.join(directory, WAY_UP_NAME))
    except BaseException:
        line.close()
        raise
    return Control(line.detach())


class WayUp:
    """The supervisor's end."""

    def __init__(self, directory: str, channel: NumberedChannel) -> None:
        self._path = os.path.join(directory, WAY_UP_NAME)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self._path)
        os.chmod(self._path, 0o600)
        self._listener.listen(1)
        self._listener.setblocking(False)
        self._channel = channel
        self._caller: Control | None = None
        self.decided = False
        """The caller has said its last word: the session may live elsewhere by now."""

    def watched(self) -> dict[Any, tuple[int, Callable[[], None]]]:
        """What may happen now, and who sees to it."""
        caller = self._caller
        if caller is None:
            return {self._listener.fileno(): (POLLIN, self._answer)}
        # While the link is full the caller waits.
        flags = (POLLIN if self._channel.has_room else 0) | (POLLOUT if caller.wants_write else 0)
        return {caller.fd: (flags, partial(self._attend, caller))} if flags else {}

    def _answer(self) -> None:
        with suppress(OSError):
            connection, _ = self._listener.accept()
            self._caller = Control(connection.detach())

    def _attend(self, caller: Control) -> None:
        caller.flush()
        try:
            frames = caller.fill() if self._channel.has_room else []
            for kind, content in frames:
                self._pass_up(kind, content)
        except WireError:
            caller.closed = True
        if caller.closed:
            self._hang_up(caller)

    def _pass_up(self, kind: bytes, content: bytes) -> None:
        if kind == SHIP:
            self._channel.send(Lane.SHIP, [content])
        elif kind == TALK:
            self._channel.send(Lane.TALK, [content])
        elif kind == COMMAND:
            command = parse_command(content)
            what = str(command.pop("op"))
            self.decided = self.decided or what in LAST_WORDS
            self._channel.send(Lane.COMMAND, [encode_command("told", **{**command, "what": what})])

    def _hang_up(self, caller: Control) -> None:
        """Whatever it had in mind is off, unless it has said otherwise."""
        caller.close()
        self._caller, self.decided = None, False
        self._channel.send(Lane.COMMAND, [encode_command("told", what="gone")])

    def dismiss(self) -> None:
        """Whom the caller has spoken with has gone, and the one who came knows nothing of it."""
        if self._caller is not None:
            self.tell({"what": "refused", "error": "HomeRefused", "facts": {"reason": TAKEN_UP}})
            self._caller.close()
            self._caller, self.decided = None, False

    def tell(self, command: Mapping[str, Any]) -> None:
        """Pass on what the relay says to the caller, if it is still there."""
        if self._caller is not None:
            fields = {name: value for name, value in command.items() if name not in ("op", "what")}
            self._caller.queue(COMMAND, encode_command(str(command.get("what")), **fields))
            self._caller.flush()

    def talk(self, content: bytes) -> None:
        """Pass on what comes for the caller from where it wants to go."""
        if self._caller is not None:
            self._caller.queue(TALK, content)
            self._caller.flush()

    def close(self) -> None:
        """Nobody can be called any more."""
        if self._caller is not None:
            self._caller.close()
        self._listener.close()
        with suppress(OSError):
            os.unlink(self._path)
