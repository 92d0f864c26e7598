"""Which environment variables travel: those that the notebook set itself, and a few that change what programs
say.

What names things of one machine (HOME, DISPLAY), belongs to the kernel, or smells of a secret never does.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LANGUAGE = re.compile(r"TZ|LANG|LANGUAGE|LC_[A-Z]+")
"""Carried although the notebook did not set them, where the target has no value of its own."""

PATH_LISTS = frozenset(
    {"PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "MANPATH", "PKG_CONFIG_PATH", "CPATH", "LIBRARY_PATH"}
)
"""Lists of directories: only what the notebook added travels, behind what the target has."""

NEVER = re.compile(
    r".*(TOKEN|KEY|SECRET|PASSW|PASSPHRASE|CREDENTIAL|COOKIE|CERT).*|.+(PWD|PASS)"
    r"|(AWS|AZURE|GOOGLE|GCP|SSH|KRB5|GPG|GNUPG|DBUS|XDG)_.*"
    r"|(JPY|JUPYTER|JUPYTERHUB|IPYKERNEL|TELEPORT|CONDA|SLURM|PBS|SGE|LSB)_.*"
    r"|KRB5CCNAME|HOME|USER|LOGNAME|SHELL|HOSTNAME|PWD|OLDPWD|SHLVL|_|TMPDIR|TEMP|TMP|VIRTUAL_ENV|IPYTHONDIR"
    r"|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|TERM|COLUMNS|LINES|MAIL|LD_PRELOAD|CUDA_VISIBLE_DEVICES",
    re.IGNORECASE,
)

_at_import = dict(os.environ)


@dataclass(frozen=True)
class EnvironmentChange:
    """What a notebook did to its environment, by variable name."""

    assigned: dict[str, str]
    added_directories: dict[str, list[str]]
    removed: list[str]
    language: dict[str, str]


_first: dict[str, str] | None = None


def began_with(environment: Mapping[str, str]) -> None:
    """This process has been a kernel before, which was started with ``environment``; it has changed since."""
    global _first
    _first = dict(environment)


def environment_at_start() -> dict[str, str]:
    """The environment that this process was started with (Linux: /proc), else the one when this module was
    imported.
    """
    if _first is not None:
        return dict(_first)
    try:
        entries = os.fsdecode(Path("/proc/self/environ").read_bytes()).split("\0")
    except OSError:
        return _at_import
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def environment_change(before: Mapping[str, str], now: Mapping[str, str]) -> EnvironmentChange:
    """What of the difference between two environments may travel."""
    changed = {name for name in now if now[name] != before.get(name) and not NEVER.fullmatch(name)}
    return EnvironmentChange(
        assigned={name: now[name] for name in sorted(changed - PATH_LISTS)},
        added_directories={
            name: _added(before.get(name, ""), now[name]) for name in sorted(changed & PATH_LISTS)
        },
        removed=sorted(name for name in before if name not in now and not NEVER.fullmatch(name)),
        language={name: now[name] for name in sorted(now) if LANGUAGE.fullmatch(name)},
    )


def _added(before: str, now: str) -> list[str]:
    known = before.split(os.pathsep)
    return [entry for entry in now.split(os.pathsep) if entry and entry not in known]


def apply_environment(change: EnvironmentChange) -> None:
    """Make the same change here."""
    for name, value in change.language.items():
        os.environ.setdefault(name, value)
    for name, value in change.assigned.items():
        os.environ[name] = value
    for name, directories in change.added_directories.items():
        here = [entry for entry in os.environ.get(name, "").split(os.pathsep) if entry]
        os.environ[name] = os.pathsep.join([*here, *(entry for entry in directories if entry not in here)])
    for name in change.removed:
        os.environ.pop(name, None)
    time.tzset()
