"""The cut: from an ipykernel to a relay in the same process, by ``execv``, without losing a message.

Five things must hold for that (each was a loss without it):

1. every queue of ipykernel is emptied, oldest request first;
2. the listening sockets stay open, so that nobody takes the ports and clients wait in the backlog;
3. iopub is sent to the last byte before it ends;
4. clients' connections are half-closed and read to their end, so that what they had sent is not lost;
5. the relay holds output and replies back until the clients have reconnected.

:func:`cut_over` first does all that can be undone, in an ``ExitStack``; while it does, every failure raises
QuiesceFailed or KeyboardInterrupt and the kernel goes on as if nothing had been. Then :func:`_leave`
begins, which cannot fail any more: whatever goes wrong in it costs at most what that step was for, and the
process becomes a relay all the same.
"""

from __future__ import annotations

import gc
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NoReturn

from pyteleport_jupyter.errors import QuiesceFailed, TeleportError
from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.relay import draining, output
from pyteleport_jupyter.relay.above import supervisor_of
from pyteleport_jupyter.relay.configuration import (
    Baggage,
    FrontSettings,
    KeeperSettings,
    Settings,
    open_baggage,
)
from pyteleport_jupyter.relay.entry import RELAY_PROGRAM
from pyteleport_jupyter.relay.far_end import far_settings, look_at_far_side
from pyteleport_jupyter.relay.interrupts import NotedSignals, ready_for_exec, signals_noted
from pyteleport_jupyter.relay.kernel_internals import (
    KernelParts,
    call_in,
    check_kernel,
    parts_of,
)
from pyteleport_jupyter.relay.plan import CutPlan
from pyteleport_jupyter.relay.processes import captured_descriptors, dismiss
from pyteleport_jupyter.relay.sockets import (
    Address,
    Door,
    accepted,
    addresses_of,
    all_passed_on,
    end_sending,
    end_unfinished,
    give_back_path,
    kept_connections,
    kept_listeners,
    kept_path,
    socket_descriptors,
    until,
)
from pyteleport_jupyter.wire.lanes import Lane

PASS_SECONDS = 2.0
"""How long a client that does not read its replies is waited for."""

HALF_CLOSE_SECONDS = 5.0
"""How long a client may take to notice the end of a connection; one that is stopped or unreachable never
does."""
LOOK_SECONDS = 0.001


@dataclass
class Leaving:
    """A kernel at rest, and what it takes along."""

    parts: KernelParts
    addresses: dict[str, Address]
    settings: Settings
    baggage: Baggage
    second_path: str | None
    drained: list[tuple[Lane, list[list[bytes]]]] = field(default_factory=list)
    door: Door = field(default_factory=Door)


def cut_over(kernel: Any, plan: CutPlan) -> NoReturn:
    """Become the relay of ``plan``. Raises QuiesceFailed, with the kernel as it was, while that is still
    possible.
    """
    reason = check_kernel(kernel)
    if reason is not None:
        raise QuiesceFailed(reason=reason)
    try:
        with ExitStack() as undo:
            leaving = _bring_to_rest(parts_of(kernel), plan, undo)
            fault("relay.at_rest")
            # THE POINT OF NO RETURN. Everything above can be undone and is, when it fails; nothing below
            # can be.
            _leave(leaving)
    except TeleportError:
        raise
    except Exception as error:
        raise QuiesceFailed(reason=error) from error


def _bring_to_rest(parts: KernelParts, plan: CutPlan, undo: ExitStack) -> Leaving:
    """Everything that can be undone, each with its undoing put on the stack."""
    addresses = addresses_of(parts.app)
    listeners = undo.enter_context(kept_listeners(addresses))
    second_path = undo.enter_context(kept_path(addresses["iopub"]))
    encrypted = parts.app.curve_secretkey is not None
    baggage = undo.enter_context(open_baggage())
    _save_history(parts.kernel)
    output.flush_streams(parts)
    draining.wait_for_subshells(parts)
    undo.enter_context(draining.reception_stopped(parts))
    draining.wait_for_rest(parts)
    undo.enter_context(_undisturbed())
    noted = undo.enter_context(signals_noted())
    subscribers = [] if encrypted else undo.enter_context(kept_connections(addresses["iopub"]))
    settings = _settings(parts, plan, listeners, subscribers, noted)
    settings = replace(settings, keeper=undo.enter_context(_kept(plan)))
    look_at_far_side(plan)
    baggage.write(settings, plan.channel.freeze())
    return Leaving(parts, addresses, settings, baggage, second_path)


