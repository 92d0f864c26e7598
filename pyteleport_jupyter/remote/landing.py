"""The rest of the first stage: make the directory, write the package, start the supervisor, become its
splice.

Runs under ``-I -S`` from source that came in the header; see :mod:`.first_stage`.
"""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import zlib
from collections.abc import Callable
from typing import Any

from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.remote.runtime_directory import (
    PACKAGE_NAME,
    SOCKET_NAME,
    Refusal,
    make,
    no_room,
    remove,
)
from pyteleport_jupyter.remote.splice import splice

_NOT_INHERITED = ("JPY_PARENT_PID", "JPY_SESSION_NAME", "JPY_API_TOKEN", "_")
"""What a kernel's or a server's environment says about *its* parent, which is not ours
(ipykernel/parentpoller.py).
"""


def main(header: dict[str, Any], take: Callable[[int], bytes], say: Callable[[dict[str, Any]], None]) -> None:
    """Land as ``header`` says; ``take`` reads exactly so many bytes from stdin, ``say`` answers."""
    try:
        if header["kind"] == "attach":
            directory = str(header["directory"])
            fd = _connect(directory)
        else:
            package = take(header["size"])
            fd, directory = _boot(header, package)
    except Refusal as refusal:
        say(refusal.record)
        return
    say({"landed": directory})
    splice(fd)


def _connect(directory: str) -> int:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(os.path.join(directory, SOCKET_NAME))
    except OSError as error:
        raise Refusal("SessionGone", reason=error.strerror or "nobody answers") from None
    return connection.detach()


def _boot(header: dict[str, Any], package: bytes) -> tuple[int, str]:
    if hashlib.sha256(package).hexdigest() != header["sha256"]:
        raise Refusal("ProtocolBroken", reason="our package arrived damaged")
    directory = make()
    try:
        fault("boot.disk_full")
        _write(os.path.join(directory, PACKAGE_NAME), zlib.decompress(package))
        return _start_supervisor(header, directory), directory
    except OSError as error:
        remove(directory)
        raise no_room(error) from None


def _write(path: str, content: bytes) -> None:
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


def _start_supervisor(header: dict[str, Any], directory: str) -> int:
    """Start it in a session of its own, so that it survives our login, with one end of a socket as its first
    link.
    """
    ours, theirs = socket.socketpair()
    argv = [sys.executable, "-c", header["boot"], os.path.join(directory, PACKAGE_NAME), "supervisor"]
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    if os.fork() == 0:
        try:
            os.setsid()
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, 0)
            os.dup2(nowhere, 1)
            os.set_inheritable(theirs.fileno(), True)
            os.execve(sys.executable, [*argv, directory, str(theirs.fileno())], environment)
        finally:
            os._exit(127)
    theirs.close()
    return ours.detach()
