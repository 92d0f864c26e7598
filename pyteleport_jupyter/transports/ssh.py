"""The target is an ssh host. Everything that takes time happens in a child process: see :mod:`.ssh_child`."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyteleport_jupyter.errors import ShellFailed, TargetUnknown
from pyteleport_jupyter.transports.link import Link, close_link, spawn_child

CONFIG_VARIABLE = "TELEPORT_SSH_CONFIG"
"""Names another ssh configuration (as ``ssh -F``), for tests and demonstrations."""
WAYS = ("paramiko", "ssh")

# What OpenSSH refuses on its command line too (ssh.c, valid_hostname and valid_ruser): these words end up
# in ProxyCommand lines.
_HOST = re.compile(r"(?!-)[^\s'`\"$\\;&<>|(){}\x00-\x1f\x7f]{1,255}")
_USER = re.compile(r"(?!-)(?:(?!\s-)[^'`\";&<>|(){}\x00-\x1f\x7f]){1,255}(?<!\\)")

_BOOT = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from pyteleport_jupyter.transports.ssh_child import main; main(sys.argv[1:])"
)


@dataclass(frozen=True)
class SshTransport:
    """Runs the command on ``host``, which is looked up in the user's ssh configuration.

    ``user`` and ``port`` win over what stands there; ``target`` is what the user said. ``via`` is
    ``paramiko``, ``ssh`` (the system's client), or None for paramiko unless the host needs what only the
    system's ssh has. ``config`` is a file for ``ssh -F``. Raises TargetUnknown for names that are none.
    """

    host: str
    user: str | None = None
    port: int | None = None
    via: str | None = None
    config: str | None = None
    target: str | None = None

    def __post_init__(self) -> None:
        said = self.target or self.host
        if not _HOST.fullmatch(self.host):
            raise TargetUnknown(target=said, reason="that is not a host name")
        if self.user is not None and not _USER.fullmatch(self.user):
            raise TargetUnknown(target=said, reason="that is not a user name")
        if self.port is not None and not 0 < self.port < 65536:
            raise TargetUnknown(target=said, reason=f"{self.port} is not a port")
        if self.via is not None and self.via not in WAYS:
            raise TargetUnknown(
                target=said, reason=f"one gets there via {' or '.join(WAYS)}, not via {self.via}"
            )

    def spawn(self, command: str) -> Link:
        """See :class:`~.link.Transport`. The child says on ``events_fd`` what it needs and what became of
        it.
        """
        order = {**self.as_record(), "command": command}
        try:
            link = spawn_child(child_command(), events=True)
        except OSError as error:
            raise ShellFailed(host=self.host, reason=error) from error
        try:
            _send(link, order)
        except OSError as error:
            close_link(link)
            raise ShellFailed(host=self.host, reason=f"the ssh child ended at once: {error}") from error
        return link

    def as_record(self) -> dict[str, Any]:
        """See :class:`~.link.Transport`. The configuration in use is fixed here: a later process may have
        another environment.
        """
        return {
            "kind": "ssh",
            "host": self.host,
            "user": self.user,
            "port": self.port,
            "via": self.via,
            "config": self.config or os.environ.get(CONFIG_VARIABLE) or None,
            "target": self.target,
        }


def from_record(record: Mapping[str, Any]) -> SshTransport:
    """Undo :meth:`SshTransport.as_record`. Raises TargetUnknown or KeyError for a record that is none."""
    return SshTransport(
        host=record["host"],
        user=record["user"],
        port=record["port"],
        via=record["via"],
        config=record["config"],
        target=record["target"],
    )


def child_command() -> list[str]:
    """How the child is started; the number of its events socket comes behind it.

    ``-P`` keeps the notebook's folder off ``sys.path``, where a ``paramiko.py`` of the user might lie. The
    package is found where this one was, installed or not.
    """
    root = Path(__file__).parents[2]
    return [sys.executable, "-P", "-c", _BOOT, str(root)]


def _send(link: Link, order: Mapping[str, Any]) -> None:
    """Where to go and what to run there, as the first line on the events socket: argv is for everyone to
    read.
    """
    if link.events_fd is None:
        raise OSError("the child has no events socket")
    line = json.dumps(order).encode() + b"\n"
    while line:
        line = line[os.write(link.events_fd, line) :]
