"""The target ``cmd:...``: any command line that ends in a shell on the target, such as ``docker exec -i box
sh -c``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter import errors
from pyteleport_jupyter.transports.link import Link, spawn_child


@dataclass(frozen=True)
class CommandTransport:
    """Runs ``argv`` with the shell's command line as one more argument at the end."""

    argv: tuple[str, ...]

    @property
    def host(self) -> str:
        """The program and its arguments as the user said them, without its directory."""
        return " ".join([os.path.basename(self.argv[0]), *self.argv[1:]]) if self.argv else "nothing"

    def spawn(self, command: str) -> Link:
        """See :class:`~.link.Transport`."""
        try:
            return spawn_child([*self.argv, command])
        except OSError as error:
            raise errors.ShellFailed(host=self.host, reason=error) from error

    def as_record(self) -> dict[str, Any]:
        """See :class:`~.link.Transport`."""
        return {"kind": "command", "argv": list(self.argv)}


def from_record(record: Mapping[str, Any]) -> CommandTransport:
    """Undo :meth:`CommandTransport.as_record`."""
    return CommandTransport(tuple(str(word) for word in record["argv"]))
