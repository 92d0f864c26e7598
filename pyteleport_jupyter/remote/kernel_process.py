"""The remote kernel as a process: started, fed with the snapshot, listened to, and ended for certain.

It is started with a plain ``subprocess`` and our own connection file. jupyter_client would take longer to
import than Python takes to start, at a moment when everybody waits; it is only asked where a kernelspec is
called by name.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping

from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.remote.orders import StartOrder
from pyteleport_jupyter.remote.package_finder import BOOT
from pyteleport_jupyter.remote.runtime_directory import PACKAGE_NAME
from pyteleport_jupyter.wire.waiting import ready

CONNECTION_NAME = "kernel.json"
PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}
"""With the transport ``ipc`` a port is the number at the end of a socket's path."""

PIPE_SIZE = 1 << 20
LAST_WORDS = 8 << 10
"""So many bytes of what the kernel writes to its own stderr are kept, for the case that it does not start."""


class KernelUnknown(Exception):
    """There is no kernelspec of that name here."""


class KernelProcess:
    """A running kernel. ``ship_fd`` is where the snapshot goes; ``complaints_fd`` is its stdout and
    stderr.
    """

    def __init__(self, process: subprocess.Popen[bytes], ship_fd: int, complaints_fd: int) -> None:
        self._process = process
        self.ship_fd = ship_fd
        self.complaints_fd = complaints_fd
        self._words = bytearray()

    @property
    def pid(self) -> int:
        """Its pid, which is also that of its process group and session."""
        return self._process.pid

    def status(self) -> int | None:
        """How it ended (as ``Popen.returncode``), None while it runs."""
        return self._process.poll()

    def listen(self) -> bool:
        """Take in what it wrote to stderr, keeping the end of it; False when there is nothing more to
        come.
        """
        try:
            data = os.read(self.complaints_fd, LAST_WORDS)
        except BlockingIOError:
            return True
        self._words += data
        del self._words[:-LAST_WORDS]
        return bool(data)

    def last_words(self) -> str:
        """The last line that it wrote, or how it ended."""
        while ready([self.complaints_fd], [], 0)[0] and self.listen():
            pass
        lines = [line for line in self._words.decode(errors="replace").splitlines() if line.strip()]
        return lines[-1].strip() if lines else f"it ended with status {self.status()}"

    def end(self, grace: float) -> None:
        """End it and what it started: asked to for ``grace`` seconds, then killed."""
        if grace and self.status() is None:
            self._signal(signal.SIGTERM)
            deadline = time.monotonic() + grace
            while self.status() is None and time.monotonic() < deadline:
                time.sleep(0.01)
        self._signal(signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5.0)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self.pid, number)


def start_kernel(order: StartOrder, directory: str) -> KernelProcess:
    """Start the kernel on ipc sockets in ``directory``. Raises OSError, KernelUnknown."""
    fault("kernel.start")
    connection_file = os.path.join(directory, CONNECTION_NAME)
    _write_connection_file(connection_file, directory, order.key)
    python, environment = _interpreter(order.kernel_name)
    ship_read, ship_write = _pipe()
    words_read, words_write = os.pipe()
    argv = [python, *order.flags, "-c", BOOT, os.path.join(directory, PACKAGE_NAME), "kernel"]
    try:
        process = subprocess.Popen(
            [*argv, "-f", connection_file, "--ship-fd", str(ship_read)],
            stdin=subprocess.DEVNULL,
            stdout=words_write,
            stderr=words_write,
            # ipykernel ends itself when its parent is not the one named here (ipykernel/parentpoller.py).
            env={**environment, "JPY_PARENT_PID": str(os.getpid())},
            pass_fds=[ship_read],
            start_new_session=True,
        )
    finally:
        os.close(ship_read)
        os.close(words_write)
    os.set_blocking(ship_write, False)
    os.set_blocking(words_read, False)
    return KernelProcess(process, ship_write, words_read)


def _pipe() -> tuple[int, int]:
    read, write = os.pipe()
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    return read, write


def socket_address(directory: str, port: str) -> str:
    """Where the kernel's socket ``port`` (``shell_port`` ...) is."""
    return f"ipc://{directory}/k-{PORTS[port]}"


def _write_connection_file(path: str, directory: str, key: str) -> None:
    content = {"transport": "ipc", "ip": os.path.join(directory, "k"), "key": key, **PORTS}
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(fd, "w", encoding="utf-8") as file:
        json.dump({**content, "signature_scheme": "hmac-sha256", "kernel_name": ""}, file)


def _interpreter(kernel_name: str | None) -> tuple[str, Mapping[str, str]]:
    """Path of the interpreter and its environment: our own, or those of the kernelspec of that name."""
    if kernel_name is None:
        return sys.executable, os.environ
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec(kernel_name)
    except NoSuchKernel:
        raise KernelUnknown(f"there is no kernel called {kernel_name}") from None
    return spec.argv[0], {**os.environ, **spec.env}