@contextmanager
def _kept(plan: CutPlan) -> Iterator[KeeperSettings | None]:
    """A keeper of what the session has here, if one is wanted and the system lets us have it."""
    keeper = None
    with suppress(OSError):
        keeper = plan.keep() if plan.keep else None
    try:
        yield keeper
    finally:
        # Not reached when the cut is made.
        dismiss(keeper)


def _save_history(kernel: Any) -> None:
    """The thread that writes IPython's history ends with exec. A broken database must not keep the session
    here.
    """
    with suppress(Exception):
        kernel.shell.history_manager.writeout_cache()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No warning becomes an error here, and no finalizer of the user's runs because of our garbage."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if collecting:
            gc.enable()


def _settings(
    parts: KernelParts, plan: CutPlan, listeners: dict[str, int], subscribers: list[int], noted: NotedSignals
) -> Settings:
    return Settings(
        front=front_settings(parts.kernel, parts.app, listeners, tuple(subscribers)),
        far=far_settings(plan),
        in_flight=plan.in_flight,
        announcement=plan.announcement,
        parent=_parent(parts.app),
        files=(*_files_without_owner(parts.app), *plan.files),
        signals_fd=noted.read_fd,
        captured_fds=(*output.captured_descriptors(parts), *captured_descriptors()),
        python_path=python_path(),
        home=plan.home,
        far_key=plan.far_key,
        comms=plan.comms,
        above=supervisor_of(parts.app),
    )


def _parent(app: Any) -> int:
    """The parent whose end ends the kernel; 0 if there is none (ipykernel's parentpoller.py has the same
    exceptions).
    """
    parent = int(app.parent_handle)
    return parent if parent > 1 and parent == os.getppid() else 0


def front_settings(
    kernel: Any, app: Any, listeners: dict[str, int], subscriber_fds: tuple[int, ...]
) -> FrontSettings:
    """The kernel's side as its app knows it; the connection file may have been removed since."""
    addresses = addresses_of(app)
    curve = (
        () if app.curve_secretkey is None else (app.curve_publickey.decode(), app.curve_secretkey.decode())
    )
    return FrontSettings(
        transport=app.transport,
        ip=app.ip,
        addresses=addresses,
        listeners=listeners,
        key=kernel.session.key.decode(),
        scheme=kernel.session.signature_scheme,
        session=kernel.session.session,
        curve=curve,
        subscribers=0 if subscriber_fds else len(accepted({addresses["iopub"]})),
        subscriber_fds=subscriber_fds,
    )


def _files_without_owner(app: Any) -> tuple[str, ...]:
    """What ipykernel would have removed at exit: a kernel that no manager started owns its connection file
    and sockets.
    """
    if app.parent_handle:
        return ()
    sockets = addresses_of(app).values() if app.transport == "ipc" else ()
    return (os.path.abspath(app.abs_connection_file), *(os.path.abspath(str(path)) for path in sockets))


def python_path() -> tuple[str, ...]:
    """Where the relay finds this package and pyzmq; it starts without site-packages."""
    import zmq

    rooms = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return tuple(map(os.path.dirname, (rooms, os.path.dirname(os.path.abspath(zmq.__file__)))))


def _leave(leaving: Leaving) -> NoReturn:
    """The steps that cannot be undone. None of them may stop the next."""
    for step in STEPS:
        with suppress(BaseException):
            step(leaving)
    _become_relay(leaving)


