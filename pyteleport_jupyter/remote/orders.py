"""The order to start, as it came over the link, checked field by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.proof import SECRET_SIZE

DEFAULT_LEASE = 900.0
LEASE_LIMITS = (1.0, 7 * 24 * 3600.0)
"""Shortest and longest lease in seconds."""

MODULES_LIMIT = 10_000
"""Most modules that a survey looks for."""

NAME_LIMIT = 256

KERNEL, CELLS, TERMINAL, PROGRAM = KINDS = ("kernel", "cells", "terminal", "program")
"""What lives there: the kernel of a notebook, one that runs single cells for a session that is elsewhere,
IPython in a terminal, a script.
"""

DEPOSIT = "deposit"
"""What is no session but what one has left; see :mod:`.depository`."""

PATHS_LIMIT = 1000
"""Most folders in which it looks besides the interpreter's own."""

PATH_LIMIT = 4096

_FLAG = re.compile(r"-(?:[BbEIOPRSdiqsuv]+|[WX].{1,200})")


@dataclass(frozen=True)
class StartOrder:
    """What a supervisor is told at first: the kernel's key and name, where it comes from, how long to
    live.
    """

    key: str
    token: bytes
    host: str
    target: str
    modules: tuple[str, ...]
    paths: tuple[str, ...]
    lease: float
    kernel_name: str | None
    flags: tuple[str, ...]
    python: str = ""
    """The interpreter for the kernel if packages were just installed for it; else that of the supervisor."""
    origin: str = ""
    """The machine that it was sent from, for people."""
    idle_lease: float = DEFAULT_LEASE
    """How long it lives without a link while nothing runs; the lease, if nothing else was said."""
    kind: str = KERNEL
    """One of KINDS."""
    keep: bool = False
    """Whether its data may stay for a while when the session leaves."""
    deposit: bytes = b""
    """The secret of a session that may have left something here; empty for one that has not."""
    empty: bool = False
    """Whether the session begins here, and none comes."""

    def __repr__(self) -> str:
        return f"StartOrder(host={self.host!r}, target={self.target!r})"


def parse_start(command: Mapping[str, Any]) -> StartOrder:
    """The order in ``command``. Raises WireError for one that makes no sense."""
    try:
        token = bytes.fromhex(command["token"])
        order = StartOrder(
            key=str(command["key"]),
            token=token,
            host=str(command["host"]),
            target=str(command["target"]),
            modules=tuple(str(name) for name in command["modules"]),
            paths=tuple(str(path) for path in command.get("paths", ())),
            lease=float(command.get("lease", DEFAULT_LEASE)),
            kernel_name=command.get("kernel_name") and str(command["kernel_name"]),
            python=str(command.get("python") or "")[:PATH_LIMIT],
            flags=tuple(str(flag) for flag in command.get("flags", ())),
            origin=str(command.get("origin", ""))[:NAME_LIMIT],
            idle_lease=float(command.get("idle_lease", command.get("lease", DEFAULT_LEASE))),
            kind=parse_kind(command, KERNEL),
            keep=bool(command.get("keep", False)),
            deposit=bytes.fromhex(str(command.get("deposit", ""))),
            empty=bool(command.get("empty", False)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WireError(f"an order to start that lacks something: {error!r}") from None
    _check(order)
    return order


def parse_kind(command: Mapping[str, Any], default: str) -> str:
    """What is to live there. Raises ValueError."""
    kind = str(command.get("kind", default))
    if kind not in KINDS:
        raise ValueError(f"{kind} lives nowhere")
    return kind


def _check(order: StartOrder) -> None:
    if len(order.token) < 16:
        raise WireError("the token is too short to be one")
    if not all(LEASE_LIMITS[0] <= lease <= LEASE_LIMITS[1] for lease in (order.lease, order.idle_lease)):
        raise WireError(f"a lease of {order.lease} seconds")
    if len(order.deposit) not in (0, SECRET_SIZE):
        raise WireError(f"a secret of {len(order.deposit)} bytes")
    if len(order.modules) > MODULES_LIMIT:
        raise WireError(f"{len(order.modules)} modules")
    if len(order.paths) > PATHS_LIMIT:
        raise WireError(f"{len(order.paths)} folders")
    if not all(_FLAG.fullmatch(flag) for flag in order.flags):
        raise WireError(f"strange flags for Python: {order.flags}")
