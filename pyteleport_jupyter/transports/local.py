"""The target ``local``: a fresh process on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter import errors
from pyteleport_jupyter.transports.link import Link, spawn_child


@dataclass(frozen=True)
class LocalTransport:
    """Runs the command in ``/bin/sh`` here."""

    host: str = "local"

    def spawn(self, command: str) -> Link:
        """See :class:`~.link.Transport`."""
        try:
            return spawn_child(["/bin/sh", "-c", command])
        except OSError as error:
            raise errors.ShellFailed(host=self.host, reason=error) from error

    def as_record(self) -> dict[str, Any]:
        """See :class:`~.link.Transport`."""
        return {"kind": "local", "host": self.host}


def from_record(record: Mapping[str, Any]) -> LocalTransport:
    """Undo :meth:`LocalTransport.as_record`."""
    return LocalTransport(str(record["host"]))
