"""The order to start a program, as it came over the link, checked field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter.remote.orders import (
    DEFAULT_LEASE,
    LEASE_LIMITS,
    MODULES_LIMIT,
    NAME_LIMIT,
    PATHS_LIMIT,
    PROGRAM,
    parse_kind,
)
from pyteleport_jupyter.wire.framing import WireError


@dataclass(frozen=True)
class ProgramOrder:
    """What a supervisor of a program is told at first."""

    token: bytes
    modules: tuple[str, ...]
    paths: tuple[str, ...]
    lease: float
    kind: str = PROGRAM
    """One of :data:`.orders.KINDS`."""
    host: str = ""
    target: str = ""
    origin: str = ""
    """What people call the machine here, how they said it, and where it was sent from."""
    keep = False
    """Programs leave no data behind."""

    def __repr__(self) -> str:
        return f"ProgramOrder(host={self.host!r}, target={self.target!r})"


def parse_order(command: Mapping[str, Any]) -> ProgramOrder:
    """The order in ``command``. Raises WireError for one that makes no sense."""
    try:
        order = ProgramOrder(
            token=bytes.fromhex(command["token"]),
            modules=tuple(str(name) for name in command["modules"]),
            paths=tuple(str(path) for path in command.get("paths", ())),
            lease=float(command.get("lease", DEFAULT_LEASE)),
            kind=parse_kind(command, PROGRAM),
            **{name: str(command.get(name, ""))[:NAME_LIMIT] for name in ("host", "target", "origin")},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WireError(f"an order to start that lacks something: {error!r}") from None
    _check(order)
    return order


def _check(order: ProgramOrder) -> None:
    if len(order.token) < 16:
        raise WireError("the token is too short to be one")
    if not LEASE_LIMITS[0] <= order.lease <= LEASE_LIMITS[1]:
        raise WireError(f"a lease of {order.lease} seconds")
    if len(order.modules) > MODULES_LIMIT or len(order.paths) > PATHS_LIMIT:
        raise WireError("too many modules or folders")
