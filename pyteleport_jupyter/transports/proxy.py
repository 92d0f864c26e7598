"""Ways to a host that does not answer itself: ProxyJump as a channel through the jump host, ProxyCommand as
a command.
"""

from __future__ import annotations

import getpass
import os
import re
import socket
import subprocess

import paramiko

from pyteleport_jupyter.errors import HostRefused
from pyteleport_jupyter.transports.failures import ParamikoLacks
from pyteleport_jupyter.transports.ssh_settings import Settings


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
