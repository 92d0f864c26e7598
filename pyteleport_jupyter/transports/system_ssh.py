"""The system's ssh as the child of the link: the ssh child replaces itself by it, and a companion process
serves its questions.

ssh keeps the pid, stdin and stdout of the link, so that killing the child or closing the pipe ends it as
with any transport. The companion (:mod:`.ssh_companion`) reads ssh's stderr and answers its SSH_ASKPASS
program.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from pyteleport_jupyter.errors import HostRefused
from pyteleport_jupyter.transports import jump_hosts, ssh_companion
from pyteleport_jupyter.transports.control_master import has_live_master
from pyteleport_jupyter.transports.ssh_settings import Destination, Settings

FIXED_OPTIONS = (
    # Options that an older ssh does not know are no error.
    "IgnoreUnknown=SessionType,StdinNull,ForkAfterAuthentication",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "ForwardAgent=no",
    "ForwardX11=no",
    "Tunnel=no",
    "RequestTTY=no",
    "EscapeChar=none",
    "SessionType=default",
    "StdinNull=no",
    "ForkAfterAuthentication=no",
    # Use a master that is there, never become one: the connection must end with this process.
    "ControlMaster=no",
    "ControlPersist=no",
    # The companion reads from stderr when ssh has been let in.
    "LogLevel=VERBOSE",
    "FingerprintHash=sha256",
)

LONGEST_FOLDER = 64
"""A socket's path has at most 103 bytes (macOS; 107 on Linux), of which 35 are ours."""

# No argument of its own reaches an SSH_ASKPASS program, hence a script with the socket's name in it. The
# prompt is no secret.
_ASKPASS = """#!/bin/sh
exec {python} -I -S -c {code} {socket} "$1"
"""
_ASKPASS_CODE = """
import os, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
s.sendall((os.environ.get("SSH_ASKPASS_PROMPT", "") + "\\n" + sys.argv[2]).encode())
s.shutdown(socket.SHUT_WR)
a = b"".join(iter(lambda: s.recv(65536), b""))
sys.exit(1) if a[:1] != b"+" else os.write(1, a[1:] + b"\\n")
"""


def become_ssh(
    settings: Settings, destination: Destination, command: str, connection: socket.socket
) -> NoReturn:
    """Replace this process by ssh that runs ``command`` on the host, with a companion beside it. Raises
    HostRefused.
    """
    ssh = shutil.which("ssh")
    if ssh is None:
        raise HostRefused(host=settings.alias, reason="no ssh client is installed here")
    jumps = jump_hosts.jump_names(settings)
    directory = Path(tempfile.mkdtemp(prefix="pyteleport-ask-", dir=_short_folder()))
    listener = _prepare_askpass(directory)
    stderr_read, stderr_write = os.pipe()
    sys.stderr.flush()
    shared = has_live_master(settings.said("controlpath"))
    companion = ssh_companion.Companion(
        settings.alias, connection, listener, stderr_read, directory, shared=shared, jumps=jumps
    )
    if os.fork() == 0:
        os.close(stderr_write)
        companion.serve()
    os.dup2(stderr_write, 2)
    environment = {
        **os.environ,
        "SSH_ASKPASS": str(directory / "askpass"),
        "SSH_ASKPASS_REQUIRE": "force",
        # An ssh before 8.4 does not know the line above; without a terminal it asks this way only if there
        # is a display.
        "DISPLAY": os.environ.get("DISPLAY") or ":",
    }
    os.execve(
        ssh, [ssh, *options(settings), *_where(destination), "--", destination.alias, command], environment
    )


def options(settings: Settings) -> list[str]:
    """The options that win over the user's configuration, and ends for waits that have none there."""
    chosen = [*FIXED_OPTIONS, f"StrictHostKeyChecking={settings.strict_host_keys}"]
    if not settings.said("connecttimeout").isdigit():
        chosen.append(f"ConnectTimeout={settings.connect_seconds:.0f}")
    if settings.said("serveraliveinterval") in ("", "0"):
        chosen.append(f"ServerAliveInterval={settings.alive_seconds:.0f}")
    if not has_live_master(settings.said("controlpath")):
        chosen.append("ControlPath=none")
    return [word for option in chosen for word in ("-o", option)]


def _where(destination: Destination) -> list[str]:
    words = ["-F", destination.config] if destination.config else []
    words += ["-l", destination.user] if destination.user else []
    return words + (["-p", str(destination.port)] if destination.port else [])


def _short_folder() -> str:
    """Where a socket's path is short enough for the kernel; the folder made there is mode 0700."""
    folder = tempfile.gettempdir()
    return folder if len(folder) <= LONGEST_FOLDER else "/tmp"


def _prepare_askpass(directory: Path) -> socket.socket:
    """The script in ``directory`` (which only we can enter) and the socket that it talks to."""
    script = directory / "askpass"
    words = map(shlex.quote, (sys.executable, _ASKPASS_CODE, str(directory / "questions")))
    text = _ASKPASS.format(**dict(zip(("python", "code", "socket"), words, strict=True)))
    with open(os.open(script, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700), "w", encoding="utf-8") as file:
        file.write(text)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(directory / "questions"))
    listener.listen(4)
    return listener
