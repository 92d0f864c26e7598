"""A terminal for a command that is a link. ssh, sudo and their like ask for passwords at the terminal that
they belong to, never at stdin; in a process session of its own a command has none.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Sequence

# A session's first process gets the terminal that it opens for its own. Redirecting a command that may fail
# does not end the shell: then the command runs without a terminal.
_WITH_TERMINAL = ("/bin/sh", "-c", 'true 3<>"$0"; exec "$@"')


def open_terminal() -> tuple[int, int] | None:
    """Both ends of a new terminal, ours first; None where the system has none to give.

    Closing the first one is hanging up on the command. The second one has to stay open until the command has
    nothing to ask any more: a terminal that nobody has open belongs to nobody.
    """
    try:
        return os.openpty()
    except OSError:
        return None


def at_terminal(argv: Sequence[str], fd: int) -> list[str]:
    """The command ``argv`` for a process that leads a new session, whose terminal is then that of ``fd``.

    Raises FileNotFoundError if there is no such program.
    """
    if shutil.which(argv[0]) is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), argv[0])
    return [*_WITH_TERMINAL, os.ttyname(fd), *argv]
