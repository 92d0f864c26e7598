"""The request that is being answered now: what the far side needs to finish it in the first one's name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class InFlight:
    """A shell request as plain data; ``identities`` route the reply, hex since they are bytes in a JSON
    document.
    """

    identities: tuple[str, ...]
    header: dict[str, Any]
    parent_header: dict[str, Any]
    metadata: dict[str, Any]
    content: dict[str, Any]

    @property
    def message_id(self) -> str:
        return str(self.header.get("msg_id", ""))

    def as_record(self) -> dict[str, Any]:
        """The request as JSON-able data; :meth:`from_record` reads it."""
        return {**vars(self), "identities": list(self.identities)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> InFlight:
        """What :meth:`as_record` wrote."""
        return cls(**{**record, "identities": tuple(record["identities"])})


def in_flight_request(kernel: Any) -> InFlight | None:
    """The shell request that runs now (ipykernel: ``get_parent`` and ``_parent_ident``), or None when none
    does.

    The kernel remembers the last one; whether it still runs is known by the lock that requests hold.
    """
    parent = kernel.get_parent("shell")
    if not parent or "header" not in parent or not kernel._main_asyncio_lock.locked():
        return None
    idents = kernel._parent_ident["shell"]
    return InFlight(
        identities=tuple(identity.hex() for identity in (idents if isinstance(idents, list) else [idents])),
        header=_plain(parent["header"]),
        parent_header=_plain(parent.get("parent_header")),
        metadata=_plain(parent.get("metadata")),
        content=_plain(parent.get("content")),
    )


def _plain(part: Mapping[str, Any] | None) -> dict[str, Any]:
    """One part of a message as it was on the wire: jupyter_client has made datetime objects of its dates."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(part or {}), default=_date))
    return plain


def _date(moment: Any) -> str:
    return str(moment.isoformat()).replace("+00:00", "Z") if hasattr(moment, "isoformat") else str(moment)
