"""What still runs at a home: how the demo proves that its host was left clean."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")
"""proc(5). Where it does not exist (macOS) nothing can be said, and nothing is found."""


def processes_at_home(home: Path) -> list[str]:
    """``PID COMMAND LINE`` of every process of ours whose HOME is ``home``."""
    entry = f"HOME={home}".encode()
    found = []
    for folder in PROC.glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if entry in environment:
            found.append(f"{folder.name} {os.fsdecode(b' '.join(words)).strip()[:200]}")
    return found
