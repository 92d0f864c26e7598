"""What the user may say about a move, checked once and then passed on as one frozen object."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any

from pyteleport_jupyter.errors import OptionWrong

DEFAULT_LEASE = 900.0
"""Seconds that the far side lives without a link; short, because it holds memory on a machine of others."""
LONGEST_LEASE = 7 * 24 * 3600.0

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True)
class Options:
    """How to go: ``python`` and ``setup`` choose the interpreter there, ``via`` the ssh implementation."""

    python: str | None = None
    setup: str = ""
    via: str | None = None
    lease: float = DEFAULT_LEASE
    quiet: bool = False
    abandon_threads: bool = False
    """Of scripts: leave behind threads, which cannot move."""
    home: bool | None = None
    """Of scripts: may come home again, where this machine will run what the far side sends. None: if the code
    of the script speaks of it.
    """


def parse_lease(text: str | float) -> float:
    """Seconds meant by ``text``: a number, or a number with s, m, h or d behind it. Raises OptionWrong."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*", str(text))
    if not found:
        raise OptionWrong(option="lease", given=repr(text), reason="say seconds, or 15m, 2h, 1d")
    seconds = float(found[1]) * _UNITS[found[2]]
    if not 1 <= seconds <= LONGEST_LEASE:
        raise OptionWrong(option="lease", given=repr(text), reason="it must be between 1 second and 7 days")
    return seconds


def make_options(**given: Any) -> Options:
    """The options that the user gave, checked. Raises OptionWrong, also for one that does not exist."""
    for name in given.keys() - {field.name for field in fields(Options)}:
        raise OptionWrong(option=name, given=repr(given[name]), reason="there is no such option")
    return _checked(**given)


def _checked(
    *,
    python: str | None = None,
    setup: str = "",
    via: str | None = None,
    lease: str | float = DEFAULT_LEASE,
    quiet: bool = False,
    abandon_threads: bool = False,
    home: bool | None = None,
) -> Options:
    if via not in (None, "paramiko", "ssh"):
        raise OptionWrong(option="via", given=repr(via), reason="paramiko or ssh is possible")
    for option, given in (("python", python or ""), ("setup", setup)):
        if not isinstance(given, str) or "\n" in given or "\0" in given or len(given) > 4096:
            raise OptionWrong(
                option=option, given="that", reason="it must be one line of at most 4096 characters"
            )
    return Options(
        python=python or None,
        setup=setup,
        via=via,
        lease=parse_lease(lease),
        quiet=bool(quiet),
        abandon_threads=bool(abandon_threads),
        home=None if home is None else bool(home),
    )
