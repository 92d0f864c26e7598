"""Run one command on a lab host as its user: ``enter_host.py HOST.json [--connection-file F] -- ARGV...``.

Joins the host's namespaces, becomes the user, and gives the command a login-like environment. Like
nsenter(1), with two differences that make it fit to stand for a kernel: signals sent to the process group
reach only the command, and a Jupyter connection file is carried over to where the user can read it. Standard
library only.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

NAMESPACES = ("ipc", "uts", "net", "pid", "mnt")
"""In this order: after ``mnt`` the names in /proc mean something else."""

PLACEHOLDER = "CONNECTION_FILE"
"""The word in ARGV that becomes the connection file's path on the host."""

_LIBC = ctypes.CDLL(None, use_errno=True)


def join_namespaces(pid: int) -> None:
    """Join those of process ``pid``; the pid namespace counts for children only. Raises OSError."""
    opened = [os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC) for kind in NAMESPACES]
    for descriptor in opened:
        if _LIBC.setns(descriptor, 0) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{os.strerror(number)}: setns")
        os.close(descriptor)


def become(host: dict[str, Any]) -> None:
    """Turn into the user, in the home directory."""
    os.setgroups([])
    os.setgid(host["uid"])
    os.setuid(host["uid"])
    os.chdir(host["environment"]["HOME"])


def place_connection_file(name: str, content: bytes) -> str:
    """Write the connection file where Jupyter on the host would, readable by the user only."""
    directory = Path.home() / ".local/share/jupyter/runtime"
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.touch(mode=0o600)
    path.write_bytes(content)
    return str(path)


def run_child(host: dict[str, Any], argv: list[str], connection: tuple[str, bytes] | None) -> None:
    """In the child: become the user and turn into the command. Never returns."""
    try:
        become(host)
        environment = host["environment"]
        os.environ.clear()
        os.environ.update(environment)
        if connection is not None:
            place = place_connection_file(*connection)
            argv = [place if word == PLACEHOLDER else word for word in argv]
        os.execvpe(argv[0], argv, environment)
    except OSError as problem:
        print(f"{argv[0]}: {problem}", file=sys.stderr, flush=True)
    finally:
        os._exit(127)


def stand_for(child: int) -> int:
    """Wait for the child; signals are for it, not for us. Returns its wait status."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    return os.waitpid(child, 0)[1]


def leave_as(status: int) -> None:
    """End in the way the command did."""
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        os._exit(code)
    signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
    os.kill(os.getpid(), -code)
    os._exit(128 - code)


def main(arguments: list[str]) -> None:
    """Parse, enter, run, and end as the command ends."""
    split = arguments.index("--")
    options, argv = arguments[:split], arguments[split + 1 :]
    host = json.loads(Path(options[0]).read_text())
    connection = None
    if "--connection-file" in options:
        outside = Path(options[options.index("--connection-file") + 1])
        connection = (
            outside.name,
            json.dumps({**json.loads(outside.read_text()), "ip": host["ip"]}).encode(),
        )
    join_namespaces(host["pid"])
    child = os.fork()
    if child == 0:
        run_child(host, argv, connection)
    status = stand_for(child)
    if connection is not None:
        runtime = Path(host["environment"]["HOME"]) / ".local/share/jupyter/runtime"
        (runtime / connection[0]).unlink(missing_ok=True)
    leave_as(status)


if __name__ == "__main__":
    main(sys.argv[1:])
