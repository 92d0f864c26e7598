"""The child process of :class:`~.ssh.SshTransport`: its stdin and stdout are the pipe, its last argument is
the events socket.

It reads one line from that socket (where to go, what to run there), then connects by paramiko, or turns
itself into the system's ssh.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from pyteleport_jupyter.errors import HostRefused, TeleportError
from pyteleport_jupyter.transports import ssh_settings
from pyteleport_jupyter.transports.child_events import ChildEvents, leave_at_once
from pyteleport_jupyter.transports.failures import ParamikoLacks
from pyteleport_jupyter.transports.ssh import child_command
from pyteleport_jupyter.transports.ssh_settings import Destination, Settings

LONGEST_ORDER = 1 << 20
FAILED = 255
"""Exit status of a connection that could not be made or was lost, as of ssh itself."""


@dataclass(frozen=True)
class Order:
    """What the parent wants: ``command`` run at ``destination``, ``via`` paramiko or ssh or what fits."""

    destination: Destination
    command: str
    via: str | None
    reason: str = ""
    """Why it is the system's ssh, when that was our choice."""


def main(arguments: Sequence[str]) -> NoReturn:
    """``[events socket]``, or ``[events socket, file with the order]`` after this process changed its mind
    about the way.
    """
    # Passwords and keys will be in this memory; a core file would put them on a disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    connection = socket.socket(fileno=int(arguments[0]))
    connection.set_inheritable(False)
    order = parse_order(_order_line(connection, arguments[1:]))
    if order.via == "ssh":
        _go_by_system_ssh(order, connection)
    _go_by_paramiko(order, connection)


def parse_order(line: bytes) -> Order:
    """The order in the parent's first line, made by :meth:`.ssh.SshTransport.spawn`."""
    record: Mapping[str, Any] = json.loads(line)
    destination = Destination(record["host"], record["user"], record["port"], record["config"])
    return Order(destination, record["command"], record["via"], record.get("reason", ""))


def _order_line(connection: socket.socket, files: Sequence[str]) -> bytes:
    if files:
        with os.fdopen(int(files[0]), "rb") as file:
            return file.read(LONGEST_ORDER)
    line = b""
    while not line.endswith(b"\n"):
        received = connection.recv(LONGEST_ORDER)
        line += received
        if not received or len(line) > LONGEST_ORDER:
            sys.exit(FAILED)
    return line


def _go_by_paramiko(order: Order, connection: socket.socket) -> NoReturn:
    resolving = ssh_settings.start_resolving(order.destination)
    # For `Match exec` in its own parser, which is not used, paramiko imports invoke, and so yaml, asyncio and
    # unittest: nearly half of the time it takes. It does without where invoke is not installed.
    sys.modules.setdefault("invoke", None)  # type: ignore[arg-type]
    # Imported only now: most of the child's start is this import, and ssh -G runs meanwhile.
    try:
        from pyteleport_jupyter.transports import paramiko_child
    except ModuleNotFoundError as error:
        _go_without_paramiko(order, connection, resolving, error)

    events = ChildEvents(connection, abandoned=leave_at_once)
    try:
        output = ssh_settings.finish_resolving(resolving, order.destination)
        settings = ssh_settings.read_settings(order.destination, output)
        session = paramiko_child.connect(settings, order.command, events.ask)
    except ParamikoLacks as lack:
        _change_mind(order, connection, events, str(lack), has_client=resolving is not None)
    except TeleportError as error:
        _fail(events, error)
    events.connected()
    session.pump()


def _go_without_paramiko(
    order: Order,
    connection: socket.socket,
    resolving: subprocess.Popen[bytes] | None,
    error: ModuleNotFoundError,
) -> NoReturn:
    """A host that a session has moved to need not have paramiko; an ssh client it mostly has."""
    package = (error.name or "paramiko").partition(".")[0]
    if package == "pyteleport_jupyter":
        raise error
    has_client = resolving is not None
    if resolving is not None:
        # Nobody will read what it says: who goes by the system's ssh asks it anew.
        resolving.kill()
        resolving.wait()
    if order.via != "paramiko" and has_client:
        _start_again_by_ssh(order, connection, f"{package} is not installed here")
    remedy = "--via ssh works without it" if has_client else "nor is an ssh client; install one of them"
    events = ChildEvents(connection, abandoned=leave_at_once)
    _fail(
        events,
        HostRefused(host=order.destination.alias, reason=f"{package} is not installed here: {remedy}"),
    )


def _change_mind(
    order: Order, connection: socket.socket, events: ChildEvents, reason: str, *, has_client: bool
) -> NoReturn:
    """Go by the system's ssh instead, if we may and there is one."""
    if order.via == "paramiko" or not has_client:
        remedy = "say --via ssh" if has_client else "install an ssh client"
        _fail(
            events,
            HostRefused(host=order.destination.alias, reason=f"{reason}, which paramiko lacks: {remedy}"),
        )
    _start_again_by_ssh(order, connection, reason)


def _start_again_by_ssh(order: Order, connection: socket.socket, reason: str) -> NoReturn:
    """A fresh program has no threads left, and the pid stays that of the link."""
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(_record(replace(order, via="ssh", reason=reason))).encode())
        file.flush()
        file.seek(0)
        for descriptor in (connection.fileno(), file.fileno()):
            os.set_inheritable(descriptor, True)
        again = child_command()
        os.execv(again[0], [*again, str(connection.fileno()), str(file.fileno())])


def _record(order: Order) -> dict[str, Any]:
    where = order.destination
    return {
        "host": where.alias,
        "user": where.user,
        "port": where.port,
        "config": where.config,
        "command": order.command,
        "via": order.via,
        "reason": order.reason,
    }


def _go_by_system_ssh(order: Order, connection: socket.socket) -> NoReturn:
    from pyteleport_jupyter.transports import system_ssh

    if order.reason:
        print(f"connecting by the system's ssh: {order.reason}", file=sys.stderr, flush=True)
    try:
        settings = _settings_by_client(order.destination)
        system_ssh.become_ssh(settings, order.destination, order.command, connection)
    except TeleportError as error:
        _fail(ChildEvents(connection, abandoned=leave_at_once), error)


def _settings_by_client(destination: Destination) -> Settings:
    output = ssh_settings.finish_resolving(ssh_settings.start_resolving(destination), destination)
    if output is None:
        raise HostRefused(host=destination.alias, reason="no ssh client is installed here")
    return ssh_settings.read_settings(destination, output)


def _fail(events: ChildEvents, error: TeleportError) -> NoReturn:
    events.failed(error)
    os._exit(FAILED)
