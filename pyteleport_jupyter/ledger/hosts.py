"""Names that one may say as a host: where sessions were started, what hosts.toml has a table for, then what
the ssh config names, with its Includes and without its wildcards.
"""

from __future__ import annotations

import glob
import os
import shlex
from collections.abc import Iterator

from pyteleport_jupyter.ledger.record import known_places
from pyteleport_jupyter.settings import ALL_HOSTS, named_hosts

DEEPEST = 8
"""Includes in includes that are followed."""

LINES_LIMIT = 20_000


def host_names() -> list[str]:
    """Recent ones first, each once."""
    recent = [place.target for place in known_places()]
    own = [name for name in named_hosts() if name != ALL_HOSTS]
    configuration = os.environ.get("TELEPORT_SSH_CONFIG") or os.path.expanduser("~/.ssh/config")
    return list(dict.fromkeys([*recent, *own, *_configured(configuration, 0), "local", "home"]))


def _configured(path: str, depth: int) -> Iterator[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [line for _, line in zip(range(LINES_LIMIT), file, strict=False)]
    except OSError:
        return
    for line in lines:
        keyword, _, rest = line.strip().replace("=", " ", 1).partition(" ")
        if keyword.lower() == "host":
            yield from (name for name in _words(rest) if not set(name) & set("*?!"))
        elif keyword.lower() == "include" and depth < DEEPEST:
            for pattern in _words(rest):
                place = os.path.join(os.path.expanduser("~/.ssh"), os.path.expanduser(pattern))
                for included in sorted(glob.glob(place)):
                    yield from _configured(included, depth + 1)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return []
