"""The hosts of ProxyJump: which they are, and which errors are theirs, not those of the host behind them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping

from pyteleport_jupyter.errors import HostRefused, TeleportError
from pyteleport_jupyter.transports.ssh_settings import Destination, Settings, read_settings

_JUMP = re.compile(
    r"(?:ssh://)?(?:(?P<user>[^@\s]+)@)?(?:\[(?P<address>[^\]\s]+)\]|(?P<host>[^:\[\]\s/@]+))(?::(?P<port>\d{1,5}))?/?"
)


def parse_jumps(settings: Settings) -> tuple[Destination, ...]:
    """The hosts of ProxyJump, in the order in which they are passed. Raises HostRefused for one that is not
    understood.
    """
    return tuple(
        _parse_jump(part.strip(), settings) for part in (settings.proxy_jump or "").split(",") if part.strip()
    )


def _parse_jump(text: str, settings: Settings) -> Destination:
    found = _JUMP.fullmatch(text)
    if not found or text.startswith("-"):
        raise HostRefused(host=settings.alias, reason=f"its ProxyJump {text!r} is not a host")
    port = int(found["port"]) if found["port"] else None
    return Destination(found["address"] or found["host"], found["user"], port, settings.config)


def jump_names(settings: Settings) -> Mapping[str, str]:
    """Each name that ssh may use for a jump host in its messages -> what the user calls it."""
    names: dict[str, str] = {}
    for jump in parse_jumps(settings):
        names.setdefault(jump.alias, jump.alias)
        names.setdefault(read_settings(jump).hostname, jump.alias)
    return names


@contextlib.contextmanager
def blaming(hop: Settings, target: str) -> Iterator[None]:
    """Errors of the jump host say so: who reads them asked for ``target``, the host behind it."""
    try:
        yield
    except TeleportError as error:
        raise type(error)(**{"jump": hop.alias, **error.facts, "host": target}) from None
