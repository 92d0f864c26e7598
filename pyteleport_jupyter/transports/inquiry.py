"""Asking a host for the sessions that live there: a login, one question, one answer. Nothing is written
there."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter import errors
from pyteleport_jupyter.transports.link import Ask, Transport, close_link
from pyteleport_jupyter.transports.requests import Inquiry
from pyteleport_jupyter.transports.stage import path_in, say_hello

CLOSE_SECONDS = 0.5


@dataclass(frozen=True)
class Found:
    """What a host has answered: its interpreter, and what each session told of itself."""

    python: str
    version: str
    sessions: tuple[dict[str, Any], ...]


def examine(
    transport: Transport, packages: str, ask: Ask | None, seconds: float, **way: Any
) -> dict[str, Any]:
    """What the account there is like (:mod:`..remote.condition`); ``packages`` are names with commas between,
    ``way`` the ``python`` and ``setup`` to take. Raises a TeleportError that says why there is no answer.
    """
    inquiry = Inquiry(packages, answers="remote.condition", **way)
    return _answered(transport, inquiry, ask, seconds)[1]


def inquire(transport: Transport, inquiry: Inquiry, ask: Ask | None, seconds: float) -> Found:
    """Ask the host of ``transport``. Raises a TeleportError that says why there is no answer."""
    hello, answer = _answered(transport, inquiry, ask, seconds)
    sessions = answer.get("sessions")
    if not isinstance(sessions, list) or not all(isinstance(each, dict) for each in sessions):
        raise errors.ProtocolBroken(host=transport.host, reason="an answer without sessions")
    python = path_in(hello, "executable", transport.host)
    return Found(python, str(hello["python"]), tuple(sessions))


def _answered(
    transport: Transport, inquiry: Inquiry, ask: Ask | None, seconds: float
) -> tuple[dict[str, Any], dict[str, Any]]:
    link = transport.spawn(inquiry.command)
    try:
        landing, hello = say_hello(link, transport, inquiry, ask, time.monotonic() + seconds)
        return hello, landing.read_answer("the first stage")
    finally:
        close_link(link, CLOSE_SECONDS)
