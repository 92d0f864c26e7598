"""The supervisor: owns the remote kernel, passes its messages, and lives on when the link is gone.

Here is its start, with the link alone and the standard library: the kernel is started and the survey answered
before anything that takes long to load is loaded. The rest of its life is :mod:`.session_service`.
"""

from __future__ import annotations

import os
import signal
import time
from importlib.util import find_spec

from pyteleport_jupyter.remote.kernel_process import KernelProcess, KernelUnknown, start_kernel
from pyteleport_jupyter.remote.orders import StartOrder, parse_start
from pyteleport_jupyter.remote.runtime_directory import remove
from pyteleport_jupyter.remote.spoken import farewell, read_command
from pyteleport_jupyter.remote.survey import survey
from pyteleport_jupyter.wire.channel import NumberedChannel
from pyteleport_jupyter.wire.commands import encode_command
from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.pipe import Pipe
from pyteleport_jupyter.wire.waiting import ready

ORDER_SECONDS = 60.0
"""So long a supervisor waits to be told what to do."""


def main(argv: list[str]) -> None:
    """Serve the session in directory ``argv[0]`` over the socket with descriptor ``argv[1]``; leave no
    trace.
    """
    directory, link_fd = argv[0], int(argv[1])
    os.set_inheritable(link_fd, False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        pipe = Pipe(link_fd, link_fd, NumberedChannel())
        order = wait_for_order(pipe)
        kernel = begin(directory, pipe, order) if order else None
        if order and kernel:
            serve(directory, pipe, order, kernel)
    finally:
        remove(directory)


def wait_for_order(pipe: Pipe) -> StartOrder | None:
    """The order to start, None if the link closes or says something else first."""
    deadline = time.monotonic() + ORDER_SECONDS
    while not pipe.closed and (left := deadline - time.monotonic()) > 0:
        ready([pipe.read_fd], [], left)
        try:
            for message in pipe.fill():
                return parse_start(read_command(message, ("start",)))
        except WireError:
            return None
    return None


def begin(directory: str, pipe: Pipe, order: StartOrder) -> KernelProcess | None:
    """Start the kernel and answer with the survey; None if there is nothing to start, which has then been
    said.
    """
    kernel = None
    try:
        if find_spec("ipykernel") or order.kernel_name:
            kernel = start_kernel(order, directory)
        answer = encode_command("survey", **survey(order.modules))
    except (OSError, KernelUnknown) as error:
        answer = encode_command("failed", error="StartFailed", facts={"reason": str(error)})
    pipe.channel.send(Lane.COMMAND, [answer])
    pipe.flush()
    if kernel is None:
        remove(directory)
        farewell(pipe)
    return kernel


def serve(directory: str, pipe: Pipe, order: StartOrder, kernel: KernelProcess) -> None:
    """Look after the session until its end."""
    # Only now, because this loads libzmq: the kernel is loading its own at the same time.
    from pyteleport_jupyter.remote.session_service import SessionService

    SessionService(directory, pipe, order, kernel).run()
