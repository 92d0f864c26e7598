"""Running commands for the lab, with a deadline and with words when they fail."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

COMMAND_SECONDS = 30.0
"""Longest a helper command may take."""


class LabUnavailable(Exception):
    """The lab, or this part of it, cannot be had on this machine; the text says why."""


def run(argv: Sequence[str], text: str | None = None) -> str:
    """Run a helper command, give it ``text`` on stdin, return its stdout.

    Raises LabUnavailable with its complaint.
    """
    try:
        done = subprocess.run(
            argv,
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise LabUnavailable(f"{argv[0]}: {problem}") from problem
    if done.returncode != 0:
        complaint = (done.stderr or done.stdout).strip()
        raise LabUnavailable(f"{' '.join(argv)}: {complaint or f'exit status {done.returncode}'}")
    return done.stdout
