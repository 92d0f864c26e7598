"""What the far side wrote to stderr, as the reason of a failure: its last words, not all it ever said."""

from __future__ import annotations

import re

from pyteleport_jupyter.remote.first_stage import SETUP_MARK

MOST_LINES = 3
LONGEST_REASON = 400

_OUR_SHELL = re.compile(r"^pyteleport: (?:eval: )?(?:line \d+: )?")
"""How the shell that we start calls itself in front of its own messages."""


def last_line(text: str) -> str:
    """The last line that says something; empty if there is none."""
    lines = [_readable(line) for line in text.splitlines() if line.strip() and SETUP_MARK not in line]
    return lines[-1] if lines else ""


def of_setup(text: str) -> str:
    """The end of what ``--setup`` said: its last lines up to an empty one (conda says what went wrong first,
    and last what one might do).
    """
    said = text.rpartition(SETUP_MARK)[2].rstrip()
    lines = [line for line in said.splitlines() if not line.isspace()]
    paragraph = lines[max((at for at, line in enumerate(lines) if not line), default=-1) + 1 :]
    return " ".join(map(_readable, paragraph[-MOST_LINES:]))[:LONGEST_REASON]


def _readable(line: str) -> str:
    return _OUR_SHELL.sub("", line.strip()).rstrip(".")
