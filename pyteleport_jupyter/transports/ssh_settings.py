"""The settings that OpenSSH would use for a host, as ``ssh -G`` prints them.

``ssh -G`` resolves Include, Match (also ``Match exec``), wildcards and canonical names exactly as the
user's own ssh does. paramiko's parser ignores Include and takes Match criteria that it does not know for
true, so it is not used. Where no ssh client is installed,
:mod:`~pyteleport_jupyter.transports.ssh_config_file` reads the plain part of the language.
"""

from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyteleport_jupyter.errors import HostUnknown
from pyteleport_jupyter.transports import ssh_config_file

RESOLVE_SECONDS = 30.0
"""For ``ssh -G``: it may look up canonical names and run what ``Match exec`` says."""
LARGEST_OUTPUT = 1 << 20
DEFAULT_CONNECT_SECONDS = 15.0
LONGEST_CONNECT_SECONDS = 600.0
DEFAULT_ALIVE_SECONDS = 15.0

_UNIX_NAMES_OF_NOTHING = ("", "none")
_PATH_START = re.compile(r'\s+(?="?[/~])')

Values = Mapping[str, Sequence[str]]
"""Keyword in lower case -> its values in the order of the configuration."""


@dataclass(frozen=True)
class Destination:
    """Which host the user means: ``alias`` is looked up in the configuration, the rest overrides what
    stands there.
    """

    alias: str
    user: str | None = None
    port: int | None = None
    config: str | None = None


@dataclass(frozen=True)
class Settings:
    """What matters of the effective settings; paths are expanded, times are seconds, ``None`` means not set.

    ``raw`` has everything that was said, for the few questions asked only once.
    """

    alias: str
    hostname: str
    user: str
    port: int
    config: str | None
    host_key_alias: str | None
    identity_files: tuple[str, ...]
    certificate_files: tuple[str, ...]
    identities_only: bool
    identity_agent: str | None
    user_known_hosts: tuple[str, ...]
    global_known_hosts: tuple[str, ...]
    hash_known_hosts: bool
    strict_host_keys: str
    proxy_jump: str | None
    proxy_command: str | None
    preferred_authentications: tuple[str, ...]
    password_prompts: int
    batch: bool
    connect_seconds: float
    alive_seconds: float
    raw: Values

    @property
    def known_as(self) -> str:
        """The name under which OpenSSH files the host's key: the alias, the host, or ``[host]:port``."""
        if self.host_key_alias:
            return self.host_key_alias.lower()
        name = self.hostname.lower()
        return name if self.port == 22 else f"[{name}]:{self.port}"

    def listed(self, keyword: str) -> tuple[str, ...]:
        """The comma-separated value of ``keyword`` (algorithm lists), empty when it was not said."""
        return tuple(name for name in _last(self.raw, keyword).split(",") if name)

    def said(self, keyword: str) -> str:
        """The single value of ``keyword``; empty when it was not said or is ``none``."""
        value = _last(self.raw, keyword)
        return "" if value.lower() in _UNIX_NAMES_OF_NOTHING else value


def read_settings(destination: Destination, output: str | None = None) -> Settings:
    """The effective settings of ``destination``.

    ``output`` is what :func:`start_resolving` brought, if it was called before; otherwise it is called
    here. Raises HostUnknown when ssh cannot read its configuration.
    """
    if output is None:
        output = finish_resolving(start_resolving(destination), destination)
    if output is None:
        return make_settings(destination, ssh_config_file.read_values(destination.alias, destination.config))
    return make_settings(destination, parse_values(output))


