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

from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.remote.program_order import ProgramOrder, parse_order
from pyteleport_jupyter.remote.program_process import ProgramProcess
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

    The other arguments are what :func:`.program_launch.launch_program` gave: the program's process is our
    child already.
    """
    directory, leash_fd, *launched = argv[0], *map(int, argv[1:])
    os.set_inheritable(leash_fd, False)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    process = ProgramProcess(*launched) if launched[0] > 0 else None
    try:
        link = wait_for_link(socket.socket(fileno=leash_fd))
        order = wait_for_order(link.pipe) if link else None
        if link and order and begin(directory, link, order, -launched[0]) and process:
            _hold_no_core_dumps()
            ProgramService(directory, link, order, process).run()
    finally:
        if process:
            process.end()
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


def begin(directory: str, link: Tether, order: ProgramOrder, trouble: int) -> bool:
    """Answer with the survey; False if the process was not started (``trouble`` is why, the number of an
    OSError), and that was said.
    """
    try:
        fault("program.start")
        if trouble > 0:
            raise OSError(trouble, os.strerror(trouble))
        answer = encode_command("survey", **survey(order.modules, order.paths))
        begun = True
    except OSError as error:
        answer = encode_command("failed", error="StartFailed", facts={"reason": str(error)})
        begun = False
    link.pipe.channel.send(Lane.COMMAND, [answer])
    link.pipe.flush()
    if not begun:
        remove(directory)
        farewell(link)
    return begun


def _hold_no_core_dumps() -> None:
    """We have the token; the program, which was started before, may dump core as the user wishes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
