"""The kernel's process, launched long before there is anything for it to do.

Loading ipykernel takes longer than everything else in the boot together. So the process is launched by the
first stage, in the fork that is about to become the supervisor; it imports what it needs and waits at its
stdin for the word to go.

Runs in the first stage: ``os`` and two modules in C.
"""

from __future__ import annotations

import _socket
import fcntl
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONNECTION_NAME = "kernel.json"
PIPE_SIZE = 1 << 20


def launch(
    directory: str, program: Sequence[str], environment: Mapping[str, str]
) -> tuple[int, int, int, int]:
    """Start ``program`` (``[python, ..., "kernel"]``) as our child, in a process session of its own.

    Returns its pid, our end of the socket by which it is let go, and our ends of its pipes: one for the
    snapshot, and one from which comes what it prints. Raises OSError.
    """
    go_read, go_write = (end.detach() for end in _socket.socketpair())
    ship_read, ship_write = wide_pipe()
    words_read, words_write = os.pipe()
    argv = [*program, "-f", os.path.join(directory, CONNECTION_NAME), "--ship-fd", str(ship_read)]
    # ipykernel ends itself when its parent is not the one named here (ipykernel/parentpoller.py).
    child_environment = {**environment, "JPY_PARENT_PID": str(os.getpid())}
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            for ours, theirs in ((go_read, 0), (words_write, 1), (words_write, 2)):
                os.dup2(ours, theirs)
            os.set_inheritable(ship_read, True)
            os.execve(argv[0], argv, child_environment)
        finally:
            os._exit(127)
    for fd in (go_read, ship_read, words_write):
        os.close(fd)
    return pid, go_write, ship_write, words_read


def wide_pipe() -> tuple[int, int]:
    """A pipe that holds much, where the system lets one ask for it."""
    read, write = os.pipe()
    try:
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    except (OSError, AttributeError):
        pass
    return read, write
