"""The supervisor of a program: its start, as :mod:`.supervisor` is that of a kernel's. The rest of its life
is :mod:`.program_service`.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
import time

from pyteleport_jupyter.remote.program_order import ProgramOrder, parse_order
from pyteleport_jupyter.remote.program_process import ProgramProcess, start_program
from pyteleport_jupyter.remote.program_service import ProgramService
from pyteleport_jupyter.remote.runtime_directory import remove
from pyteleport_jupyter.remote.spoken import farewell, read_command
from pyteleport_jupyter.remote.supervisor import ORDER_SECONDS, wait_for_link
from pyteleport_jupyter.remote.survey import survey
from pyteleport_jupyter.remote.tether import Tether
from pyteleport_jupyter.wire.commands import encode_command
from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.pipe import Pipe
from pyteleport_jupyter.wire.waiting import ready


def main(argv: list[str]) -> None:
    """Serve the program in directory ``argv[0]`` over the link that comes over the leash with descriptor
    ``argv[1]``, then leave no trace.
    """
    directory, leash_fd = argv[0], int(argv[1])
    os.set_inheritable(leash_fd, False)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        link = wait_for_link(socket.socket(fileno=leash_fd))
        order = wait_for_order(link.pipe) if link else None
        process = begin(directory, link, order) if link and order else None
        if link and order and process:
            _hold_no_core_dumps()
            ProgramService(directory, link, order, process).run()
    finally:
        remove(directory)


def wait_for_order(pipe: Pipe) -> ProgramOrder | None:
    """The order to start, None if the link closes or says something else first."""
    deadline = time.monotonic() + ORDER_SECONDS
    while not pipe.closed and (left := deadline - time.monotonic()) > 0:
        ready([pipe.read_fd], [], left)
        try:
            for message in pipe.fill():
                return parse_order(read_command(message, ("start",)))
        except WireError:
            return None
    return None


def begin(directory: str, link: Tether, order: ProgramOrder) -> ProgramProcess | None:
    """Start the process and answer with the survey; None if it cannot be started, and that was said."""
    process = None
    try:
        process = start_program(directory, order)
        answer = encode_command("survey", **survey(order.modules, order.paths))
    except OSError as error:
        answer = encode_command("failed", error="StartFailed", facts={"reason": str(error)})
    link.pipe.channel.send(Lane.COMMAND, [answer])
    link.pipe.flush()
    if process is None:
        remove(directory)
        farewell(link)
    return process


def _hold_no_core_dumps() -> None:
    """We have the token; the program, which was started before, may dump core as the user wishes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
