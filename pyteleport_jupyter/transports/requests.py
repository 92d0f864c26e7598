"""What may be wanted of a host over a new link, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pyteleport_jupyter.remote.first_stage import REMOTE_COMMAND


@dataclass(frozen=True)
class ProgramStart:
    """How the interpreter that a program goes on in is started; the program itself comes later.

    ``streams``: what each is there, "pipe", "terminal", "nowhere", or of stderr "stdout", the same pipe, so
    that their order is kept. ``terminal``: the seven ``attributes`` of ``termios.tcgetattr`` and its size
    (``rows``, ``columns``), if stdin is one.
    """

    boot: str
    flags: tuple[str, ...]
    streams: Mapping[str, str]
    terminal: Mapping[str, Any] | None
    environment: Mapping[str, str]


@dataclass(frozen=True)
class BootRequest:
    """Start a new supervisor, with ``python`` (a name or path there) after ``setup`` in the login shell."""

    python: str | None = None
    setup: str = ""
    login: bool = True
    """Whether Python is looked for in the environment of a login shell, or in the one that the link has."""
    program: ProgramStart | None = None
    """What is to be supervised is a program, whose interpreter is started like this, not a kernel."""
    command: ClassVar[str] = REMOTE_COMMAND


@dataclass(frozen=True)
class AttachRequest:
    """Reach the supervisor that lives in ``directory`` over a new link, which is to have the number
    ``epoch``.

    ``received`` is the ``received`` of our channel. ``python`` should be :attr:`Landed.python` of the first
    link.
    """

    directory: str
    token: bytes
    python: str | None = None
    epoch: int = 1
    received: int = 0
    takeover: bool = False
    """Whether we know nothing of what was said before (:class:`~..wire.records.Takeover`)."""
    command: ClassVar[str] = REMOTE_COMMAND

    def __repr__(self) -> str:
        return f"AttachRequest(directory={self.directory!r}, epoch={self.epoch})"


@dataclass(frozen=True)
class Inquiry:
    """Ask the sessions there, or the one called ``session``: ``op`` is for their desks
    (:mod:`..remote.session_desk`). ``python`` and ``setup`` as for a boot.
    """

    op: str = "facts"
    session: str = ""
    answers: str = "remote.sessions_there"
    """Which module of ours answers there."""
    python: str | None = None
    setup: str = ""
    command: ClassVar[str] = REMOTE_COMMAND


Request = BootRequest | AttachRequest | Inquiry


@dataclass(frozen=True)
class Entry:
    """What follows from a proof that holds: what the supervisor has received, and after a takeover the new
    token and the number of the link.
    """

    received: int = 0
    token: bytes = b""
    epoch: int = 0


@dataclass(frozen=True)
class Landed:
    """The link speaks the wire protocol now. ``leftover`` are its first bytes, for ``channel.receive``.

    ``python`` is the path of the interpreter there, ``version`` what it is, ``directory`` the supervisor's.
    After an attach, ``peer_received`` is for ``channel.attach``.
    """

    leftover: bytes
    python: str
    version: str
    directory: str
    peer_received: int = 0
    token: bytes = b""
    epoch: int = 0
