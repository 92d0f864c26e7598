"""What the user has said once and for all about moves: per host in one file, and in IPython's configuration.

``~/.config/pyteleport/hosts.toml`` (XDG base directories) has a table for each host, named as it is typed,
and one named ``*`` for all. What is said with the move itself counts first, then the host's table, then
``*``, then ``c.Teleport`` of IPython's configuration. It is read each time, where the move is asked for:
nothing of it travels.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from pyteleport_jupyter.errors import OptionWrong, SettingsWrong
from pyteleport_jupyter.options import Options, make_options

ALL_HOSTS = "*"
ENVIRONMENT = "env"
FILE_LIMIT = 1 << 20

NAMES: Final = frozenset(field.name for field in fields(Options)) - {"abandon_threads"} | {ENVIRONMENT}
"""What a table may say: options of the move, and ``env``, variables to be set there."""

TRUTHS: Final = frozenset(
    field.name for field in fields(Options) if isinstance(field.default, bool) or field.name == "home"
)

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

configured: Final[dict[str, Any]] = {}
"""What ``c.Teleport`` says (:mod:`.magics.configuration`)."""


def hosts_file() -> Path:
    """Where the tables are."""
    said = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(said) if os.path.isabs(said) else Path.home() / ".config"
    return base / "pyteleport" / "hosts.toml"


def options_for(target: str, /, **given: Any) -> Options:
    """The options of a move to ``target``, checked: ``given`` counts before what is said once and for all.

    Raises OptionWrong, or SettingsWrong with a sentence for each line that is wrong.
    """
    said = {**configured, **host_settings(target), **given}
    environment = said.pop(ENVIRONMENT, None)
    if environment and ENVIRONMENT not in given:
        exports = "; ".join(f"export {name}={shlex.quote(text)}" for name, text in environment.items())
        said["setup"] = f"{exports}; {said['setup']}" if said.get("setup") else exports
    return make_options(**said)


def named_hosts() -> list[str]:
    """The hosts that have a table of their own; none where the file cannot be read."""
    try:
        return [name for name, table in _tables(hosts_file()).items() if isinstance(table, dict)]
    except SettingsWrong:
        return []


def host_settings(target: str) -> dict[str, Any]:
    """What the file says about ``target``, under option names. Raises SettingsWrong."""
    file = hosts_file()
    tables = _tables(file)
    host = _host(target)
    wanted = [name for name in dict.fromkeys((ALL_HOSTS, host, target)) if name in tables]
    said: dict[str, Any] = {}
    troubles: list[str] = []
    for name in wanted:
        found, wrong = _checked(name, tables[name])
        said |= found
        troubles += [f"{_place(file, name, key)}{trouble}" for key, trouble in wrong]
    if troubles:
        raise SettingsWrong(file=file, troubles="; ".join(troubles))
    return said


def _host(target: str) -> str:
    """``user@host:port`` without the rest."""
    found = re.fullmatch(r"(?:[^@\s]+@)?([^@:\s]+)(?::\d+)?", target.strip())
    return found[1] if found else target


def _tables(file: Path) -> dict[str, Any]:
    """All that is in the file; nothing where there is none."""
    try:
        with open(file, "rb") as opened:
            facts = os.fstat(opened.fileno())
            text = opened.read(FILE_LIMIT + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsWrong(file=file, troubles=f"it cannot be read ({error.strerror})") from None
    if facts.st_uid not in (os.getuid(), 0) or facts.st_mode & stat.S_IWOTH:
        # What it says is run, there.
        raise SettingsWrong(file=file, troubles=f"others may write to it (`chmod 600 {file}`)")
    if len(text) > FILE_LIMIT:
        raise SettingsWrong(file=file, troubles="it is larger than 1 MB")
    try:
        return tomllib.loads(text.decode())
    except ValueError as error:
        raise SettingsWrong(file=file, troubles=str(error)) from None


def _checked(host: str, table: Any) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """What a table says, and what is wrong with it: key and sentence."""
    if not isinstance(table, Mapping):
        return {}, [(host, f"{host} is no table: write [{host}] and a line for each option below")]
    said = {str(key).replace("-", "_"): value for key, value in table.items()}
    wrong = [(key, trouble) for key, value in said.items() for trouble in _troubles(host, key, value)]
    return said, wrong


def _troubles(host: str, key: str, value: Any) -> Iterator[str]:
    if key not in NAMES:
        yield f"[{host}] says {key}, and there is no such option"
    elif key == ENVIRONMENT:
        yield from (f"[{host}] env: {trouble}" for trouble in _wrong_variables(value))
    elif key in TRUTHS and not isinstance(value, bool):
        yield f"[{host}] {key} must be true or false"
    else:
        try:
            make_options(**{key: value})
        except OptionWrong as error:
            yield f"[{host}] {key} cannot be {error.facts['given']}: {error.facts['reason']}"


def _wrong_variables(value: Any) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield 'write { NAME = "text", ... }'
        return
    for name, text in value.items():
        if not _VARIABLE.fullmatch(name):
            yield f"{name!r} is no name of a variable"
        elif not isinstance(text, str) or "\n" in text or "\0" in text:
            yield f"{name} must be a text of one line, in quotes"


def _place(file: Path, host: str, key: str) -> str:
    """``line 7: ``, where ``key`` is set in the table of ``host``; empty if it is not found so simply."""
    inside = False
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    for number, line in enumerate(lines, 1):
        bare = line.strip()
        if bare.startswith("["):
            inside = bare.strip("[] \t").partition("#")[0].strip(" ]").strip("\"'") == host
        written = bare.partition("=")[0].strip().strip("\"'").replace("-", "_")
        if bare.count("=") and written == key and (inside or key == host):
            return f"line {number}: "
    return ""
