"""What a session leaves on the host that it leaves: its data, so that it need not come there over the wire
again.

The kernel that is about to end forks: the child, which has one thread and nothing of this process but its
memory, copies the session's buffers into a sealed file in memory and becomes, by exec, a process that knows
nothing but that (:mod:`..remote.depository`). It does so when the session lives elsewhere already, while
nobody waits for it.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from functools import partial
from typing import NoReturn

from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.homecoming.keeper import KEPT_FROM, live_apart
from pyteleport_jupyter.objects import Pickled, chunks
from pyteleport_jupyter.options import Options
from pyteleport_jupyter.remote.deposits import end_deposits, mark_of
from pyteleport_jupyter.remote.inquiries import ask
from pyteleport_jupyter.remote.package_finder import BOOT, served_from
from pyteleport_jupyter.remote.runtime_directory import PACKAGE_NAME, make_beside, remove
from pyteleport_jupyter.session import current_place
from pyteleport_jupyter.session.deposits import deposit_secret
from pyteleport_jupyter.session.environment import environment_at_start
from pyteleport_jupyter.shipping.deposit import make_deposit
from pyteleport_jupyter.shipping.memory import available_bytes
from pyteleport_jupyter.wire.waiting import ready

SHARE = 2
"""It is kept if so many times as much memory is free there: until the child has become another process it
is there twice.
"""

APART_SECONDS = 5.0
"""So long the child may take until it does not end with this process."""

ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "HOME", "LANG")
"""All of it that the process gets: an interpreter may not start without its libraries."""

Leave = Callable[[], object]


def depositing(pickled: Pickled, directory: str | None, options: Options) -> Leave:
    """How the kernel of the session in ``directory`` leaves ``pickled`` behind, at its very end; does
    nothing where that would not be worth it, is not wanted, or memory is short.
    """
    if directory is None or served_from() is None or not options.keep or not worth_leaving(pickled):
        return _nothing
    try:
        facts = ask(directory, "facts")
        seconds = float(facts["lease"]) if facts["keep"] else 0.0
    except (OSError, KeyError, TypeError, ValueError):
        seconds = 0.0
    return partial(leave_deposit, pickled, directory, seconds) if seconds else _nothing


def _nothing() -> None:
    """Nothing stays."""


def worth_leaving(pickled: Pickled) -> bool:
    """Whether there is enough of it, and room for it here."""
    size = sum(buffer.nbytes for buffer in pickled.buffers)
    return size >= KEPT_FROM and hasattr(os, "memfd_create") and SHARE * size < available_bytes()


def leave_deposit(pickled: Pickled, beside: str, seconds: float) -> None:
    """Fork; returns when the child does not end with this process any more. Raises OSError.

    ``beside``: the directory of the session.
    """
    directory = _directory(beside)
    try:
        read, write = os.pipe()
        pid = _fork()
    except OSError:
        remove(directory)
        raise
    if pid == 0:
        try:
            live_apart(set())
            _become_depository(pickled, directory, seconds)
        finally:
            remove(directory)
            os._exit(1)
    os.close(write)
    # It has closed its end when it has a session of its own: what ends this process does not mean it then.
    ready([read], [], APART_SECONDS)
    os.close(read)


def _fork() -> int:
    with warnings.catch_warnings():
        # From 3.12 on: this process has threads. The child does not use what they may have locked.
        warnings.simplefilter("ignore")
        return os.fork()


def _directory(beside: str) -> str:
    """A directory with our package in it: that of the session goes with it."""
    directory = make_beside(os.path.dirname(beside))
    try:
        os.link(str(served_from()), os.path.join(directory, PACKAGE_NAME))
    except BaseException:
        remove(directory)
        raise
    return directory


def _become_depository(pickled: Pickled, directory: str, seconds: float) -> NoReturn:
    fault("deposit.copy")
    secret = deposit_secret()
    end_deposits(directory, secret)
    fd = make_deposit(chunks.parts(pickled))
    os.set_inheritable(fd, True)
    os.chdir("/")
    words = map(str, (directory, fd, seconds, mark_of(secret), current_place().home))
    package = os.path.join(directory, PACKAGE_NAME)
    program = [sys.executable, "-I", "-S", "-c", BOOT, package, "depository", *words]
    found = environment_at_start()
    os.execve(program[0], program, {name: found[name] for name in ENVIRONMENT if name in found})
