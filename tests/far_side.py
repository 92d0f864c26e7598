"""Helpers of the tests of the boot and the supervisor: a home of their own, a stand-in kernel, and the eyes
of an observer who sees what is left behind.
"""

from __future__ import annotations

import hmac
import io
import json
import os
import secrets
import select
import shutil
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from pyteleport_jupyter.remote import package_zip
from pyteleport_jupyter.transports import (
    Ask,
    AttachRequest,
    BootRequest,
    Landed,
    Link,
    LocalTransport,
    Transport,
    close_link,
    complaint,
    land,
)
from pyteleport_jupyter.wire import (
    Conversation,
    Lane,
    Message,
    NumberedChannel,
    Pipe,
    encode_command,
    parse_command,
)

KEY = "a key that must not be seen"
STAND_IN = Path(__file__).with_name("stand_in_kernel.py")
SOON = 30.0
"""Seconds within which everything here happens on the slowest of machines."""


def soon() -> float:
    """A deadline that is only met when something hangs."""
    return time.monotonic() + SOON


def eventually(true: Callable[[], object], what: str) -> None:
    """Wait until ``true()``; fail in words if it does not become so."""
    deadline = soon()
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {SOON} s: {what}")
        time.sleep(0.01)


@contextmanager
def fresh_home() -> Iterator[Path]:
    """A home with a short path (sockets need that) that must be empty of us when it is given back."""
    home = Path(tempfile.mkdtemp(prefix="w", dir="/tmp"))
    try:
        yield home
    finally:
        for process in ours_at(home):
            process.kill()
        shutil.rmtree(home, ignore_errors=True)


def ours_at(home: Path, word: str = "") -> list[psutil.Process]:
    """Processes whose command line names something below ``home``, and has ``word`` in it if one is given."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [] if process.status() == psutil.STATUS_ZOMBIE else process.cmdline()
            if any(str(home) in part for part in words) and (not word or word in words):
                found.append(process)
        except psutil.Error:
            continue
    return found


def left_in(home: Path) -> list[Path]:
    """Everything that sessions have left in ``home``; the folder for sessions itself may stay."""
    return sorted((home / ".cache" / "pyteleport").glob("*"))


def nothing_stays(home: Path) -> None:
    """Fail unless process and files are gone, or go by themselves within a moment."""
    eventually(lambda: not ours_at(home), f"processes gone: {ours_at(home)}")
    eventually(lambda: not left_in(home), f"files gone: {left_in(home)}")


def stand_in_zip() -> bytes:
    """Our package as it is sent, with the stand-in for a kernel."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(package_zip.package_zip())) as real,
        zipfile.ZipFile(buffer, "w") as archive,
    ):
        for name in real.namelist():
            if name != "pyteleport_jupyter/remote/kernel.pyc":
                archive.writestr(name, real.read(name))
        archive.writestr("pyteleport_jupyter/remote/kernel.py", STAND_IN.read_bytes())
    return zlib.compress(buffer.getvalue(), 1)


