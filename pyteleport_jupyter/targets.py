"""From the words of the user to a place to go: ``cartesius``, ``user@host:port``, ``local``, ``cmd:…``."""

from __future__ import annotations

import os
import re
import shlex
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass

from pyteleport_jupyter.errors import TargetUnknown
from pyteleport_jupyter.options import Options
from pyteleport_jupyter.transports import SshTransport, Transport
from pyteleport_jupyter.transports.command import CommandTransport
from pyteleport_jupyter.transports.local import LocalTransport

ENTRY_POINT_GROUP = "pyteleport_jupyter.targets"
"""Other packages add kinds here: an entry point named after the kind, (rest, options) -> Transport."""

LONGEST_TARGET = 1024
SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "fish", "csh", "tcsh"})
"""A command line that ends in one of these means that shell: ``srun -n1 bash``."""
_SSH_TARGET = re.compile(
    r"(?:(?P<user>[^@\s]+)@)?(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^@:\s\[\]]+)(?::(?P<port>\d{1,5}))?"
)

Kind = Callable[[str, Options], Transport]


@dataclass(frozen=True)
class Target:
    """``text`` as the user said it, which names the place from now on, and the transport that reaches it.

    ``python`` is the interpreter to use where the user names none; None leaves it to the login shell there.
    """

    text: str
    transport: Transport
    python: str | None = None

    @property
    def host(self) -> str:
        """What messages call it."""
        return self.transport.host

    @property
    def unchecked(self) -> bool:
        """Whether nobody but us sees to it that what comes out there is what went in here."""
        return isinstance(self.transport, CommandTransport)


def parse_target(text: str, options: Options) -> Target:
    """The target that ``text`` names. Raises TargetUnknown; nothing is contacted."""
    if not isinstance(text, str):
        raise TargetUnknown(target=repr(text), reason="it is not a string")
    wanted = text.strip()
    if not wanted or len(wanted) > LONGEST_TARGET or not wanted.isprintable():
        raise TargetUnknown(
            target=repr(wanted[:40]), reason="it is empty, too long, or has strange characters"
        )
    kind, colon, rest = wanted.partition(":")
    make = _KINDS.get(kind) or (_registered(kind) if colon else None)
    if make:
        # A fresh process on this machine is a fresh process of the Python that runs here.
        python = sys.executable if make is _local else None
        return Target(wanted, make(rest, options), python)
    return Target(wanted, _ssh(wanted, options))


def _local(rest: str, options: Options) -> Transport:
    if rest:
        raise TargetUnknown(target=f"local:{rest}", reason="local takes nothing behind it")
    return LocalTransport(host=f"a process on {socket.gethostname()}")


def _command(rest: str, options: Options) -> Transport:
    try:
        argv = shlex.split(rest)
    except ValueError as error:
        raise TargetUnknown(target=f"cmd:{rest}", reason=str(error)) from None
    if not argv:
        raise TargetUnknown(target="cmd:", reason="say the command that ends in a shell there")
    if os.path.basename(argv[-1]) in SHELLS and os.path.basename(argv[0]) != "ssh":
        argv.append("-c")  # ssh passes on what it is given as a line for the shell of its own
    return CommandTransport(argv=tuple(argv))


def _home(rest: str, options: Options) -> Transport:
    raise TargetUnknown(target="home", reason="it is no host, but what the session comes back to by itself")


def _ssh(wanted: str, options: Options) -> Transport:
    found = _SSH_TARGET.fullmatch(wanted)
    if not found or found["host"].startswith("-") or (found["user"] or "").startswith("-"):
        raise TargetUnknown(target=wanted, reason="it is neither an ssh host nor a known kind of target")
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port < 65536:
        raise TargetUnknown(target=wanted, reason=f"{port} is not a port")
    return SshTransport(
        host=found["host"].strip("[]"), user=found["user"], port=port, via=options.via, target=wanted
    )


_KINDS: dict[str, Kind] = {"local": _local, "cmd": _command, "home": _home}


def _registered(kind: str) -> Kind | None:
    # Takes a while to load, and hardly anybody has kinds of his own.
    from importlib.metadata import entry_points

    for entry in entry_points(group=ENTRY_POINT_GROUP, name=kind):
        loaded: Kind = entry.load()
        return loaded
    return None
