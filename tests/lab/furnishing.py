"""What a namespace host finds around it: accounts, /etc, Python, home.

Makes the plan for ``host_init.py``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import python_home, ssh_files
from .commands import LabUnavailable
from .specification import NOISE, HostSpecification

SOFTWARE = "/home/software"
"""Where hosts have their Python, as on clusters: neither a folder of the system nor of the user."""

PYTHON = f"{SOFTWARE}/python/bin/python"
COVERED = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/home")
"""Folders that each host has for itself."""

START_UP_FILES = {
    "bash": (".bashrc", ".bash_profile"),
    "csh": (".cshrc", ".login"),
    "zsh": (".zshenv", ".zprofile"),
}

FileRow = tuple[str, int, int, str | None]
"""path, mode, owner, content (None: a folder)."""


@dataclass(frozen=True)
class Neighbourhood:
    """What all hosts of one lab share."""

    directory: Path
    """State of the lab on the real disk, 0700."""
    host_keys: Mapping[str, ssh_files.KeyPair]
    user_files: Mapping[str, str]
    """Content of every user's ~/.ssh, by file name."""


def shell_path(spec: HostSpecification) -> str:
    """The login shell. Raises LabUnavailable."""
    found = shutil.which(spec.shell)
    if found is None:
        raise LabUnavailable(f"host {spec.name} needs {spec.shell}, which is not installed")
    return found


def runtime_directory(spec: HostSpecification) -> str:
    """Where XDG_RUNTIME_DIR is, on hosts that have one."""
    return f"/run/user/{spec.uid}"


