"""The order to start a program, as it came over the link, checked field by field."""

from __future__ import annotations

import re
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

_FLAG = re.compile(r"-(?:[BbEIOPRSdisquv]+|[WX].{1,200})")
_VARIABLE = re.compile(r"TERM|COLORTERM|TZ|LANG|LANGUAGE|LC_[A-Z]+|NO_COLOR|FORCE_COLOR")

KINDS = {
    "stdin": ("terminal", "pipe", "nowhere"),
    "stdout": ("terminal", "pipe", "nowhere"),
    "stderr": ("terminal", "pipe", "nowhere", "stdout"),
}
"""What each stream may be there; ``stdout`` for stderr means: the same pipe, so that their order is kept."""


@dataclass(frozen=True)
class Terminal:
    """How the user's terminal is set: the seven parts of ``termios.tcgetattr``, and its size."""

    attributes: list[Any]
    rows: int
    columns: int


@dataclass(frozen=True)
class ProgramOrder:
    """What a supervisor of a program is told at first."""

    token: bytes
    modules: tuple[str, ...]
    paths: tuple[str, ...]
    lease: float
    flags: tuple[str, ...]
    streams: dict[str, str]
    terminal: Terminal | None
    environment: dict[str, str]
    kind: str = PROGRAM
    """One of :data:`.orders.KINDS`."""
    host: str = ""
    target: str = ""
    origin: str = ""
    """What people call the machine here, how they said it, and where it was sent from."""
    keep = False
    """Programs leave no data behind."""

    def __repr__(self) -> str:
        return f"ProgramOrder(streams={self.streams!r})"


def parse_order(command: Mapping[str, Any]) -> ProgramOrder:
    """The order in ``command``. Raises WireError for one that makes no sense."""
    try:
        order = ProgramOrder(
            token=bytes.fromhex(command["token"]),
            modules=tuple(str(name) for name in command["modules"]),
            paths=tuple(str(path) for path in command.get("paths", ())),
            lease=float(command.get("lease", DEFAULT_LEASE)),
            flags=tuple(str(flag) for flag in command.get("flags", ())),
            streams={name: str(command["streams"][name]) for name in KINDS},
            terminal=parse_terminal(command.get("terminal")),
            environment={str(name): str(text) for name, text in command.get("environment", {}).items()},
            kind=parse_kind(command, PROGRAM),
            **{name: str(command.get(name, ""))[:NAME_LIMIT] for name in ("host", "target", "origin")},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WireError(f"an order to start that lacks something: {error!r}") from None
    _check(order)
    return order


def parse_terminal(record: Any) -> Terminal | None:
    """The terminal that :func:`terminal_record` describes. Raises KeyError, TypeError, ValueError."""
    if record is None:
        return None
    *flags, characters = record["attributes"]
    if len(flags) != 6:
        raise ValueError("a terminal has seven attributes")
    control = [bytes([int(each)]) if isinstance(each, int) else bytes(each) for each in characters]
    rows, columns = (max(0, min(int(record[name]), 0xFFFF)) for name in ("rows", "columns"))
    return Terminal([*map(int, flags), control], rows, columns)


def _check(order: ProgramOrder) -> None:
    if len(order.token) < 16:
        raise WireError("the token is too short to be one")
    if not LEASE_LIMITS[0] <= order.lease <= LEASE_LIMITS[1]:
        raise WireError(f"a lease of {order.lease} seconds")
    if len(order.modules) > MODULES_LIMIT or len(order.paths) > PATHS_LIMIT:
        raise WireError("too many modules or folders")
    if not all(_FLAG.fullmatch(flag) for flag in order.flags):
        raise WireError(f"strange flags for Python: {order.flags}")
    if any(order.streams[name] not in kinds for name, kinds in KINDS.items()):
        raise WireError(f"strange streams: {order.streams}")
    if (order.streams["stdin"] == "terminal") != (order.terminal is not None):
        raise WireError("a terminal and its description come together")
    if "terminal" in order.streams.values() and order.terminal is None:
        raise WireError("a terminal to write to, and none to read from")
    if not all(_VARIABLE.fullmatch(name) and "\0" not in text for name, text in order.environment.items()):
        raise WireError("a variable that is not for us to set")
