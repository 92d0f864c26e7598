"""What the user has said once and for all about moves: per host in one file, and in IPython's configuration.

``~/.config/pyteleport/hosts.toml`` (XDG base directories) has a table for each host, named as it is typed,
and one named ``*`` for all. What is said with the move itself counts first, then the host's table, then
``*``, then ``c.Teleport`` of IPython's configuration. The file is read each time, where the move is asked
for. What says how to get to a host is the business of the machine that makes the link, and stays there; the
rest goes along with a session, for the moves that it makes from elsewhere.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from pyteleport_jupyter.errors import OptionWrong, SettingsWrong
from pyteleport_jupyter.options import DEFAULT_LEASE, Options, make_options, parse_lease

ALL_HOSTS = "*"
ENVIRONMENT = "env"
FILE_LIMIT = 1 << 20

NAMES: Final = frozenset(field.name for field in fields(Options)) - {"abandon_threads"} | {ENVIRONMENT}
"""What a table may say: options of the move, and ``env``, variables to be set there."""

TRUTHS: Final = frozenset(
    field.name for field in fields(Options) if isinstance(field.default, bool) or field.name == "home"
)

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

STAYING: Final = frozenset((ENVIRONMENT, "python", "setup", "via", "home"))
"""What says how to get in, may be confidential, or means the machine that says it."""

configured: Final[dict[str, Any]] = {}
"""What ``c.Teleport`` says (:mod:`.magics.configuration`)."""

brought: Final[dict[str, Any]] = {}
"""Of a session that is away: the ``tables`` of its home, and the ``lease`` that it has."""


def hosts_file() -> Path:
    """Where the tables are."""
    said = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(said) if os.path.isabs(said) else Path.home() / ".config"
    return base / "pyteleport" / "hosts.toml"


def options_for(target: str, /, **given: Any) -> Options:
    """The options of a move to ``target``, checked: ``given`` counts before what is said once and for all.

    Raises OptionWrong, or SettingsWrong with a sentence for each line that is wrong.
    """
    of_all, of_host = host_settings(target)
    tables = brought.get("tables", {})
    there = [tables.get(name, {}) for name in (_host(target), target)]
    # A session that goes on keeps the lease it has, if nothing is said for where it goes.
    kept = {"lease": brought["lease"]} if "lease" in brought else {}
    layers = [configured, tables.get(ALL_HOSTS, {}), of_all, kept, *there, of_host, given]
    said = {name: value for layer in layers for name, value in layer.items()}
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


def host_settings(target: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the file says about all hosts, and about ``target``, under option names. Raises SettingsWrong."""
    file = hosts_file()
    tables = _tables(file)
    said: dict[str, dict[str, Any]] = {}
    troubles: list[str] = []
    for name in dict.fromkeys((ALL_HOSTS, _host(target), target)):
        said[name], wrong = _checked(name, tables[name]) if name in tables else ({}, [])
        troubles += [f"{_place(file, name, key)}{trouble}" for key, trouble in wrong]
    if troubles:
        raise SettingsWrong(file=file, troubles="; ".join(troubles))
    return said.pop(ALL_HOSTS), {key: value for table in said.values() for key, value in table.items()}


def keep_lease(seconds: float) -> None:
    """A session has come with this lease: it counts where nothing is said for the next host, unless it is
    what is said for all of them.
    """
    said = {**configured, **brought.get("tables", {}).get(ALL_HOSTS, {})}
    if seconds != parse_lease(said.get("lease", DEFAULT_LEASE)):
        brought["lease"] = seconds


def said_at_home() -> dict[str, Any]:
    """What goes along with a session: ``configured`` and ``tables``, without :data:`STAYING`."""
    return {"configured": _going(configured), "tables": brought.get("tables") or _going_tables()}


def _going_tables() -> dict[str, dict[str, Any]]:
    """Of the file here; lines that make no sense are told of where they are needed."""
    try:
        tables = _tables(hosts_file())
    except SettingsWrong:
        return {}
    checked = {name: _checked(name, table) for name, table in tables.items()}
    return {name: _going(said) for name, (said, wrong) in checked.items() if not wrong and _going(said)}


def _going(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in STAYING}


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
    # Only here: most users have no such file, and a script that leaves waits for what is loaded.
    import tomllib

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