def login_environment(spec: HostSpecification) -> dict[str, str]:
    """What a login finds in its environment."""
    variables = {
        "HOME": f"/home/{spec.user}",
        "USER": spec.user,
        "LOGNAME": spec.user,
        "SHELL": shell_path(spec),
        "PATH": f"{SOFTWARE}/python/bin:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }
    if spec.runtime_directory:
        variables["XDG_RUNTIME_DIR"] = runtime_directory(spec)
    return variables


def sshd_config(spec: HostSpecification) -> str:
    """The host's sshd_config; USER, HOME and SHELL are sshd's own business."""
    places = {
        "Port": "22",
        "ListenAddress": "0.0.0.0",
        "HostKey": "/etc/lab-host-key",
        "PidFile": "/run/sshd.pid",
    }
    login = {n: v for n, v in login_environment(spec).items() if n in {"PATH", "LANG", "XDG_RUNTIME_DIR"}}
    return ssh_files.server_config(spec, places, login)


def make_etc(spec: HostSpecification, address: str, neighbourhood: Neighbourhood) -> Path:
    """A copy of /etc with accounts of its own.

    The whole folder, since a single file that is mounted falls off when the real one is replaced by renaming.
    """
    etc = neighbourhood.directory / spec.name / "etc"
    # In a user namespace some of /etc cannot be read; what matters is written below.
    subprocess.run(["cp", "-a", "/etc", str(etc)], stderr=subprocess.DEVNULL, check=False, timeout=60)
    passwd, shadow, group = ssh_files.passwords((etc / "passwd").read_text(), spec, shell_path(spec))
    texts = {
        "passwd": passwd,
        "shadow": shadow,
        "group": (etc / "group").read_text() + group,
        "hostname": f"{spec.name}\n",
        "hosts": f"127.0.0.1 localhost\n{address} {spec.name}\n",
        "profile.d/lab.sh": f"export PATH={SOFTWARE}/python/bin:$PATH\n",
        "lab-banner": "UNAUTHORISED USE IS PROHIBITED\n" * 3,
        "lab-host-key": neighbourhood.host_keys[spec.name].private,
        "lab-sshd-config": sshd_config(spec),
    }
    for name, text in texts.items():
        write_fresh(etc / name, text, 0o600 if name in {"shadow", "lab-host-key"} else 0o644)
    return etc


def write_fresh(path: Path, text: str, mode: int) -> None:
    """Replace a file, whatever it was."""
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(mode)


def make_python(spec: HostSpecification, place: Path) -> Path | None:
    """Make the host's virtual environment at ``place``; returns the folder of the interpreter behind it."""
    place.mkdir()
    if spec.python is None:
        return None
    executable = python_home.own_executable() if spec.python == "same" else other_executable(spec)
    site_packages = python_home.make_environment(executable, place)
    if spec.python == "same":
        seen_at = {name: f"{SOFTWARE}/{name}" for name in (*python_home.shared_folders(), "checkout")}
        python_home.borrow_packages(spec, place, site_packages, seen_at)
    return python_home.installation(executable)


def other_executable(spec: HostSpecification) -> str:
    """An interpreter of another minor. Raises LabUnavailable."""
    other = python_home.other_python()
    if other is None:
        raise LabUnavailable(f"host {spec.name} needs a Python of another minor version than ours")
    return str(other)


def files(spec: HostSpecification, neighbourhood: Neighbourhood) -> list[FileRow]:
    """Folders and files of the user."""
    home, uid = f"/home/{spec.user}", spec.uid
    rows: list[FileRow] = [("/run/sshd", 0o755, 0, None), ("/run/user", 0o755, 0, None)]
    rows += [(home, 0o755, uid, None), (f"{home}/.ssh", 0o700, uid, None)]
    if spec.runtime_directory:
        rows.append((runtime_directory(spec), 0o700, uid, None))
    rows += [(f"{home}/.ssh/{name}", 0o600, uid, text) for name, text in neighbourhood.user_files.items()]
    if spec.noisy:
        rows += [(f"{home}/{name}", 0o644, uid, NOISE) for name in START_UP_FILES[spec.shell]]
    return rows


def binds(spec: HostSpecification, state: Path, installation: Path | None) -> list[tuple[str, str, bool]]:
    """(source outside, target on the host, read only)."""
    rows = [(str(state / "etc"), "/etc", False), (str(state / "python"), f"{SOFTWARE}/python", True)]
    folders = python_home.shared_folders() if spec.python == "same" else {}
    if spec.has_us:
        folders["checkout"] = python_home.CHECKOUT
    rows += [(str(path), f"{SOFTWARE}/{name}", True) for name, path in folders.items()]
    if installation is not None and installation != Path("/usr"):
        rows.append((str(installation), str(installation), True))
    return rows


def unreachable_ancestors(path: str) -> list[str]:
    """Folders above ``path`` that other users may not pass (such as /root, or a home), outermost first."""
    parents = [str(parent) for parent in reversed(Path(path).parents)]
    return [parent for parent in parents if not os.stat(parent).st_mode & 0o001]


def covers(spec: HostSpecification, rows: list[tuple[str, str, bool]]) -> list[tuple[str, str]]:
    """(folder, tmpfs options): what the host has for itself, and empty folders in place of those it may not
    pass.
    """
    size = f",size={spec.disk_megabytes}m"
    table = dict.fromkeys(COVERED, f"mode=1777{size}")
    table |= {"/home": f"mode=755{size}", "/run": "mode=755", "/dev/shm": "mode=1777"}
    for source, target, _ in rows:
        if source == target:
            table |= {a: "mode=755" for a in unreachable_ancestors(source) if a not in table}
    return list(table.items())


def plan(spec: HostSpecification, address: str, neighbourhood: Neighbourhood) -> dict[str, Any]:
    """Prepare everything on disk, and say what ``host_init.py`` is to do with it. Raises LabUnavailable."""
    state = neighbourhood.directory / spec.name
    state.mkdir()
    make_etc(spec, address, neighbourhood)
    rows = binds(spec, state, make_python(spec, state / "python"))
    sshd = shutil.which("sshd") or "/usr/sbin/sshd"
    return {
        "hostname": spec.name,
        "binds": rows,
        "covers": covers(spec, rows),
        "files": files(spec, neighbourhood),
        "hidden": "python" if spec.python is None else "",
        "daemon": [sshd, "-D", "-e", "-f", "/etc/lab-sshd-config"],
    }
