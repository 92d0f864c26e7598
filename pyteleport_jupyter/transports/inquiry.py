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


def inquire(transport: Transport, inquiry: Inquiry, ask: Ask | None, seconds: float) -> Found:
    """Ask the host of ``transport``. Raises a TeleportError that says why there is no answer."""
    link = transport.spawn(inquiry.command)
    try:
        landing, hello = say_hello(link, transport, inquiry, ask, time.monotonic() + seconds)
        answer = landing.read_answer("the first stage")
    finally:
        close_link(link, CLOSE_SECONDS)
    sessions = answer.get("sessions")
    if not isinstance(sessions, list) or not all(isinstance(each, dict) for each in sessions):
        raise errors.ProtocolBroken(host=transport.host, reason="an answer without sessions")
    python = path_in(hello, "executable", transport.host)
    return Found(python, str(hello["python"]), tuple(sessions))