def _take_queued(leaving: Leaving) -> None:
    leaving.drained.append((Lane.SHELL, draining.take_queued(leaving.parts)))


def _close_iopub(leaving: Leaving) -> None:
    """Step 3. That it has closed its descriptors is the only sign libzmq gives that everything was sent."""
    address, kept = leaving.addresses["iopub"], leaving.settings.front.subscriber_fds
    output.close_iopub(leaving.parts)
    try:
        if not until(lambda: all(s.number in kept for s in accepted({address})), output.FLUSH_SECONDS):
            end_unfinished(kept)
    finally:
        give_back_path(address, leaving.second_path)


def _end_connections(leaving: Leaving) -> None:
    """Step 4. Who comes from now on waits for the relay."""
    kept = leaving.settings.front.listeners
    lines = {leaving.addresses[channel]: kept[channel] for channel in ("shell", "control", "stdin")}
    addresses = set(lines)
    until(partial(all_passed_on, addresses), PASS_SECONDS)
    leaving.door.shut(lines.items())

    def all_gone() -> bool:
        connections = accepted(addresses)
        for connection in connections:
            end_sending(connection)
        _take_arrived(leaving)
        return not connections

    until(all_gone, HALF_CLOSE_SECONDS)
    # The last look found no connection; what it had brought may have come in after the last reading.
    _take_arrived(leaving)


def _take_arrived(leaving: Leaving) -> None:
    parts = leaving.parts
    shell = call_in(parts.shell_loop, lambda: draining.receive_all(parts.shell_stream.socket))
    control = call_in(parts.control_loop, lambda: draining.receive_all(parts.control_stream.socket))
    stdin = draining.receive_all(parts.stdin_socket)
    arrived = [(Lane.SHELL, shell), (Lane.CONTROL, control), (Lane.STDIN, stdin)]
    leaving.drained += [(lane, messages) for lane, messages in arrived if messages]


def _restore_output(leaving: Leaving) -> None:
    output.restore_standard_descriptors(leaving.parts)


def _pack(leaving: Leaving) -> None:
    for lane, messages in leaving.drained:
        leaving.baggage.append(lane, messages)


def _ready_for_exec(leaving: Leaving) -> None:
    ready_for_exec()


STEPS: tuple[Callable[[Leaving], None], ...] = (
    _take_queued,
    _close_iopub,
    _end_connections,
    _restore_output,
    _pack,
    _ready_for_exec,
)
"""What happens behind the point of no return, in this order."""


def _become_relay(leaving: Leaving) -> NoReturn:
    """The last step: exec. If the system refuses even that, the relay runs in this process, on the same
    descriptors.
    """
    descriptor = leaving.baggage.descriptor()
    with suppress(BaseException):
        fault("relay.exec")
        for inherited in (descriptor, *leaving.settings.inherited()):
            os.set_inheritable(inherited, True)
        os.execv(sys.executable, [sys.executable, "-I", "-S", *RELAY_PROGRAM, str(descriptor)])
    with suppress(BaseException):
        _close_old_sockets(leaving)
    from pyteleport_jupyter.relay.program import main

    main(descriptor)


def _close_old_sockets(leaving: Leaving) -> None:
    """They listen on the same descriptors and would take connections away from the relay's."""
    leaving.door.open()
    parts = leaving.parts
    closers: dict[str, Callable[[], None]] = {
        "shell": lambda: call_in(parts.shell_loop, lambda: parts.shell_stream.close(0)),
        "control": lambda: call_in(parts.control_loop, lambda: parts.control_stream.close(0)),
        "stdin": lambda: parts.stdin_socket.close(0),
    }
    for channel, close in closers.items():
        address, kept = leaving.addresses[channel], leaving.settings.front.listeners[channel]
        with kept_path(address) as second_path:
            close()
            until(partial(_listens_only, kept, address), HALF_CLOSE_SECONDS)
            give_back_path(address, second_path)


def _listens_only(descriptor: int, address: Address) -> bool:
    return all(s.number == descriptor for s in socket_descriptors() if s.listens and s.address == address)
