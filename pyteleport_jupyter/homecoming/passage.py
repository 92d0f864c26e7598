"""From a host abroad on to another one, by a link that home makes: the session leaves nothing where it was.

What is said to the new host passes through the supervisor and the relay; the road is the ordinary one.
"""

from __future__ import annotations

import base64
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from pyteleport_jupyter import errors
from pyteleport_jupyter.errors import LinkLost
from pyteleport_jupyter.homecoming.depositing import Leave
from pyteleport_jupyter.homecoming.homeward import (
    Farewell,
    at_rest,
    called,
    hand_over,
    running_request,
    until_arrived,
)
from pyteleport_jupyter.options import Options
from pyteleport_jupyter.relay.kernel_internals import parts_of
from pyteleport_jupyter.remote.control import COMMAND, PIECE, TALK, Control
from pyteleport_jupyter.transports import Landed, Link
from pyteleport_jupyter.wire import Conversation
from pyteleport_jupyter.wire.commands import parse_command
from pyteleport_jupyter.wire.waiting import ready

LANDING_SECONDS = 240.0
"""So long home may take to reach the new host; people type passwords in this time."""


@dataclass(frozen=True)
class Passage:
    """A link to a host that home has landed on, which looks like one of our own."""

    home: Control
    link: Link
    landed: Landed
    host: str
    pump: threading.Thread
    jump: str
    """Why not home but a host between made it, which was a jump already; empty if home did."""


@contextmanager
def through_home(kernel: Any, target: str, options: Options) -> Iterator[Passage]:
    """Within the block, a way to ``target`` by home. Raises a TeleportError where home cannot or may not."""
    with called(kernel) as home:
        home.say("onward", target=target, python=options.python, setup=options.setup, via=options.via)
        answer = _answer(home)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            pump = threading.Thread(target=_pump, args=(home, theirs), name="passage", daemon=True)
            pump.start()
            landed = Landed(b"", str(answer["python"]), str(answer["version"]), str(answer["directory"]))
            link = Link(0, ours.fileno(), ours.fileno())
            yield Passage(home, link, landed, str(answer["host"]), pump, str(answer.get("jump", "")))


def _answer(home: Control) -> dict[str, Any]:
    answer = parse_command(home.hear(COMMAND, timeout=LANDING_SECONDS)[1])
    if answer["op"] != "landed":
        raise errors.from_child(answer)
    return answer


def _pump(home: Control, ours: socket.socket) -> None:
    """In a thread: bytes in both directions, until the one side is at rest and home has said so too."""
    with suppress(OSError, EOFError):
        talking = True
        while True:
            readable, _ = ready([home.fd, *([ours.fileno()] if talking else [])], [], 3600.0)
            if ours.fileno() in readable:
                data = ours.recv(PIECE)
                talking = bool(data)
                home.send(TALK, data) if data else home.say("over")
            if home.fd in readable and not _pass_down(home, ours):
                break
    with suppress(OSError):
        ours.shutdown(socket.SHUT_RDWR)


def _pass_down(home: Control, ours: socket.socket) -> bool:
    """Whether there may be more."""
    for kind, content in home.fill():
        if kind == TALK:
            ours.sendall(content)
        elif kind == COMMAND:
            # "taken", or why it is over.
            return False
    return not home.closed


def move_on(
    kernel: Any,
    passage: Passage,
    conversation: Conversation,
    farewell: Farewell,
    leave: Leave,
    **facts: Any,
) -> NoReturn:
    """The copy there is held: home shall take the link over, and this kernel ends. ``facts``: token, lease,
    pid and python of the copy; ``leave``: see :mod:`.depositing`. Raises a TeleportError with the session
    going on here.
    """
    parts = parts_of(kernel)
    with ExitStack() as undo:
        at_rest(parts, undo)
        _come_to_rest(passage, conversation)
        frozen = base64.b64encode(conversation.pipe.channel.freeze()).decode()
        seconds = time.monotonic() - farewell.started
        said = {**facts, "line": farewell.line, "seconds": seconds, "cell": running_request(kernel)}
        passage.home.say("moved", channel=frozen, **said)
        relays = until_arrived(passage.home)
        # THE POINT OF NO RETURN: home will say the word that lets the copy go on.
        hand_over(kernel, parts, passage.home, relays, leave)


def _come_to_rest(passage: Passage, conversation: Conversation) -> None:
    """All that was said is with home, and all that was answered is with us."""
    conversation.pipe.flush()
    with socket.socket(fileno=os.dup(passage.link.write_fd)) as end:
        end.shutdown(socket.SHUT_WR)
    passage.pump.join(LANDING_SECONDS)
    while not conversation.pipe.closed:
        if conversation.pipe.fill() or passage.home.closed or passage.pump.is_alive():
            raise LinkLost(host=passage.host, reason="it ended at the last moment")
