"""One command on one host by paramiko: connect, then pump bytes between its channel and our stdin and
stdout.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import NoReturn

import paramiko

from pyteleport_jupyter.errors import ShellFailed
from pyteleport_jupyter.transports.connection import Connector
from pyteleport_jupyter.transports.link import Question
from pyteleport_jupyter.transports.ssh_settings import Settings

Ask = Callable[[Question], str | None]

SLICE = 1 << 18
"""Bytes read at a time. sendall gets memoryviews: of ``bytes`` it copies the whole rest behind every
packet.
"""
COMPLAINT_LIMIT = 1 << 20
"""Most bytes of the host's stderr that are kept."""
LINGER_SECONDS = 10.0
"""How long the host may be silent after our end of file before the connection is closed."""
LAST_SECONDS = 1.0
"""For what the host still has to say behind the last byte of output: errors and exit status."""
SESSION_SECONDS = 60.0
LOST = 255

STDIN, STDOUT, STDERR = 0, 1, 2


def connect(settings: Settings, command: str, ask: Ask) -> Session:
    """The running ``command`` on the host. Raises TeleportError, or ParamikoLacks."""
    connector = Connector(ask)
    transport = connector.open(settings)
    # paramiko waits for the answer to exec without an end; closing the transport ends the wait.
    watchdog = threading.Timer(SESSION_SECONDS, transport.close)
    watchdog.daemon = True
    watchdog.start()
    try:
        channel = transport.open_session(timeout=SESSION_SECONDS)
        channel.exec_command(command)
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise ShellFailed(host=settings.alias, reason=_no_session(error)) from None
    finally:
        watchdog.cancel()
    return Session(channel, connector.opened)


def _no_session(error: Exception) -> str:
    if isinstance(error, paramiko.ChannelException):
        return f"it refused a session ({error.text})"
    if str(error) == "Channel closed.":
        return "it does not run commands"
    return str(error) or type(error).__name__


class Session:
    """A command that runs on the host; ``transports`` (the jump hosts too) live as long as it does."""

    def __init__(self, channel: paramiko.Channel, transports: Sequence[paramiko.Transport]) -> None:
        self._channel = channel
        self._transports = transports
        self._received = 0
        self._complaints = threading.Thread(target=self._keep_complaints, name="complaints", daemon=True)

    def pump(self) -> NoReturn:
        """Move bytes until either side ends, then end this process with the command's exit status."""
        self._complaints.start()
        output = threading.Thread(target=self._pump_output, name="output", daemon=True)
        output.start()
        self._pump_input()
        self._linger(output)
        os._exit(LOST)

    def _pump_input(self) -> None:
        buffer = bytearray(SLICE)
        view = memoryview(buffer)
        try:
            while count := os.readv(STDIN, [buffer]):
                self._channel.sendall(view[:count])  # type: ignore[arg-type]
            self._channel.shutdown_write()
        except (OSError, EOFError, paramiko.SSHException):
            # The channel is closed; the output pump sees that too and ends the process when all output is
            # out.
            return

    def _pump_output(self) -> None:
        try:
            while data := self._channel.recv(SLICE):
                self._received += len(data)
                write_all(STDOUT, data)
        except OSError:
            os._exit(LOST)
        # The parent sees the end of file when this process ends, and then looks for the reason.
        self._complaints.join(LAST_SECONDS)
        self._channel.status_event.wait(LAST_SECONDS)
        status = self._channel.recv_exit_status() if self._channel.exit_status_ready() else LOST
        os._exit(status & 0xFF)

    def _keep_complaints(self) -> None:
        left = COMPLAINT_LIMIT
        while data := self._channel.recv_stderr(SLICE):
            kept = data[:left]
            left -= len(kept)
            write_all(STDERR, kept)

    def _linger(self, output: threading.Thread) -> None:
        """After our end of file the host may still send what it has; silence ends the wait."""
        before = -1
        while output.is_alive() and before != self._received:
            before = self._received
            output.join(LINGER_SECONDS)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of ``data`` to a blocking descriptor. Raises OSError when nobody reads any more."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
