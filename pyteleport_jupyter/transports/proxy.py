"""Ways to a host that does not answer itself: ProxyJump as a channel through the jump host, ProxyCommand as
a command.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import socket
import subprocess
from collections.abc import Iterator

import paramiko

from pyteleport_jupyter.errors import HostRefused, TeleportError
from pyteleport_jupyter.transports.failures import ParamikoLacks
from pyteleport_jupyter.transports.ssh_settings import Destination, Settings

_JUMP = re.compile(
    r"(?:ssh://)?(?:(?P<user>[^@\s]+)@)?(?:\[(?P<address>[^\]\s]+)\]|(?P<host>[^:\[\]\s/@]+))(?::(?P<port>\d{1,5}))?/?"
)


def parse_jumps(settings: Settings) -> tuple[Destination, ...]:
    """The hosts of ProxyJump, in the order in which they are passed. Raises HostRefused for one that is not
    understood.
    """
    return tuple(
        _parse_jump(part.strip(), settings) for part in (settings.proxy_jump or "").split(",") if part.strip()
    )


def _parse_jump(text: str, settings: Settings) -> Destination:
    found = _JUMP.fullmatch(text)
    if not found or text.startswith("-"):
        raise HostRefused(host=settings.alias, reason=f"its ProxyJump {text!r} is not a host")
    port = int(found["port"]) if found["port"] else None
    return Destination(found["address"] or found["host"], found["user"], port, settings.config)


@contextlib.contextmanager
def blaming(hop: Settings) -> Iterator[None]:
    """Errors of the jump host say so: the sentence itself is about the host behind it."""
    try:
        yield
    except TeleportError as error:
        told = {name: fact for name, fact in error.facts.items() if name not in ("reason", "fingerprint")}
        for name in ("reason", "fingerprint"):
            if name in error.facts:
                told[name] = f"at its jump host {hop.alias}: {error.facts[name]}"
        raise type(error)(**told) from None


def open_through(jump: paramiko.Transport, hop: Settings, target: Settings) -> paramiko.Channel:
    """A byte stream from the jump host to ``target``. Raises HostRefused."""
    try:
        return jump.open_channel(
            "direct-tcpip", (target.hostname, target.port), ("127.0.0.1", 0), timeout=target.connect_seconds
        )
    except paramiko.ChannelException as error:
        reason = f"the jump host {hop.alias} did not get there ({error.text.lower()})"
    except (paramiko.SSHException, OSError, EOFError) as error:
        reason = f"the jump host {hop.alias} did not get there ({error or type(error).__name__})"
    raise HostRefused(host=target.alias, reason=reason)


def run_command(settings: Settings) -> socket.socket:
    """Run ProxyCommand in the user's shell, as OpenSSH does; its stdin and stdout are the other end of the
    socket returned.
    """
    command = expand_command(settings.proxy_command or "", settings)
    ours, theirs = socket.socketpair()
    shell = os.environ.get("SHELL") or "/bin/sh"
    try:
        subprocess.Popen([shell, "-c", f"exec {command}"], stdin=theirs.fileno(), stdout=theirs.fileno())
    except OSError as error:
        ours.close()
        raise HostRefused(host=settings.alias, reason=f"its ProxyCommand did not start ({error})") from None
    finally:
        theirs.close()
    return ours


def expand_command(command: str, settings: Settings) -> str:
    """``command`` with the percent tokens of ssh_config(5) filled in. Raises ParamikoLacks for one that
    only ssh knows.
    """
    name = socket.gethostname()
    tokens = {
        "%": "%",
        "d": os.path.expanduser("~"),
        "h": settings.hostname,
        "i": str(os.getuid()),
        "k": settings.host_key_alias or settings.alias,
        "L": name.split(".")[0],
        "l": name,
        "n": settings.alias,
        "p": str(settings.port),
        "r": settings.user,
        "u": getpass.getuser(),
    }

    def fill(found: re.Match[str]) -> str:
        if found[1] not in tokens:
            raise ParamikoLacks(f"the ProxyCommand has {found[0]}")
        return tokens[found[1]]

    return re.sub(r"%(.)", fill, command)