@dataclass
class FarSide:
    """One session on the far side as the departing kernel, and later the relay, sees it."""

    transport: Transport
    link: Link
    landed: Landed
    conversation: Conversation
    token: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    epoch: int = 0
    heard: list[Message] = field(default_factory=list)

    @property
    def pipe(self) -> Pipe:
        return self.conversation.pipe

    @property
    def channel(self) -> NumberedChannel:
        return self.pipe.channel

    def start(self, modules: Sequence[str] = (), lease: float = 60.0, **fields: Any) -> dict[str, Any]:
        """Give the order to start; returns the survey."""
        self.conversation.command("start", **self.order(modules, lease), **fields)
        return self.conversation.wait_for("survey", soon())

    def order(self, modules: Sequence[str] = (), lease: float = 60.0) -> dict[str, Any]:
        """The fields of an order to start."""
        return {
            "key": KEY,
            "host": "cartesius",
            "target": "cartesius",
            "modules": list(modules),
            "lease": lease,
            "token": self.token.hex(),
        }

    def prepare(self, shipped: bytes = b"snapshot") -> dict[str, Any]:
        """Ship and have it restored; returns what is said to that."""
        self.conversation.ship(
            memoryview(shipped)[at : at + (1 << 18)] for at in range(0, len(shipped), 1 << 18)
        )
        self.conversation.command("prepare")
        return self.conversation.wait_for("prepared", soon())

    def hold(self) -> None:
        self.conversation.command("hold")
        self.conversation.wait_for("held", soon())

    def commit(self) -> None:
        """As the relay does: what the kernel says may be right behind the answer."""
        self.say("commit")
        self.command("committed")

    def go_live(self, **options: Any) -> dict[str, Any]:
        """All of the road; returns what ``prepared`` said."""
        self.start(**options)
        prepared = self.prepare()
        self.hold()
        self.commit()
        return prepared

    def send(self, lane: Lane, message_type: str, content: dict[str, Any], *buffers: bytes) -> str:
        """Say what a front end with the identity ``tab`` would say; returns the message id."""
        header = {"msg_id": os.urandom(8).hex(), "msg_type": message_type}
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        digest = hmac.new(KEY.encode(), b"".join(parts), "sha256").hexdigest().encode()
        self.channel.send(lane, [b"tab", b"<IDS|MSG>", digest, *parts, *buffers])
        self.pipe.flush()
        return header["msg_id"]

    def execute(self, code: str) -> str:
        return self.send(Lane.SHELL, "execute_request", {"code": code})

    def listen(self) -> None:
        """Take in what comes, waiting for it; what is said at last is heard before the end."""
        self.pipe.flush()
        if self.pipe.closed:
            raise AssertionError(f"the link has ended: {complaint(self.link)}")
        wants = [self.pipe.write_fd] if self.pipe.wants_write else []
        select.select([self.pipe.read_fd], wants, [], min(1.0, self.channel.timeout()))
        self.heard += self.pipe.fill()
        self.pipe.flush()

    def until(self, true: Callable[[], object]) -> None:
        """Listen until ``true()``."""
        deadline = soon()
        while not true():
            self.listen()
            assert time.monotonic() < deadline, transcript(self.heard)

    def command(self, op: str) -> dict[str, Any]:
        """Wait for the command ``op``."""
        found: list[dict[str, Any]] = []

        def is_there() -> bool:
            commands = [
                parse_command(message.parts[0]) for message in self.heard if message.lane is Lane.COMMAND
            ]
            found.extend(command for command in commands if command["op"] == op)
            return bool(found)

        self.until(is_there)
        return found[0]

    def say(self, op: str, **fields: object) -> None:
        self.channel.send(Lane.COMMAND, [encode_command(op, **fields)])
        self.pipe.flush()

    def run(self, code: str) -> list[str]:
        """Execute ``code``; returns the texts that it prints, once reply and idle are there."""
        identifier = self.execute(code)
        self.until(lambda: (identifier, "idle") in transcript(self.heard))
        return texts(self.heard, identifier)

    def lose_link(self) -> None:
        """The connection breaks."""
        self.channel.detach()
        close_link(self.link)

    def attach(self, token: bytes | None = None, epoch: int | None = None) -> None:
        """A new link to the session, which the old one need not have noticed."""
        self.epoch = self.epoch + 1 if epoch is None else epoch
        link, landed = self.knock(token, received=self.channel.received)
        self.channel.attach(landed.peer_received)
        self.link = link
        self.conversation.pipe = Pipe(link.read_fd, link.write_fd, self.channel)
        self.heard += self.channel.receive(landed.leftover)

    def knock(
        self, token: bytes | None = None, received: int = 0, takeover: bool = False
    ) -> tuple[Link, Landed]:
        """A link that the supervisor has let in."""
        request = AttachRequest(
            directory=self.landed.directory,
            token=self.token if token is None else token,
            python=self.landed.python,
            epoch=0 if takeover else self.epoch,
            received=received,
            takeover=takeover,
        )
        link = self.transport.spawn(request.command)
        try:
            return link, land(link, self.transport, request, None, soon())
        except BaseException:
            close_link(link)
            raise

    def taken_up(self, token: bytes | None = None) -> FarSide:
        """The session as somebody else has it, who knows nothing of what was said before."""
        link, landed = self.knock(token, takeover=True)
        pipe = Pipe(link.read_fd, link.write_fd, NumberedChannel())
        conversation = Conversation(pipe, self.transport.host, lambda: complaint(link), landed.leftover)
        return FarSide(self.transport, link, landed, conversation, landed.token, landed.epoch)


HERE = BootRequest(python=sys.executable)
"""With the interpreter of the tests."""


def land_on(
    transport: Transport, request: BootRequest = HERE, ask: Ask | None = None, seconds: float = SOON
) -> Landed:
    """Only the landing: what was said when it was there; whatever it started ends with its link."""
    link = transport.spawn(request.command)
    try:
        return land(link, transport, request, ask, time.monotonic() + seconds)
    finally:
        close_link(link)


@contextmanager
def booted(transport: Transport | None = None, request: BootRequest = HERE) -> Iterator[FarSide]:
    """A far side over ``transport`` (default: a process here)."""
    transport = transport or LocalTransport()
    link = transport.spawn(BootRequest.command)
    far: FarSide | None = None
    try:
        landed = land(link, transport, request, None, soon())
        pipe = Pipe(link.read_fd, link.write_fd, NumberedChannel())
        conversation = Conversation(pipe, transport.host, lambda: complaint(link), landed.leftover)
        far = FarSide(transport, link, landed, conversation)
        yield far
    finally:
        close_link(far.link if far else link)


def texts(messages: list[Message], parent: str) -> list[str]:
    """Texts of the streams that belong to request ``parent``."""
    found = [parsed(message) for message in messages if message.lane is Lane.IOPUB]
    return [
        content["text"]
        for header, of, content in found
        if header["msg_type"] == "stream" and of.get("msg_id") == parent
    ]


def transcript(messages: list[Message]) -> list[tuple[str, str]]:
    """For each Jupyter message in order: the request it belongs to, and its state, text or type."""
    found = []
    for message in messages:
        if message.lane is not Lane.COMMAND:
            header, parent, content = parsed(message)
            what = content.get("execution_state") or content.get("text") or header["msg_type"]
            found.append((parent.get("msg_id", ""), what))
    return found


def parsed(message: Message) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Header, parent header and content."""
    at = message.parts.index(b"<IDS|MSG>")
    header, parent, _, content = (json.loads(part) for part in message.parts[at + 2 : at + 6])
    return header, parent, content
