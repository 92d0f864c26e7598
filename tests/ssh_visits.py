"""The parent's side of an ssh link: a configuration to write, a link to open, questions to answer."""

from __future__ import annotations

import contextlib
import json
import os
import select
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyteleport_jupyter import errors
from pyteleport_jupyter.transports.link import Link, Question, Transport, close_link, complaint

SECONDS = 40.0
Ask = Callable[[Question], str | None]


@dataclass
class Visit:
    """An open link, the questions that were asked on the way, and what became of it."""

    link: Link
    questions: list[Question] = field(default_factory=list)
    failure: errors.TeleportError | None = None

    def read(self, count: int) -> bytes:
        """Exactly ``count`` bytes, fewer at the end of file."""
        received = b""
        while len(received) < count and (part := self.read_some(count - len(received))):
            received += part
        return received

    def read_some(self, count: int = 1 << 16) -> bytes:
        """What is there; empty at the end of file."""
        ready, _, _ = select.select([self.link.read_fd], [], [], SECONDS)
        if not ready:
            raise TimeoutError(f"nothing came: {complaint(self.link)}")
        return os.read(self.link.read_fd, count)

    def write(self, data: bytes) -> None:
        """All of ``data``."""
        view = memoryview(data)
        while view:
            view = view[os.write(self.link.write_fd, view) :]

    def complaint(self) -> str:
        """What the child wrote to stderr."""
        return complaint(self.link)


def never_asked(question: Question) -> str | None:
    """For connections that must not need an answer."""
    raise AssertionError(f"asked {question}")


@contextlib.contextmanager
def visiting(
    transport: Transport, command: str = "echo hello; exec cat", ask: Ask = never_asked
) -> Iterator[Visit]:
    """Spawn, answer until the child is connected or has failed, and close in the end."""
    visit = Visit(transport.spawn(command))
    try:
        _converse(visit, ask)
        yield visit
    finally:
        close_link(visit.link)


def _converse(visit: Visit, ask: Ask) -> None:
    for event in _events(visit.link):
        kind = event.pop("event")
        if kind == "question":
            visit.questions.append(Question(**event))
            answer = ask(visit.questions[-1])
            os.write(visit.link.events_fd or -1, json.dumps({"answer": answer}).encode() + b"\n")
        elif kind == "failed":
            visit.failure = errors.from_child(event)
            return
        elif kind == "connected":
            return


def _events(link: Link) -> Iterator[dict[str, Any]]:
    buffered = b""
    deadline = time.monotonic() + SECONDS
    while True:
        ready, _, _ = select.select([link.events_fd], [], [], max(0.0, deadline - time.monotonic()))
        received = os.read(link.events_fd or -1, 65536) if ready else b""
        if not received:
            raise AssertionError(f"no event: {complaint(link)}")
        *lines, buffered = (buffered + received).split(b"\n")
        yield from map(json.loads, lines)


@dataclass(frozen=True)
class Configuration:
    """An ssh configuration in a folder of its own, with a known_hosts file beside it."""

    folder: Path

    @property
    def file(self) -> str:
        """For ``ssh -F``."""
        return str(self.folder / "config")

    @property
    def known_hosts(self) -> Path:
        """Where accepted keys are remembered."""
        return self.folder / "ssh" / "known_hosts"

    def write(self, hosts: dict[str, dict[str, object]], known: str = "") -> Configuration:
        """One Host block for each of ``hosts``; common settings go into every one."""
        self.known_hosts.parent.mkdir(exist_ok=True)
        if known:
            self.known_hosts.write_text(known)
        common = {
            "HostName": "127.0.0.1",
            "UserKnownHostsFile": self.known_hosts,
            "GlobalKnownHostsFile": "/dev/null",
            "IdentitiesOnly": "yes",
            "IdentityFile": "none",
        }
        blocks = [
            f"Host {name}\n"
            + "".join(f"  {keyword} {value}\n" for keyword, value in {**common, **said}.items())
            for name, said in hosts.items()
        ]
        Path(self.file).write_text("\n".join(blocks))
        return self
