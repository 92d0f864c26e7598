"""A relay that starts, loads all that a relay needs, and ends: proof that exec will not end in a ruin.

After exec nothing could bring the session's local half back. Whatever would keep a relay from starting (an
interpreter that was upgraded under a running kernel, a package that was moved, a limit on memory) is found
while the move can still be called off. It runs beside the restore on the target and costs no time of its own.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pyteleport_jupyter.errors import QuiesceFailed
from pyteleport_jupyter.relay.entry import RELAY_PROGRAM

PATIENCE = 30.0
"""Seconds that the rehearsal may take; a relay starts in a tenth of a second."""

COMPLAINT_LIMIT = 300
"""Most characters quoted of what went wrong."""


@dataclass(frozen=True)
class Rehearsal:
    """A rehearsal under way. Ask for the :meth:`verdict`, or :meth:`cancel` it."""

    process: subprocess.Popen[bytes]

    def verdict(self) -> None:
        """Wait for its end. Raises QuiesceFailed if a relay would not start here."""
        try:
            _, complaint = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.cancel()
            raise QuiesceFailed(reason="a relay does not start here in time") from None
        if self.process.returncode:
            last_line = complaint.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
            reason = f"a relay does not start here ({last_line[0][:COMPLAINT_LIMIT]})"
            raise QuiesceFailed(reason=reason)

    def cancel(self) -> None:
        """The move is off: end it, and leave no zombie."""
        self.process.kill()
        self.process.communicate()


def python_path() -> tuple[str, ...]:
    """Where the relay of a kernel finds what it needs."""
    from pyteleport_jupyter.relay import cutover

    return cutover.python_path()


@contextmanager
def rehearsed(folders: Sequence[str] | None = None, kind: str = "kernel") -> Iterator[None]:
    """Within the block a relay starts for trial (see :func:`rehearse`).

    Raises QuiesceFailed behind it if none would start here.
    """
    rehearsal = rehearse(folders, kind)
    try:
        yield
    except BaseException:
        rehearsal.cancel()
        raise
    rehearsal.verdict()


def rehearse(folders: Sequence[str] | None = None, kind: str = "kernel") -> Rehearsal:
    """Start a rehearsal: of the relay of a ``kernel`` or of a program (``terminal``), which finds its
    packages in ``folders``.

    Raises QuiesceFailed if not even a process can be started.
    """
    found = python_path() if folders is None else folders
    argv = [sys.executable, "-I", "-S", *RELAY_PROGRAM, "rehearse", kind, *found]
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise QuiesceFailed(reason=f"a relay does not start here ({error})") from error
    return Rehearsal(process)
