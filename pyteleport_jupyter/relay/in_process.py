"""The fallback: the same relay inside the kernel, which stays, with the main thread parked in it for good.

No connection is cut and nothing can get lost on the way. But the user's memory, threads and child processes
stay alive here too, which is why exec is the rule and this the exception: for kernels that are part of
another application, or whose internals are not those that a cut-over knows.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Any, NoReturn

import zmq

from pyteleport_jupyter.errors import KernelUnsupported, QuiesceFailed, TeleportError
from pyteleport_jupyter.relay import draining, output
from pyteleport_jupyter.relay.above import supervisor_of
from pyteleport_jupyter.relay.configuration import Settings
from pyteleport_jupyter.relay.cutover import front_settings
from pyteleport_jupyter.relay.endpoints import Rest
from pyteleport_jupyter.relay.far_end import far_settings, look_at_far_side
from pyteleport_jupyter.relay.kernel_internals import KernelParts, PartsMissing, call_in, parts_of
from pyteleport_jupyter.relay.plan import CutPlan
from pyteleport_jupyter.relay.processes import ENDING_SIGNALS, Signals
from pyteleport_jupyter.relay.program import assemble
from pyteleport_jupyter.relay.sockets import accepted, addresses_of
from pyteleport_jupyter.wire.lanes import Lane

LOOK_SECONDS = 0.001

MOST_ARRIVED = 256
"""So many requests of a channel are taken off the network before the relay has had a look at them."""


class Inlet:
    """The requests of one channel, on their way from the thread that takes them off the network to ours."""

    def __init__(self, lane: Lane, stream: Any, loop: Any, wake: Callable[[], None]) -> None:
        self.lane = lane
        self._stream = stream
        self._loop = loop
        self._wake = wake
        self._arrived: deque[list[bytes]] = deque()
        self._stopped = False

    def __len__(self) -> int:
        return len(self._arrived)

    def open(self) -> None:
        """In the thread of the channel: requests come to us from now on."""
        self._stopped = False
        self._stream.on_recv(self._take, copy=False)

    def _take(self, frames: Sequence[Any]) -> None:
        self._arrived.append([bytes(getattr(frame, "bytes", frame)) for frame in frames])
        if len(self._arrived) >= MOST_ARRIVED:
            self._stream.stop_on_recv()
            self._stopped = True
        self._wake()

    def take_all(self) -> list[tuple[Lane, list[bytes]]]:
        """In our thread: what has arrived."""
        arrived = [(self.lane, self._arrived.popleft()) for _ in range(len(self._arrived))]
        if self._stopped:
            self._loop.add_callback(self.open)
        return arrived


class KernelEndpoints:
    """The kernel's own sockets, each used in the thread it belongs to; a pipe wakes ours when something has
    come.
    """

    def __init__(self, parts: KernelParts) -> None:
        self._parts = parts
        self._read_fd, self._write_fd = os.pipe()
        for descriptor in (self._read_fd, self._write_fd):
            os.set_blocking(descriptor, False)
        self._shell = Inlet(Lane.SHELL, parts.shell_stream, parts.shell_loop, self._wake)
        self._control = Inlet(Lane.CONTROL, parts.control_stream, parts.control_loop, self._wake)
        self._welcome: list[Inlet] = []

    def redirect(self) -> None:
        """Requests come to us from now on."""
        call_in(self._parts.shell_loop, self._shell.open)
        call_in(self._parts.control_loop, self._control.open)

    def _wake(self) -> None:
        with suppress(BlockingIOError):
            os.write(self._write_fd, b"!")

    def pollables(self, requests: bool, control: bool) -> dict[Any, int]:
        """See :class:`~.endpoints.Endpoints`."""
        self._welcome = [inlet for inlet, now in ((self._control, control), (self._shell, requests)) if now]
        if any(self._welcome):
            self._wake()
        return dict.fromkeys([self._read_fd, *([self._parts.stdin_socket] if requests else [])], zmq.POLLIN)

    def receive(self, ready: Iterable[Any]) -> list[tuple[Lane, list[bytes]]]:
        """See :class:`~.endpoints.Endpoints`."""
        with suppress(BlockingIOError):
            os.read(self._read_fd, 65536)
        arrived = [request for inlet in self._welcome for request in inlet.take_all()]
        if self._parts.stdin_socket in ready:
            arrived += [(Lane.STDIN, f) for f in draining.receive_all(self._parts.stdin_socket)]
        return arrived

    def subscriptions(self) -> list[bytes]:
        """The kernel welcomes its subscribers itself."""
        return []

    congested = False

    def cut_off(self) -> int:
        """See :class:`~.endpoints.Endpoints`; here ipykernel's iopub leaves out who does not read."""
        return 0

    def send(self, lane: Lane, frames: Sequence[bytes | memoryview]) -> bool:
        """See :class:`~.endpoints.Endpoints`; the kernel's ROUTERs drop what nobody is there for, as they
        always did.
        """
        parts = self._parts
        if lane is Lane.IOPUB:
            parts.kernel.iopub_thread.send_multipart(frames)
        elif lane is Lane.SHELL:
            parts.shell_loop.add_callback(parts.shell_stream.send_multipart, frames)
        elif lane is Lane.CONTROL:
            parts.control_loop.add_callback(parts.control_stream.send_multipart, frames)
        else:
            parts.stdin_socket.send_multipart(frames)
        return True

    def come_to_rest(self) -> Rest:
        """See :class:`~.endpoints.Endpoints`; the kernel's sockets stay where they are."""
        raise OSError("the process that the session left has not ended")

    def close(self, seconds: float) -> None:
        """See :class:`~.endpoints.Endpoints`: as in a cut-over, only closed connections say that all was
        sent.
        """
        deadline = time.monotonic() + seconds
        with suppress(PartsMissing):
            call_in(self._parts.shell_loop, lambda: self._parts.shell_stream.flush())
            output.close_iopub(self._parts)
        address = addresses_of(self._parts.app)["iopub"]
        while accepted({address}) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)


