"""An ssh server for one user, one key and 127.0.0.1: somewhere to teleport to where no sshd is.

It runs in threads of this process and does only what a teleport needs: commands (exec). No shell, terminal,
forwarding, sftp or password.
"""

from __future__ import annotations

import contextlib
import getpass
import hmac
import logging
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping
from typing import IO

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

PIECE = 64 * 1024
"""Bytes moved at a time."""
WINDOW, LARGEST_PACKET = 1 << 25, 1 << 18
"""In bytes: larger than paramiko's defaults, with which shipping is slower."""
COMMAND_LIMIT = 128 * 1024
"""Longest command line that is run, in bytes; Linux takes no longer argument (MAX_ARG_STRLEN)."""
LOGIN_SECONDS = 30.0
"""A connection that has not authenticated by then is closed."""
CLOSING_SECONDS = 5.0

LOG = "pyteleport_jupyter.demo.paramiko"
"""Where paramiko logs what it thinks of its clients. Without a handler of ours it would go to the user's
stderr: a client that ends while something is on its way to it (as that of a kernel that is shut down) resets
its connection, and that is nothing to tell anybody.
"""
logging.getLogger(LOG).addHandler(logging.NullHandler())
logging.getLogger(LOG).propagate = False


class _Doorkeeper(paramiko.ServerInterface):
    """Decides what one connection may do. paramiko calls it from the connection's thread."""

    def __init__(self, authorized_key: bytes, run: Callable[[paramiko.Channel, bytes], None]) -> None:
        self._user = getpass.getuser()
        self._authorized_key = authorized_key
        self._run = run

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        known = hmac.compare_digest(key.asbytes(), self._authorized_key)
        return AUTH_SUCCESSFUL if known and username == self._user else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if kind == "session":
            return OPEN_SUCCEEDED
        return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        if len(command) > COMMAND_LIMIT:
            return False
        threading.Thread(target=self._run, args=(channel, command), daemon=True, name="loopback exec").start()
        return True


class LoopbackHost:
    """Listens from construction until :meth:`close`. Use as a context manager."""

    def __init__(
        self, host_key: paramiko.PKey, authorized_key: bytes, environment: Mapping[str, str]
    ) -> None:
        """``authorized_key``: the one public key that may enter, as ssh sends it (``PKey.asbytes()``).

        ``environment`` is the whole environment of the commands; its HOME is where they start. Raises
        OSError.
        """
        self._host_key = host_key
        self._authorized_key = authorized_key
        self._environment = dict(environment)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._connections: list[paramiko.Transport] = []
        self._commands: list[subprocess.Popen[bytes]] = []
        self._complaints: list[str] = []
        self._closed = threading.Event()
        self._closing = threading.Lock()
        """Held while something is begun that has to be ended when we close."""
        self._thread = threading.Thread(target=self._accept, daemon=True, name="loopback host")
        self._thread.start()

    def __enter__(self) -> LoopbackHost:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def log(self) -> str:
        """What went wrong with connections so far, one line each."""
        return "\n".join(self._complaints)

    def close(self) -> None:
        """Stop listening, end every connection, and kill the commands that still run."""
        with self._closing:
            self._closed.set()
        # accept() in the other thread does not notice close(), but shutdown() (Linux: EINVAL there).
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(CLOSING_SECONDS)
        for connection in self._connections:
            connection.close()
            if connection.is_alive():
                connection.join(CLOSING_SECONDS)
        for command in self._commands:
            end_command(command)

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                peer, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._greet, args=(peer,), daemon=True, name="loopback login").start()

    def _greet(self, peer: socket.socket) -> None:
        """Negotiate with one client; from then on paramiko's thread serves it."""
        with self._closing:
            if self._closed.is_set():
                peer.close()
                return
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = paramiko.Transport(
                peer, default_window_size=WINDOW, default_max_packet_size=LARGEST_PACKET
            )
            self._connections.append(connection)
        connection.set_log_channel(LOG)
        connection.add_server_key(self._host_key)
        connection.auth_timeout = LOGIN_SECONDS
        try:
            connection.start_server(server=_Doorkeeper(self._authorized_key, self._run))
        except (paramiko.SSHException, EOFError, OSError) as problem:
            self._complaints.append(f"connection refused: {problem}")
            connection.close()
        if self._closed.is_set():
            # close() came before the connection was one that can be closed.
            connection.close()

    def _run(self, channel: paramiko.Channel, command: bytes) -> None:
        """Run one command with the channel as its standard streams."""
        await_reply_sent(channel)
        try:
            with self._closing:
                if self._closed.is_set():
                    return
                process = self._start(command)
                self._commands.append(process)
        except OSError as problem:
            self._complaints.append(f"command refused: {problem}")
            channel.close()
            return
        with contextlib.suppress(OSError, EOFError):
            serve(channel, process)
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            channel.close()

    def _start(self, command: bytes) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["/bin/sh", "-c", os.fsdecode(command)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment,
            cwd=self._environment["HOME"],
            start_new_session=True,
            bufsize=0,
        )


def await_reply_sent(channel: paramiko.Channel) -> None:
    """Until the client was told that its command runs, or is gone: a short command could else end, and close
    the channel, before that. paramiko's thread of the connection sends that reply, and only afterwards looks
    at the answer to this question, which every client refuses (RFC 4254, 4).
    """
    with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
        channel.get_transport().global_request("keepalive@openssh.com", wait=True)


def serve(channel: paramiko.Channel, process: subprocess.Popen[bytes]) -> None:
    """Move bytes between a channel and a process until the process has ended; then say how."""
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise OSError("the command has no pipes")
    feeding = threading.Thread(target=feed, args=(channel, process.stdin), daemon=True, name="loopback in")
    errors = threading.Thread(
        target=drain, args=(process.stderr, channel.sendall_stderr), daemon=True, name="loopback err"
    )
    feeding.start()
    errors.start()
    drain(process.stdout, channel.sendall)
    errors.join()
    status = process.wait()
    # As sshd does for a command that a signal killed, seen from a shell.
    channel.send_exit_status(status if status >= 0 else 128 - status)


def feed(channel: paramiko.Channel, stdin: IO[bytes]) -> None:
    """Channel to process, until either ends; the process then sees the end of its input."""
    with contextlib.suppress(OSError):
        while piece := channel.recv(PIECE):
            write_all(stdin, piece)
    with contextlib.suppress(OSError):
        stdin.close()


def write_all(pipe: IO[bytes], piece: bytes) -> None:
    """Write all of it: an unbuffered pipe may take only a part."""
    rest = memoryview(piece)
    while rest:
        rest = rest[pipe.write(rest) :]


def drain(pipe: IO[bytes], send: Callable[[bytes], object]) -> None:
    """Process to channel, until the process closes its end; what the client no longer takes is dropped."""
    with pipe, contextlib.suppress(OSError):
        while piece := pipe.read(PIECE):
            send(piece)


def end_command(command: subprocess.Popen[bytes]) -> None:
    """Kill a command's whole process group, and reap it."""
    if command.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(command.pid, signal.SIGKILL)
    command.wait(CLOSING_SECONDS)
