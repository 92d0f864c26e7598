"""What the user may say about a move, checked once and then passed on as one frozen object."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from pyteleport_jupyter.errors import OptionWrong

DEFAULT_LEASE = 900.0
"""Seconds that the far side lives without a link; short, because it holds memory on a machine of others."""
LONGEST_LEASE = 7 * 24 * 3600.0

MOST_COPIES = 1000

DEFAULT_LIMIT = 2_000_000_000
_SIZES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}

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
    """May come home again, where this machine will run what the far side sends. None: if the code speaks of
    it.
    """
    with_files: bool = False
    """The contents of files that are open for writing travel too."""
    leave: bool = False
    """What cannot move stays, and does not stop the rest."""
    exclude: tuple[str, ...] = ()
    """Patterns of variables that stay."""
    only: tuple[str, ...] = ()
    """The variables that travel; empty: all."""
    limit: int | None = DEFAULT_LIMIT
    """Bytes that are sent over a slow link without asking; None: any number."""
    anyway: bool = False
    """Go although a package that the objects need has another major version there."""
    install: bool = False
    """Install there what is missing."""
    fresh_env: bool = False
    """Install it into an environment of its own."""
    keep: bool = True
    """When the session leaves again, its data may stay there until the lease is over."""


def parse_lease(text: str | float) -> float:
    """Seconds meant by ``text``: a number, or a number with s, m, h or d behind it. Raises OptionWrong."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*", str(text))
    if not found:
        raise OptionWrong(option="lease", given=repr(text), reason="say seconds, or 15m, 2h, 1d")
    seconds = float(found[1]) * _UNITS[found[2]]
    if not 1 <= seconds <= LONGEST_LEASE:
        raise OptionWrong(option="lease", given=repr(text), reason="it must be between 1 second and 7 days")
    return seconds


def parse_limit(text: str | int | None) -> int | None:
    """Bytes meant by ``text``: a number, or one with kB, MB, GB or TB behind it; none: no limit. Raises
    OptionWrong.
    """
    if text is None or str(text).strip().lower() == "none":
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)b?\s*", str(text).lower())
    if not found or len(found[1]) > 20:
        raise OptionWrong(option="limit", given=repr(text), reason="say bytes, or 500MB, 10GB, or none")
    return int(float(found[1]) * _SIZES[found[2]])


def parse_names(option: str, given: str | Iterable[str]) -> tuple[str, ...]:
    """The names or patterns in ``given``: a text with commas, or several. Raises OptionWrong."""
    texts = [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    if not all(isinstance(text, str) for text in texts):
        raise OptionWrong(option=option, given=repr(given)[:100], reason="say names with commas between")
    return tuple(name for text in texts for name in re.split(r"[,\s]+", text) if name)


def targets_of_copies(targets: str | Sequence[str], n: int | None) -> list[str]:
    """Where ``fork(targets, n)`` makes copies: one on each target, or ``n`` on one. Raises OptionWrong."""
    if n is not None and (not isinstance(n, int) or not 1 <= n <= MOST_COPIES):
        raise OptionWrong(option="n", given=repr(n), reason=f"it must be between 1 and {MOST_COPIES}")
    if isinstance(targets, str):
        return [targets] * (n or 1)
    if n is not None:
        raise OptionWrong(option="n", given=repr(n), reason="it goes with one target")
    if not 1 <= len(targets) <= MOST_COPIES:
        raise OptionWrong(option="target", given=repr(targets), reason=f"1 to {MOST_COPIES} are possible")
    return list(targets)


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
    with_files: bool = False,
    leave: bool = False,
    exclude: str | Iterable[str] = (),
    only: str | Iterable[str] = (),
    limit: str | int | None = DEFAULT_LIMIT,
    anyway: bool = False,
    install: bool = False,
    fresh_env: bool = False,
    keep: bool = True,
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
        with_files=bool(with_files),
        leave=bool(leave),
        exclude=parse_names("exclude", exclude),
        only=parse_names("only", only),
        limit=parse_limit(limit),
        anyway=bool(anyway),
        install=bool(install or fresh_env),
        fresh_env=bool(fresh_env),
        keep=bool(keep),
    )


DEFAULT_OPTIONS = Options()
"""Those of a user who gives none."""