class KernelHousekeeping:
    """Of a process that still is a kernel: its parent is watched by the kernel's own thread, its children
    are its own.

    Signals reach only the main thread; a kernel that runs in another leaves them to the application around
    it.
    """

    def __init__(self) -> None:
        in_main_thread = threading.current_thread() is threading.main_thread()
        self._signals = Signals(None) if in_main_thread else None
        self._noted: list[int] = []

    def reading(self) -> list[int]:
        """See :class:`~.housekeeping.Housekeeping`."""
        return [] if self._signals is None else [self._signals.read_fd]

    def interrupted(self) -> bool:
        """See :class:`~.housekeeping.Housekeeping`."""
        came = signal.SIGINT in self._noted
        self._noted = [number for number in self._noted if number != signal.SIGINT]
        return came

    def look(self, ready: set[Any]) -> bool:
        """See :class:`~.housekeeping.Housekeeping`."""
        if self._signals is not None and self._signals.read_fd in ready:
            self._noted += self._signals.numbers()
        return any(number in ENDING_SIGNALS for number in self._noted)

    def ended_children(self) -> set[int]:
        """See :class:`~.housekeeping.Housekeeping`."""
        return set()


def pump_in_process(kernel: Any, plan: CutPlan) -> NoReturn:
    """Relay as ``plan`` says until this process ends.

    Raises KernelUnsupported if this kernel cannot even do that, QuiesceFailed if it is too busy; it is then
    as before.
    """
    try:
        parts = parts_of(kernel)
    except PartsMissing as error:
        raise KernelUnsupported(reason=error) from error
    try:
        with ExitStack() as undo:
            output.flush_streams(parts)
            settings = _settings(parts, plan)
            draining.wait_for_subshells(parts)
            undo.enter_context(draining.reception_stopped(parts))
            draining.wait_for_rest(parts)
            look_at_far_side(plan)
            # THE POINT OF NO RETURN: the far side will be told to take over.
            _pump(parts, plan, settings)
    except TeleportError:
        raise
    except Exception as error:
        raise QuiesceFailed(reason=error) from error


def _settings(parts: KernelParts, plan: CutPlan) -> Settings:
    """No client has to come back, so none is waited for."""
    front = replace(front_settings(parts.kernel, parts.app, {}, ()), subscribers=0)
    above = supervisor_of(parts.app)
    return Settings(
        front, far_settings(plan), plan.in_flight, plan.announcement, comms=plan.comms, above=above
    )


def _pump(parts: KernelParts, plan: CutPlan, settings: Settings) -> NoReturn:
    """Nothing below can be undone; the process ends with the relay."""
    status = 1
    try:
        endpoints = KernelEndpoints(parts)
        drained = [(Lane.SHELL, frames) for frames in draining.take_queued(parts)]
        endpoints.redirect()
        relay = assemble(settings, plan.channel, endpoints, KernelHousekeeping())
        status = relay.run(plan.in_flight, drained)
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(status)
