"""A kernel that takes over the sockets of the relay that this process was."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import zmq

from pyteleport_jupyter.homecoming.publishing import PatientRouter, PublishingSocket
from pyteleport_jupyter.relay.configuration import FrontSettings
from pyteleport_jupyter.relay.kernel_internals import call_in
from pyteleport_jupyter.relay.timing import AFTER_BUSY
from pyteleport_jupyter.remote.kernel import TeleportedKernel, TeleportedKernelApp

PATIENCE = 5.0
"""Seconds in which clients reconnect: they try every 100 to 200 ms, on a machine that may have much to do."""

CHANNELS = ("shell", "stdin", "control")


class HomeKernel(TeleportedKernel):
    """The session's kernel, at home."""

    _began = False
    taken_over: tuple[Sequence[Sequence[bytes]], Sequence[Sequence[bytes]]] = ((), ())
    """Requests of the shell and of the control channel that come before all that clients send from now on."""

    def start(self) -> None:
        """As IPythonKernel, with what was taken over."""
        shell, control = self.taken_over
        # Which only the main thread may make.
        manager = self.shell_channel_thread.manager
        streams: Any = self.shell_stream, self.control_stream  # type: ignore[has-type]
        self.shell_stream = self.control_stream = None
        super().start()
        self.shell_stream, self.control_stream = streams
        manager.set_on_recv_callback(self.shell_main)
        shell_loop, control_loop = self.shell_channel_thread.io_loop, self.control_thread.io_loop
        shell_loop.add_callback(_hear, self.shell_stream, self.shell_channel_thread_main, shell)
        # An interrupt is for the cell that goes on, which is busy by then; what clients send meanwhile waits.
        delay = AFTER_BUSY if self.restored is not None and self.restored.cell is not None else 0.0
        hear_control = _hear, self.control_stream, self.dispatch_control, control
        control_loop.add_callback(control_loop.call_later, delay, *hear_control)
        if not delay:
            let_interrupts_through()

    def _publish_status(self, status: str, *arguments: Any, **names: Any) -> None:
        # Frontends would take it for a restart.
        if status != "starting":
            super()._publish_status(status, *arguments, **names)

    async def do_execute(self, *arguments: Any, **names: Any) -> dict[str, Any]:
        """As :class:`TeleportedKernel`; with the first cell, interrupts get through again."""
        if not self._began:
            self._began = True
            self.saved_sigint_handler = signal.SIG_IGN
            let_interrupts_through()
        reply: dict[str, Any] = await super().do_execute(*arguments, **names)
        return reply


async def _hear(
    stream: Any, dispatch: Callable[..., Awaitable[None]], taken_over: Sequence[Sequence[bytes]]
) -> None:
    """In the thread of the stream's loop: what was taken over, then what comes.

    The stream is not listened to before: its handler may wait in the loop's queue already, ahead of callbacks
    that are only then put there.
    """
    for frames in taken_over:
        await dispatch([zmq.Frame(frame) for frame in frames])
    stream.on_recv(dispatch, copy=False)


def let_interrupts_through() -> None:
    """From now on an interrupt is one; what came since the relay ended comes when the cell runs."""
    came = signal.SIGINT in signal.sigpending()
    if came:
        signal.sigwait({signal.SIGINT})
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if came:
        timer = threading.Timer(AFTER_BUSY, signal.pthread_kill, (threading.get_ident(), signal.SIGINT))
        timer.daemon = True
        timer.start()


class HomeKernelApp(TeleportedKernelApp):
    """ipykernel's application in parts: first a kernel that nobody can reach, then :meth:`listen`.

    As long as it does not listen, clients wait in the backlog of the sockets: the relay can have them back.
    """

    kernel_class = HomeKernel
    front: FrontSettings

    @classmethod
    def at(cls, front: FrontSettings, connection_file: str) -> HomeKernelApp:
        """The application for these sockets; not initialized yet."""
        ports = {f"{channel}_port": _port(address) for channel, address in front.addresses.items()}
        known = {"connection_file": connection_file, "transport": front.transport, "ip": front.ip}
        app: HomeKernelApp = cls.instance(**known, **ports)
        app.front = front
        return app

    def init_profile_dir(self) -> None:
        """The user's, as any kernel here."""
        super(TeleportedKernelApp, self).init_profile_dir()

    def init_connection_file(self) -> None:
        """It has been read, or written, by the first kernel; what it said is known."""
        self.session.key = self.front.key.encode()
        self.session.signature_scheme = self.front.scheme
        if self.front.curve:
            self.curve_publickey, self.curve_secretkey = (key.encode() for key in self.front.curve)

    def write_connection_file(self, **_: Any) -> None:
        """See :meth:`init_connection_file`."""

    def log_connection_info(self) -> None:
        """It was told when the first kernel started."""
        self._ports = {channel: getattr(self, f"{channel}_port") for channel in self.front.addresses}

    def _bind_socket(self, socket: Any, port: int) -> int:
        return port

    def init_sockets(self) -> None:
        """The sockets, unbound; those that reply wait for clients which are on their way back."""
        level: Any = self.log_level  # type: ignore[has-type]
        self.log_level = logging.ERROR
        # What it says about encryption was said when the first kernel started.
        super().init_sockets()
        self.log_level = level
        for channel in CHANNELS:
            getattr(self, f"{channel}_socket").close(0)
            socket = self.context.socket(zmq.ROUTER, socket_class=PatientRouter)
            socket.linger = 1000
            socket.router_handover = socket.router_mandatory = True
            if self.front.curve:
                self._apply_curve_server_options(socket)
            setattr(self, f"{channel}_socket", socket)

    def init_iopub(self, context: Any) -> None:
        """With the connections that the relay had; encrypted ones are libzmq's, and made anew."""
        made_of = context if self.front.curve else _Publishing(context, self.front)
        super(TeleportedKernelApp, self).init_iopub(made_of)

    def init_heartbeat(self) -> None:
        """It beats already: the process has begun with it (:func:`..relay.endpoints.start_heart`)."""

    def init_signal(self) -> None:
        """Interrupts wait in the mask: to ignore them would throw them away."""
        signal.signal(signal.SIGINT, lambda *_: None)

    def listen(self) -> None:
        """From now on clients reach this kernel."""
        for channel in CHANNELS:
            socket = getattr(self, f"{channel}_socket")
            socket.patient_until = time.monotonic() + PATIENCE
            self._listen(socket, channel)
        self.debug_shell_socket.connect(self.shell_socket.getsockopt(zmq.LAST_ENDPOINT))
        thread = self.iopub_thread
        if self.front.curve:
            call_in(thread.io_loop, lambda: self._listen(thread.socket, "iopub"))
        else:
            welcome = thread._send_welcome_message
            call_in(thread.io_loop, lambda: thread.socket.attend(thread.io_loop, welcome))

    def _listen(self, socket: Any, channel: str) -> None:
        address = self.front.addresses[channel]
        socket.setsockopt(zmq.USE_FD, self.front.listeners[channel])
        socket.bind(f"ipc://{address}" if self.transport == "ipc" else f"tcp://{self.ip}:{address}")


class _Publishing:
    """Stands in for the zmq context while ipykernel makes its iopub socket, whatever it does around that."""

    def __init__(self, context: Any, settings: FrontSettings) -> None:
        self._context = context
        self._settings = settings

    def socket(self, kind: int) -> PublishingSocket:
        return PublishingSocket(self._context, self._settings)


def _port(address: int | str) -> int:
    return address if isinstance(address, int) else int(str(address).rpartition("-")[2])
