"""The remote kernel as a process: told to go, listened to, and ended for certain. See :mod:`.launch` for its
start.

jupyter_client, which takes as long to load as a kernel to start, is only asked where a kernelspec is called
by name.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Sequence

from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.remote.endings import wait_for_end
from pyteleport_jupyter.remote.last_words import LastWords
from pyteleport_jupyter.remote.launch import CONNECTION_NAME, launch
from pyteleport_jupyter.remote.package_finder import BOOT, EMPTY, GO
from pyteleport_jupyter.remote.runtime_directory import PACKAGE_NAME

PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}
"""With the transport ``ipc`` a port is the number at the end of a socket's path."""

KILL_SECONDS = 5.0
"""So long a killed process may take to be gone (it may hang in a file system)."""


class KernelUnknown(Exception):
    """There is no kernelspec of that name here."""


class KernelProcess:
    """A kernel and our ends of its pipes: the snapshot goes into ``ship_fd``, what it prints comes out of
    ``complaints_fd``.
    """

    def __init__(self, pid: int, go_fd: int, ship_fd: int, complaints_fd: int) -> None:
        self.pid = pid
        """Also the number of its process group and session."""
        self.ship_fd = ship_fd
        self.complaints_fd = complaints_fd
        self.lent: socket.socket | None = None
        """By it the kernel has what its session had left here (:mod:`.depository`)."""
        self._go_fd = go_fd
        self._status: int | None = None
        self._words = LastWords(complaints_fd)
        for fd in (go_fd, ship_fd, complaints_fd):
            os.set_inheritable(fd, False)
        os.set_blocking(ship_fd, False)

    def go(self, directory: str, key: str, deposit: int | None = None, empty: bool = False) -> None:
        """Let it become a kernel with sockets in ``directory`` that signs with ``key``. ``deposit`` is the
        descriptor of what its session has left here, if it has; ``empty``: it begins with none.
        """
        fault("kernel.start")
        _write_connection_file(directory, key)
        with socket.socket(fileno=self._go_fd) as line:
            try:
                socket.send_fds(line, [EMPTY if empty else GO], [] if deposit is None else [deposit])
            except OSError:
                pass  # It has ended already; its status and its last words tell.

    def status(self) -> int | None:
        """How it ended (negative: by which signal), None while it runs."""
        if self._status is None:
            self._wait(os.WNOHANG)
        return self._status

    def _wait(self, flags: int) -> None:
        try:
            pid, status = os.waitpid(self.pid, flags)
        except ChildProcessError:
            self._status = -1
        else:
            self._status = os.waitstatus_to_exitcode(status) if pid else None

    def listen(self) -> bool:
        """Take in what it printed, keeping the end of it; False when nothing more will come."""
        return self._words.listen()

    def last_words(self) -> str:
        """The last line that it printed, or how it ended."""
        return self._words.line() or _end_in_words(self.status())

    def ask_to_end(self) -> None:
        """Ask it, and what it started, to end."""
        self._signal(signal.SIGTERM)

    def end(self, grace: float = 0.0) -> None:
        """End it and what it started: asked to for ``grace`` seconds, then killed."""
        if grace:
            self.ask_to_end()
            wait_for_end(self._has_ended, grace)
        self._signal(signal.SIGKILL)
        wait_for_end(self._has_ended, KILL_SECONDS)

    def _has_ended(self) -> bool:
        return self.status() is not None

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self.pid, number)
        except OSError:
            pass


def _end_in_words(status: int | None) -> str:
    if status is not None and -status in set(signal.Signals):
        return f"it was ended by {signal.Signals(-status).name}"
    return f"it ended with status {status}"


def socket_path(directory: str, port: str) -> str:
    """Where the kernel's socket ``port`` (``shell_port`` ...) is."""
    return f"{directory}/k-{PORTS[port]}"


def _write_connection_file(directory: str, key: str) -> None:
    content = {"transport": "ipc", "ip": os.path.join(directory, "k"), "key": key, **PORTS}
    path = os.path.join(directory, CONNECTION_NAME)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(fd, "w", encoding="utf-8") as file:
        json.dump({**content, "signature_scheme": "hmac-sha256", "kernel_name": ""}, file)


def relaunch(
    directory: str, kernel_name: str | None, flags: Sequence[str], python: str = ""
) -> KernelProcess:
    """Another process than the one launched in advance: Python with ``flags``, or that of the kernelspec.

    Raises OSError, KernelUnknown.
    """
    python, environment = python or sys.executable, dict(os.environ)
    if kernel_name is not None:
        python, environment = _named_interpreter(kernel_name)
    program = [python, *flags, "-c", BOOT, os.path.join(directory, PACKAGE_NAME), "kernel"]
    return KernelProcess(*launch(directory, program, environment))


def _named_interpreter(name: str) -> tuple[str, dict[str, str]]:
    """Interpreter and environment of the kernelspec ``name``."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec(name)
    except NoSuchKernel:
        raise KernelUnknown(f"there is no kernel called {name}") from None
    return spec.argv[0], {**os.environ, **spec.env}