def start_resolving(destination: Destination) -> subprocess.Popen[bytes] | None:
    """Start ``ssh -G`` (about 10 ms, often beside the import of paramiko); None where no ssh client is
    installed.
    """
    ssh = shutil.which("ssh")
    if ssh is None:
        return None
    argv = [ssh, "-G", *_overrides(destination), "--", destination.alias]
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish_resolving(process: subprocess.Popen[bytes] | None, destination: Destination) -> str | None:
    """What ``ssh -G`` printed; None when there is no ssh client. Raises HostUnknown with ssh's own last
    line.
    """
    if process is None:
        return None
    try:
        output, complaints = process.communicate(timeout=RESOLVE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise HostUnknown(
            host=destination.alias, reason=f"`ssh -G` did not answer within {RESOLVE_SECONDS:.0f} s"
        ) from None
    if process.returncode:
        lines = complaints.decode(errors="replace").strip().splitlines() or ["ssh -G failed"]
        raise HostUnknown(host=destination.alias, reason=lines[-1])
    return output[:LARGEST_OUTPUT].decode(errors="surrogateescape")


def parse_values(output: str) -> Values:
    """The lines of ``ssh -G`` (``keyword value``) as a mapping; keywords that repeat (identityfile) keep
    their order.
    """
    values: dict[str, list[str]] = {}
    for line in output.splitlines():
        keyword, _, value = line.strip().partition(" ")
        if keyword:
            values.setdefault(keyword.lower(), []).append(value.strip())
    return values


def make_settings(destination: Destination, values: Values) -> Settings:
    """``values`` as :class:`Settings`, with OpenSSH's defaults where something is missing."""
    hostname = _last(values, "hostname") or destination.alias
    user = destination.user or _last(values, "user") or getpass.getuser()
    port = destination.port or int(_last(values, "port") or 22)
    tokens = _path_tokens(hostname, user)
    return Settings(
        alias=destination.alias,
        hostname=hostname,
        user=user,
        port=port,
        config=destination.config,
        host_key_alias=_last(values, "hostkeyalias") or None,
        identity_files=_files(values, "identityfile", tokens),
        certificate_files=_files(values, "certificatefile", tokens),
        identities_only=_yes(values, "identitiesonly"),
        identity_agent=_agent(values, tokens),
        user_known_hosts=_known_hosts(values, "userknownhostsfile", "~/.ssh/known_hosts", tokens),
        global_known_hosts=_known_hosts(values, "globalknownhostsfile", "/etc/ssh/ssh_known_hosts", tokens),
        hash_known_hosts=_yes(values, "hashknownhosts"),
        strict_host_keys=_strictness(_last(values, "stricthostkeychecking").lower()),
        proxy_jump=_something(values, "proxyjump"),
        proxy_command=_something(values, "proxycommand"),
        preferred_authentications=tuple(filter(None, _last(values, "preferredauthentications").split(","))),
        password_prompts=min(3, max(1, int(_last(values, "numberofpasswordprompts") or 3))),
        batch=_yes(values, "batchmode"),
        connect_seconds=_seconds(values, "connecttimeout", DEFAULT_CONNECT_SECONDS),
        alive_seconds=_seconds(values, "serveraliveinterval", DEFAULT_ALIVE_SECONDS),
        raw=values,
    )


def _overrides(destination: Destination) -> list[str]:
    options = ["-F", destination.config] if destination.config else []
    options += ["-l", destination.user] if destination.user else []
    return options + (["-p", str(destination.port)] if destination.port else [])


def _last(values: Values, keyword: str) -> str:
    found = values.get(keyword)
    return found[-1] if found else ""


def _yes(values: Values, keyword: str) -> bool:
    return _last(values, keyword).lower() in ("yes", "true")


def _something(values: Values, keyword: str) -> str | None:
    value = _last(values, keyword)
    return None if value.lower() in _UNIX_NAMES_OF_NOTHING else value


def _seconds(values: Values, keyword: str, default: float) -> float:
    """``none`` and 0 mean for ever in OpenSSH; here every wait has an end."""
    value = _last(values, keyword)
    seconds = float(value) if value.isdigit() else 0.0
    return min(seconds, LONGEST_CONNECT_SECONDS) if seconds > 0 else default


def _strictness(said: str) -> str:
    """``yes``, ``ask`` or ``accept-new``. ``no`` counts as ``accept-new``: a changed key is refused here in
    any case.
    """
    known = {"yes": "yes", "true": "yes", "accept-new": "accept-new", "no": "accept-new", "off": "accept-new"}
    return known.get(said, "accept-new" if said == "false" else "ask")


def _files(values: Values, keyword: str, tokens: Mapping[str, str]) -> tuple[str, ...]:
    found = (expand_path(value, tokens) for value in values.get(keyword, ()) if value.lower() != "none")
    return tuple(dict.fromkeys(found))


def _known_hosts(values: Values, keyword: str, default: str, tokens: Mapping[str, str]) -> tuple[str, ...]:
    """``ssh -G`` prints several files on one line without quotes; each begins with ``/`` or ``~``."""
    said = _last(values, keyword) or default
    if said.lower() == "none":
        return ()
    return tuple(expand_path(path.strip('"'), tokens) for path in _PATH_START.split(said))


def _agent(values: Values, tokens: Mapping[str, str]) -> str | None:
    """The agent's socket: IdentityAgent (``none``, ``SSH_AUTH_SOCK``, ``$NAME`` or a path), else
    SSH_AUTH_SOCK.
    """
    said = _last(values, "identityagent")
    if said.lower() == "none":
        return None
    if not said or said == "SSH_AUTH_SOCK":
        return os.environ.get("SSH_AUTH_SOCK") or None
    if said.startswith("$"):
        return os.environ.get(said[1:].strip("{}")) or None
    return expand_path(said, tokens)


def _path_tokens(hostname: str, user: str) -> dict[str, str]:
    """The percent tokens of ssh_config(5) that make sense in file names."""
    name = socket.gethostname()
    return {
        "%": "%",
        "d": os.path.expanduser("~"),
        "h": hostname,
        "i": str(os.getuid()),
        "L": name.split(".")[0],
        "l": name,
        "r": user,
        "u": getpass.getuser(),
    }


def expand_path(path: str, tokens: Mapping[str, str]) -> str:
    """``path`` with ``~`` and the percent ``tokens`` filled in; a token that is not known stays as it is."""
    filled = re.sub(r"%(.)", lambda found: tokens.get(found[1], found[0]), path)
    return os.path.expanduser(filled)
