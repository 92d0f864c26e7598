"""The sessions as a table that people read."""

from __future__ import annotations

from collections.abc import Sequence

from pyteleport_jupyter.ledger.asking import HostAnswer, Session
from pyteleport_jupyter.quantities import bytes_in_words
from pyteleport_jupyter.remote.orders import CELLS, DEPOSIT, KERNEL, PROGRAM, TERMINAL

HEAD = ("ID", "HOST", "WHAT", "AGE", "LEASE", "MEMORY", "DOES", "LINK")

WHAT = {KERNEL: "notebook", CELLS: "%%teleport", TERMINAL: "IPython", PROGRAM: "script", DEPOSIT: "kept data"}
"""Each kind in a word that its user knows."""

NOTHING = "no session of yours is known to live elsewhere (%teleport list HOST asks a host)"


def described(answers: Sequence[HostAnswer]) -> str:
    """A table, and a line for each host that has none or does not answer."""
    rows = [_row(session) for answer in answers for session in answer.sessions]
    lines = _aligned([HEAD, *rows]) if rows else []
    lines += [f"{answer.target}: {answer.trouble}" for answer in answers if answer.trouble]
    quiet = [answer.target for answer in answers if not answer.sessions and not answer.trouble]
    if quiet:
        lines.append(f"nothing on {', '.join(quiet)}")
    return "\n".join(lines) or NOTHING


def _row(session: Session) -> tuple[str, ...]:
    state = "busy" if session.busy else "waits" if session.kind == DEPOSIT else "idle"
    doing = f"{state} for {duration_in_words(session.activity_for)}"
    memory = "?" if session.memory is None else bytes_in_words(session.memory)
    what = WHAT.get(session.kind, session.kind)
    times = (duration_in_words(session.age), duration_in_words(session.lease))
    return (session.id, session.place.target, what, *times, memory, doing, link_in_words(session))


def link_in_words(session: Session) -> str:
    """``linked to laptop``, ``no link, ends in 12 min``."""
    if session.linked:
        return f"linked to {session.origin}" if session.origin else "linked"
    return f"no link, ends in {duration_in_words(session.lease_left or 0.0)}"


def duration_in_words(seconds: float) -> str:
    """``12 s``, ``3 min``, ``2 h 5 min``, ``3 d 4 h``."""
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    if seconds < 60:
        return f"{max(0.0, seconds):.0f} s"
    if hours < 1:
        return f"{minutes} min"
    if hours < 48:
        return f"{hours} h {minutes % 60} min"
    return f"{hours // 24} d {hours % 24} h"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = (zip(row, widths, strict=True) for row in rows)
    return ["  ".join(cell.ljust(width) for cell, width in row).rstrip() for row in padded]
