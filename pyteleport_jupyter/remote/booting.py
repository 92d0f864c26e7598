"""The boot, in the first stage: make the directory, write the package, start the supervisor and the process
that it is to look after.

``os`` and modules in C, as in :mod:`.landing`.
"""

from __future__ import annotations

import _socket
import errno
import os
import sys
import zlib

from pyteleport_jupyter.remote.launch import launch
from pyteleport_jupyter.remote.runtime_directory import PACKAGE_NAME, Refusal, make, no_room, remove

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NOT_INHERITED = ("JPY_PARENT_PID", "JPY_SESSION_NAME", "JPY_API_TOKEN", "_")
"""What a kernel's or a server's environment says about *its* parent, which is not ours
(ipykernel/parentpoller.py).
"""


def boot(header: dict[str, Any], package: bytes) -> tuple[_socket.socket, str]:
    """Start what ``header`` says from ``package``; returns the leash of its supervisor and its directory.

    Raises Refusal, with nothing left.
    """
    try:
        unpacked = zlib.decompress(package)
    except zlib.error:
        raise Refusal("ProtocolBroken", reason="our package arrived damaged") from None
    directory = make()
    path = os.path.join(directory, PACKAGE_NAME)
    try:
        _write(path, unpacked)
        return _start_supervisor(header, directory, path), directory
    except OSError as error:
        remove(directory)
        raise no_room(error) from None


def _write(path: str, content: bytes) -> None:
    if (
        os.environ.get("TELEPORT_FAULT") == "boot.disk_full"
    ):  # see faults.py, which is too dear to import here
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(fd, rest) :]
    except OSError as error:
        error.filename = path
        raise
    finally:
        os.close(fd)


def _start_supervisor(header: dict[str, Any], directory: str, package: str) -> _socket.socket:
    """Start it in a session of its own, so that it survives our login; returns our end of its first leash.

    It has a child, a kernel or the interpreter for a program, which is launched here.
    """
    ours, theirs = _socket.socketpair()
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    if os.fork() == 0:
        try:
            os.setsid()
            ours.close()
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, 0)
            os.dup2(nowhere, 1)
            role, launched = _launch(header, directory, package, environment)
            for fd in (theirs.fileno(), *launched[1:]):
                if fd >= 0:
                    os.set_inheritable(fd, True)
            argv = [sys.executable, "-c", header["boot"], package, role, directory, str(theirs.fileno())]
            os.execve(argv[0], [*argv, *map(str, launched)], environment)
        finally:
            os._exit(127)
    theirs.close()
    return ours


def _launch(
    header: dict[str, Any], directory: str, package: str, environment: dict[str, str]
) -> tuple[str, tuple[int, ...]]:
    """Start the child; returns the role of its supervisor and the numbers that describe it, the pid first."""
    start = header.get("program")
    if start is None:
        kernel = [sys.executable, "-c", header["boot"], package, "kernel"]
        return "supervisor", launch(directory, kernel, environment)
    from pyteleport_jupyter.remote.program_launch import launch_program

    program = [sys.executable, *start["flags"], "-c", start["boot"], package, "abroad"]
    return "program-supervisor", launch_program(program, start, environment)
