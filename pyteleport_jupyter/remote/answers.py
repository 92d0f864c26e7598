"""What home answers to a session or program that wants to come home."""

from __future__ import annotations

from typing import Any

from pyteleport_jupyter import errors
from pyteleport_jupyter.remote.control import COMMAND, Control
from pyteleport_jupyter.wire.commands import parse_command

ANSWERS = ("welcome", "answer", "arrived", "refused", "quiet")


def expect(home: Control, op: str, seconds: float | None) -> dict[str, Any]:
    """Wait for this answer, for ever where ``seconds`` is None. Raises what home says instead."""
    while True:
        answer = parse_command(home.hear(COMMAND, timeout=seconds)[1])
        if answer["op"] == op:
            return answer
        if answer["op"] == "refused":
            # It is home that says so, which is no stranger here.
            raise errors.from_child(answer, host="home")
        if answer["op"] not in ANSWERS:
            raise errors.HomeRefused(reason=f"it says {answer['op']}")
