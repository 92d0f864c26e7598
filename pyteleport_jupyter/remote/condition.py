"""What an account on this machine is like for a session: interpreters, packages, room, and whether it
outlives a login.

Runs in the first stage, for the doctor; nothing is started for longer than a moment and nothing is written.
"""

from __future__ import annotations

import os
import sys

from pyteleport_jupyter.remote.runtime_directory import is_private, parents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

VERSIONS = """
import importlib.metadata as m, importlib.util as u, json, sys
found = {}
names = m.packages_distributions()
for name in sys.argv[1].split(","):
    try:
        found[name] = m.version(names.get(name, [name])[0])
    except Exception:
        found[name] = "" if u.find_spec(name) else None
print(json.dumps(found))
"""
SECONDS = 20

KILLS = "KillUserProcesses"
YES = ("yes", "true", "1", "on")
LINGER = "/var/lib/systemd/linger"
LOGIND = ("/etc/systemd/logind.conf", "/run/systemd/logind.conf.d", "/etc/systemd/logind.conf.d")


def answer(header: dict[str, Any], say: Callable[[str], None]) -> None:
    """Say all there is to say, as one line of JSON."""
    import json
    import time

    facts = {
        "pythons": pythons(os.environ.get("PATH", "")),
        "packages": packages(str(header["op"])),
        "clock": time.time(),
        **room(),
        **lingering(),
    }
    say(json.dumps(facts))


def pythons(path: str) -> list[str]:
    """Interpreters with a version in their name that are found on ``path``."""
    found = set()
    for folder in path.split(os.pathsep):
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in names:
            minor = name.removeprefix("python3.")
            if minor != name and minor.isdigit() and os.access(os.path.join(folder, name), os.X_OK):
                found.add(name.removeprefix("python"))
    return sorted(found, key=lambda version: int(version[2:]))


def packages(names: str) -> dict[str, Any]:
    """Versions, as the interpreter sees them that would run the kernel; None for what is not there."""
    import json
    import subprocess

    command = [sys.executable, "-c", VERSIONS, names]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS)
        found = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return {}
    return found if isinstance(found, dict) else {}


def room() -> dict[str, Any]:
    """Where our directory would be, what is wrong with that place, and bytes that are free."""
    trouble = ""
    for place in parents():
        base = place
        while not os.path.lexists(base):
            base = os.path.dirname(base)
        if base == place and not is_private(place):
            trouble = f"{place} is a link, belongs to somebody else, or is open to others"
        elif os.access(base, os.W_OK):
            free = os.statvfs(base)
            return {"directory": place, "free": free.f_bavail * free.f_frsize, "trouble": trouble}
    return {"directory": "", "free": 0, "trouble": trouble or "no place can be written to"}


def lingering() -> dict[str, Any]:
    """Whether systemd ends what users leave behind (logind.conf(5), KillUserProcesses), and for this one."""
    user = os.environ.get("USER") or os.environ.get("LOGNAME") or str(os.geteuid())
    kills = os.path.isdir("/run/systemd/system") and any(_says_kill(path) for path in LOGIND)
    return {"kills": kills, "lingers": os.path.exists(os.path.join(LINGER, user))}


def _says_kill(path: str) -> bool:
    try:
        files = [os.path.join(path, name) for name in os.listdir(path)] if os.path.isdir(path) else [path]
        for file in files:
            with open(file, encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    key, _, said = line.strip().partition("=")
                    if key.strip() == "KillUserProcesses" and said.strip().lower() in (
                        "yes",
                        "true",
                        "1",
                        "on",
                    ):
                        return True
    except OSError:
        pass
    return False
