"""The process that a program goes on in: it takes over what was shipped, waits for the word, and goes on."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any, NoReturn

from pyteleport_jupyter import made_files
from pyteleport_jupyter.errors import RestoreFailed, TeleportError
from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.objects import chunks
from pyteleport_jupyter.remote import upstream
from pyteleport_jupyter.remote.control import Control
from pyteleport_jupyter.remote.package_finder import served_from
from pyteleport_jupyter.scripts.arrived import Arrived
from pyteleport_jupyter.scripts.epilogue import Epilogue
from pyteleport_jupyter.scripts.restore import restore_arrived


def arrive(arguments: list[str]) -> tuple[list[tuple[CodeType, dict[str, Any]]], Callable[[], None]]:
    """Take over the program, then wait; see :func:`.package_finder.arrive`.

    ``arguments``: descriptors of the control socket, the snapshot, stdout and stderr. Ends the process where
    there is nothing to go on with.
    """
    control_fd, ship_fd, *outputs = map(int, arguments)
    for fd in (control_fd, ship_fd, *outputs):
        os.set_inheritable(fd, False)
    control = Control(control_fd)
    restored = _take_over(control, ship_fd)
    try:
        word = control.command("go")
    except (EOFError, OSError):
        os._exit(0)
    _take_streams(outputs)
    upstream.connect(control)
    return restored.go_on(word.get("value")), Epilogue(restored.prompts).begin


def _take_over(control: Control, ship_fd: int) -> Arrived:
    try:
        stream, buffers = chunks.receive(lambda view: _fill(ship_fd, view), _memory_bytes())
        os.close(ship_fd)
        host = str(control.command("prepare")["host"])
        fault("load.object")
        with made_files.noting(os.path.dirname(served_from() or "")):
            restored = restore_arrived(stream, buffers, host)
    except TeleportError as error:
        _leave(control, error)
    except EOFError:
        os._exit(0)
    control.say("prepared", pid=os.getpid(), python=platform.python_version())
    return restored


def _leave(control: Control, error: TeleportError) -> NoReturn:
    control.say("failed", **error.as_record())
    os._exit(1)


def _fill(fd: int, view: memoryview) -> None:
    """Read exactly ``len(view)`` bytes."""
    while view:
        count = os.readv(fd, [view])
        if count == 0:
            raise RestoreFailed(reason="the snapshot ended too early")
        view = view[count:]


def _memory_bytes() -> int:
    """Physical memory of this machine: no program that arrives here can be larger."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _take_streams(outputs: list[int]) -> None:
    """From here on what is printed is the program's: until now it was what imports have to say."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    for number, fd in zip((1, 2), outputs, strict=True):
        os.dup2(fd, number)
        os.close(fd)
