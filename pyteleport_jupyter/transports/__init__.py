"""Ways to a target. One file for each; all fit the Protocol of :mod:`.link`, nothing inherits."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pyteleport_jupyter.transports.command import CommandTransport
from pyteleport_jupyter.transports.link import Ask, Link, Question, Transport, close_link, complaint
from pyteleport_jupyter.transports.local import LocalTransport

if TYPE_CHECKING:
    from pyteleport_jupyter.transports.requests import AttachRequest, BootRequest, Landed
    from pyteleport_jupyter.transports.ssh import SshTransport
    from pyteleport_jupyter.transports.stage import land

__all__ = [
    "Ask",
    "AttachRequest",
    "BootRequest",
    "CommandTransport",
    "Landed",
    "Link",
    "LocalTransport",
    "Question",
    "SshTransport",
    "Transport",
    "close_link",
    "complaint",
    "from_record",
    "land",
]

_LATER = {
    "SshTransport": "ssh",
    "AttachRequest": "requests",
    "BootRequest": "requests",
    "Landed": "requests",
    "land": "stage",
}
"""Names whose modules are only loaded when asked for: the relay, which must start fast, needs none of them
at first.
"""

KINDS = ("local", "command", "ssh", "system_ssh")
"""The kinds of record, each the name of the module here that has ``from_record(record) -> Transport``."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)


def from_record(record: Mapping[str, Any]) -> Transport:
    """The transport that ``Transport.as_record`` described, in this or in a later process.

    Raises ValueError for a kind that is none of KINDS.
    """
    kind = record.get("kind")
    if kind not in KINDS:
        raise ValueError(f"unknown kind of transport: {kind!r}")
    module = importlib.import_module(f"{__name__}.{kind}")
    transport: Transport = module.from_record(record)
    return transport
