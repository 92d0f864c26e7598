"""The supervisor: owns the remote kernel, passes its messages, and lives on when the link is gone.

Here is its start, with the link alone and the standard library: the kernel is started and the survey answered
before anything that takes long to load is loaded. The rest of its life is :mod:`.session_service`.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
import time
from importlib.util import find_spec
from typing import Any

from pyteleport_jupyter.remote.deposits import find_deposit
from pyteleport_jupyter.remote.kernel_process import KernelProcess, KernelUnknown, relaunch
from pyteleport_jupyter.remote.orders import StartOrder, parse_start
from pyteleport_jupyter.remote.runtime_directory import remove
from pyteleport_jupyter.remote.spoken import farewell, read_command
from pyteleport_jupyter.remote.survey import survey
from pyteleport_jupyter.remote.tether import Tether, receive_ends, tether
from pyteleport_jupyter.wire.channel import NumberedChannel
from pyteleport_jupyter.wire.commands import encode_command
from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.pipe import Pipe
from pyteleport_jupyter.wire.waiting import ready

ORDER_SECONDS = 600.0
"""So long a supervisor waits to be told what to do: meanwhile the session is packed."""


def main(argv: list[str]) -> None:
    """Serve the session in directory ``argv[0]`` over the link that comes over the leash with descriptor
    ``argv[1]``, then leave no trace.

    The other arguments are the numbers that describe the kernel's process (see :class:`KernelProcess`), our
    child, which waits for its word to go.
    """
    directory, leash_fd, *launched = argv[0], *map(int, argv[1:])
    os.set_inheritable(leash_fd, False)
    # Handlers, not SIG_IGN: that would be inherited by a kernel that is launched from here.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    kernel = KernelProcess(*launched)
    try:
        link = wait_for_link(socket.socket(fileno=leash_fd))
        order = wait_for_order(link.pipe) if link else None
        begun = begin(directory, link, order, kernel) if link and order else None
        if link and order and begun:
            serve(directory, link, order, begun)
    finally:
        kernel.end()
        remove(directory)


def wait_for_link(leash: socket.socket) -> Tether | None:
    """The first link, None if the first stage ends without giving it."""
    ready([leash.fileno()], [], ORDER_SECONDS)
    leash.setblocking(False)
    try:
        _, ends = receive_ends(leash, 1)
    except OSError:
        return None
    return tether(ends, leash, NumberedChannel()) if ends else None


def wait_for_order(pipe: Pipe) -> StartOrder | None:
    """The order to start, None if the link closes or says something else first, or calls it off at once.

    Before it may come one to install packages.
    """
    deadline = time.monotonic() + ORDER_SECONDS
    while not pipe.closed and (left := deadline - time.monotonic()) > 0:
        ready([pipe.read_fd], [], left)
        try:
            messages = pipe.fill()
            if messages:
                command = read_command(messages[0], ("start", "install"))
                if len(messages) > 1:
                    return None  # nothing but a change of mind can come before we have answered
                if command["op"] == "start":
                    return parse_start(command)
                _install(pipe, command)
                deadline = time.monotonic() + ORDER_SECONDS
        except WireError:
            return None
    return None


def _install(pipe: Pipe, command: dict[str, Any]) -> None:
    from pyteleport_jupyter.remote.installing import answer

    answer(pipe, command)


def begin(directory: str, link: Tether, order: StartOrder, kernel: KernelProcess) -> KernelProcess | None:
    """Let the kernel go and answer with the survey; None if nothing can be started, which has then been
    said.
    """
    try:
        begun = _right_kernel(directory, order, kernel)
        left = _let_go(begun, directory, order) if begun is not None else {}
        answer = encode_command("survey", **survey(order.modules, order.paths, order.python), **left)
    except (OSError, KernelUnknown) as error:
        begun = None
        answer = encode_command("failed", error="StartFailed", facts={"reason": str(error)})
    link.pipe.channel.send(Lane.COMMAND, [answer])
    link.pipe.flush()
    if begun is None:
        kernel.end()
        remove(directory)
        farewell(link)
    return begun


def _let_go(kernel: KernelProcess, directory: str, order: StartOrder) -> dict[str, object]:
    """Let the kernel go; returns what is to be said of what its session has left here."""
    found = find_deposit(directory, order.deposit)
    if found is None:
        kernel.go(directory, order.key, empty=order.empty)
        return {}
    with found:
        kernel.go(directory, order.key, found.fd)
        # Until the session is here, or we have ended and the kernel with us, nobody else may have it.
        kernel.lent, found.line = found.line, None
        return {"deposit": found.as_record()}


def _right_kernel(directory: str, order: StartOrder, kernel: KernelProcess) -> KernelProcess | None:
    """The kernel that was launched on the chance that it is what the order asks for, or another, or none."""
    if order.kernel_name is None and not order.flags and not order.python:
        return kernel if find_spec("ipykernel") else None
    kernel.end()
    return relaunch(directory, order.kernel_name, order.flags, order.python)


def serve(directory: str, link: Tether, order: StartOrder, kernel: KernelProcess) -> None:
    """Look after the session until its end."""
    # It holds the token and the key; the kernel, which was started before, may dump core as the user wishes.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    # Only now: the kernel, which is to be ready soon, is loading at the same time.
    from pyteleport_jupyter.remote.session_service import SessionService

    SessionService(directory, link, order, kernel).run()
