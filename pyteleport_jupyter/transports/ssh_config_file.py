"""Reads ~/.ssh/config where no ssh client is installed that could be asked.

Host, Include, ``Match all`` and ``Match host``/``originalhost`` are understood. Any other Match may change
where the user ends up, so it is refused instead of guessed.
"""

from __future__ import annotations

import glob
import os
import re
import shlex
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from pyteleport_jupyter.errors import HostUnknown

DEFAULT_FILES = ("~/.ssh/config", "/etc/ssh/ssh_config")
DEFAULT_IDENTITIES = tuple(
    f"~/.ssh/id_{kind}" for kind in ("rsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk")
)
DEEPEST_INCLUDE = 16
LARGEST_FILE = 1 << 20

_ACCUMULATING = frozenset({"identityfile", "certificatefile"})
_QUOTED = re.compile(r'"([^"]*)"')


def read_values(alias: str, config: str | None) -> dict[str, list[str]]:
    """Keyword -> values for ``alias``, the first one said wins. Raises HostUnknown for a Match that is not
    understood.
    """
    values: dict[str, list[str]] = {}
    for name in (config,) if config else DEFAULT_FILES:
        for keyword, value in _applying(os.path.expanduser(name), alias):
            if keyword in _ACCUMULATING or keyword not in values:
                values.setdefault(keyword, []).append(value)
    for hostname in values.get("hostname", ()):
        values["hostname"] = [hostname.replace("%h", alias).replace("%%", "%")]
    values.setdefault("identityfile", list(DEFAULT_IDENTITIES))
    return values


def _applying(path: str, alias: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    applies = True
    for keyword, value in _lines(path):
        if keyword == "host":
            applies = _host_matches(_words(value), alias)
        elif keyword == "match":
            applies = _match_applies(_words(value), alias)
        elif applies and keyword == "include":
            yield from _included(value, path, alias, depth)
        elif applies:
            yield keyword, _unquoted(value)


def _included(value: str, path: str, alias: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth >= DEEPEST_INCLUDE:
        raise HostUnknown(host=alias, reason=f"{path} includes more than {DEEPEST_INCLUDE} levels")
    # ssh_config(5): a relative name is in ~/.ssh, or in /etc/ssh when the system's file says Include.
    base = "/etc/ssh" if path.startswith("/etc/ssh/") else os.path.expanduser("~/.ssh")
    for word in _words(value):
        for found in sorted(glob.glob(os.path.join(base, os.path.expanduser(word)))):
            yield from _applying(found, alias, depth + 1)


def _lines(path: str) -> Iterator[tuple[str, str]]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read(LARGEST_FILE)
    except OSError:
        return
    for line in text.splitlines():
        keyword, value = _keyword(line.strip())
        if keyword and not keyword.startswith("#"):
            yield keyword, value


def _keyword(line: str) -> tuple[str, str]:
    """``Keyword value``, ``Keyword=value`` and ``Keyword = value`` are all allowed."""
    end = next((index for index, char in enumerate(line) if char.isspace() or char == "="), len(line))
    value = line[end:].strip()
    return line[:end].lower(), value.removeprefix("=").strip()


def _unquoted(value: str) -> str:
    found = _QUOTED.fullmatch(value)
    return found[1] if found else value


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value, comments=False)
    except ValueError:
        return value.split()


def _host_matches(patterns: Sequence[str], alias: str) -> bool:
    if any(fnmatchcase(alias, pattern[1:]) for pattern in patterns if pattern.startswith("!")):
        return False
    return any(fnmatchcase(alias, pattern) for pattern in patterns)


def _match_applies(words: Sequence[str], alias: str) -> bool:
    if [word.lower() for word in words] == ["all"]:
        return True
    if len(words) == 2 and words[0].lower() in ("host", "originalhost"):
        return _host_matches(words[1].split(","), alias)
    raise HostUnknown(
        host=alias,
        reason=f"`Match {' '.join(words)}` in the ssh configuration needs an ssh client to be understood",
    )
