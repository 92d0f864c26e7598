"""The rest of the first stage: make the directory, write the package, start the supervisor, hand the
link over to it.

Runs under ``-I -S`` from code that came in the header; see :mod:`.first_stage`. Everybody waits for it, so
it imports C modules only: ``socket``, ``json``, ``typing`` and their kin would take longer than all the work.
"""

from __future__ import annotations

import _socket
import errno
import os
import sys
import zlib

from pyteleport_jupyter.remote.launch import launch
from pyteleport_jupyter.remote.leash import hand_over, knock, stay
from pyteleport_jupyter.remote.runtime_directory import (
    PACKAGE_NAME,
    SOCKET_NAME,
    Refusal,
    is_of_this_machine,
    make,
    no_room,
    remove,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LANDED = b"!"
"""Goes with the first link: descriptors do not travel without a byte."""

_NOT_INHERITED = ("JPY_PARENT_PID", "JPY_SESSION_NAME", "JPY_API_TOKEN", "_")
"""What a kernel's or a server's environment says about *its* parent, which is not ours
(ipykernel/parentpoller.py).
"""


def main(header: dict[str, Any], take: Callable[[int], bytes], say: Callable[[str], None]) -> None:
    """Land as ``header`` says; ``take`` reads exactly so many bytes from stdin, ``say`` answers with JSON."""
    if header["kind"] == "inquiry":
        sys.modules[f"pyteleport_jupyter.{header['answers']}"].answer(header, say)
        return
    try:
        if header["kind"] == "attach":
            directory = str(header["directory"])
            leash = _connect(directory)
        else:
            package = take(header["size"])
            leash, directory = _boot(header["boot"], package, header.get("role", "supervisor"))
    except Refusal as refusal:
        import json

        say(json.dumps(refusal.record))
        return
    say(f'{{"landed": "{os.fsencode(directory).hex()}"}}')
    if header["kind"] == "attach":
        knock(leash, take)
    else:
        hand_over(leash, LANDED)
    stay(leash)


def _connect(directory: str) -> _socket.socket:
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.connect(os.path.join(directory, SOCKET_NAME))
    except OSError as error:
        if not is_of_this_machine(directory):
            # One name for several login nodes: the next attempt may find the right one.
            raise Refusal("LinkLost", reason="the session is on another machine of that name") from None
        raise Refusal("SessionGone", reason=error.strerror or "nobody answers") from None
    return connection


def _boot(boot: str, package: bytes, role: str) -> tuple[_socket.socket, str]:
    try:
        unpacked = zlib.decompress(package)
    except zlib.error:
        raise Refusal("ProtocolBroken", reason="our package arrived damaged") from None
    directory = make()
    path = os.path.join(directory, PACKAGE_NAME)
    try:
        _write(path, unpacked)
        return _start_supervisor(boot, directory, path, role), directory
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


def _start_supervisor(boot: str, directory: str, package: str, role: str) -> _socket.socket:
    """Start it in a session of its own, so that it survives our login; returns our end of its first leash.

    ``role`` is "supervisor", of a kernel that is launched here, or "program-supervisor".
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
            program = [sys.executable, "-c", boot, package]
            launched = launch(directory, [*program, "kernel"], environment) if role == "supervisor" else ()
            numbers = theirs.fileno(), *launched
            for fd in (numbers[0], *numbers[2:]):
                os.set_inheritable(fd, True)
            os.execve(program[0], [*program, role, directory, *map(str, numbers)], environment)
        finally:
            os._exit(127)
    theirs.close()
    return ours
