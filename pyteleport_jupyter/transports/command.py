"""The target ``cmd:...``: any command line that ends in a shell on the target, such as ``docker exec -i box
sh -c``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter import errors
from pyteleport_jupyter.transports.link import Link, spawn_command

NAME_LIMIT = 60
"""Most characters of the command line that messages show."""


@dataclass(frozen=True)
class CommandTransport:
    """Runs ``argv`` with the shell's command line as one more argument at the end."""

    argv: tuple[str, ...]
    before: str = ""
    """A line for the shell at the end of ``argv``, run ahead of ours."""

    @property
    def host(self) -> str:
        """The program and its arguments as the user said them, without its directory, not too long."""
        words = " ".join([os.path.basename(self.argv[0]), *self.argv[1:]]) if self.argv else "nothing"
        return words if len(words) <= NAME_LIMIT else words[: NAME_LIMIT - 1] + "…"

    def spawn(self, command: str) -> Link:
        """See :class:`~.link.Transport`."""
        try:
            return spawn_command([*self.argv, f"{self.before}; {command}" if self.before else command])
        except OSError as error:
            raise errors.TargetUnknown(target=f"cmd:{self.host}", reason=error.strerror or error) from error

    def as_record(self) -> dict[str, Any]:
        """See :class:`~.link.Transport`."""
        return {"kind": "command", "argv": list(self.argv), "before": self.before}


def from_record(record: Mapping[str, Any]) -> CommandTransport:
    """Undo :meth:`CommandTransport.as_record`."""
    return CommandTransport(tuple(str(word) for word in record["argv"]), str(record.get("before", "")))
