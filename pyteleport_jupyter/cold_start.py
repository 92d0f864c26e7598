"""A kernel that starts on a host: the same road, with nothing to teleport yet.

The process that Jupyter starts becomes the relay of a session that begins there. Interrupt and shutdown reach
it as they reach any session, a restart starts it anew, on the host.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from pyteleport_jupyter.failing import aborted_on_failure
from pyteleport_jupyter.ledger import remember
from pyteleport_jupyter.options import Options
from pyteleport_jupyter.readiness import check_survey
from pyteleport_jupyter.relay.configuration import FrontSettings, Settings, open_baggage
from pyteleport_jupyter.relay.cutover import python_path
from pyteleport_jupyter.relay.entry import become_relay
from pyteleport_jupyter.relay.far_end import far_settings
from pyteleport_jupyter.relay.plan import CutPlan
from pyteleport_jupyter.relay.sockets import CHANNELS, Address
from pyteleport_jupyter.session import current_place
from pyteleport_jupyter.targets import Target, parse_target
from pyteleport_jupyter.transports import (
    AttachRequest,
    BootRequest,
    Landed,
    Link,
    close_link,
    complaint,
    land,
)
from pyteleport_jupyter.wire import Conversation, NumberedChannel, Pipe

CONNECT_SECONDS = 60.0
"""Nobody can answer a question here: Jupyter has no way to ask before a kernel is there."""

START_SECONDS = 60.0

BACKLOG = 100
"""As libzmq's."""


def start_there(text: str, options: Options, connection_file: str) -> NoReturn:
    """Be the kernel that ``connection_file`` describes, on target ``text``. Raises a TeleportError."""
    # Frontends interrupt the whole process group; the relay has a handler of its own.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection: dict[str, Any] = json.loads(Path(connection_file).read_text(encoding="utf-8"))
    target = parse_target(text, options)
    # At once: clients that come now wait in the backlog.
    front = front_of(connection)
    link = target.transport.spawn(BootRequest.command)
    try:
        python = options.python or target.python
        request = BootRequest(python=python, setup=options.setup)
        landed = land(link, target.transport, request, None, time.monotonic() + CONNECT_SECONDS)
        channel = NumberedChannel()
        channel.receive(landed.leftover)
        pipe = Pipe(link.read_fd, link.write_fd, channel)
        conversation = Conversation(pipe, target.host, lambda: complaint(link))
        token = secrets.token_bytes(32)
        with aborted_on_failure(conversation):
            _begin(conversation, connection, target, options, token)
            remember(landed, target, options)
            _relay(_plan(link, channel, target, landed, token, options), front)
    except BaseException:
        close_link(link)
        raise


def _begin(
    conversation: Conversation, connection: dict[str, Any], target: Target, options: Options, token: bytes
) -> None:
    conversation.command(
        "start",
        key=connection["key"],
        host=target.host,
        target=target.text,
        modules=[],
        lease=options.lease,
        token=token.hex(),
        origin=current_place().host,
    )
    deadline = time.monotonic() + START_SECONDS
    check_survey(conversation.wait_for("survey", deadline, "its Python to look around"), (), target.host)
    conversation.wait_for("ready", deadline, "its kernel to start")
    for op, answer in (("begin", "prepared"), ("hold", "held")):
        conversation.command(op)
        conversation.wait_for(answer, deadline, "its session to begin")


def _plan(
    link: Link, channel: NumberedChannel, target: Target, landed: Landed, token: bytes, options: Options
) -> CutPlan:
    return CutPlan(
        link=link,
        channel=channel,
        transport=target.transport.as_record(),
        attach=AttachRequest(landed.directory, token, landed.python),
        host=target.host,
        lease=options.lease,
        in_flight=None,
        announcement=None,
    )


def _relay(plan: CutPlan, front: FrontSettings) -> NoReturn:
    settings = Settings(
        front=front,
        far=far_settings(plan),
        parent=_parent(),
        python_path=python_path(),
    )
    with open_baggage() as baggage:
        baggage.write(settings, plan.channel.freeze())
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        become_relay(baggage.descriptor(), settings.inherited())


def front_of(connection: dict[str, Any]) -> FrontSettings:
    """The side of the front ends, from a connection file (jupyter_client, connect.py), listening."""
    ports = {channel: int(connection[f"{channel}_port"]) for channel in CHANNELS}
    ip, ipc = str(connection["ip"]), connection["transport"] == "ipc"
    addresses: dict[str, Address] = dict(ports)
    if ipc:
        addresses = {channel: f"{ip}-{port}" for channel, port in ports.items()}
    curve = [connection.get(f"curve_{name}") for name in ("publickey", "secretkey")]
    return FrontSettings(
        transport=str(connection["transport"]),
        ip=ip,
        addresses=addresses,
        listeners={channel: _listen(ip, address) for channel, address in addresses.items()},
        key=str(connection["key"]),
        scheme=str(connection.get("signature_scheme", "hmac-sha256")),
        session=secrets.token_hex(16),
        curve=tuple(str(key) for key in curve) if all(curve) else (),
    )


def _listen(ip: str, address: Address) -> int:
    """The descriptor of a socket that listens there."""
    if isinstance(address, int):
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        return socket.create_server((ip, address), family=family, backlog=BACKLOG).detach()
    with suppress(FileNotFoundError):
        os.unlink(address)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(BACKLOG)
    return listener.detach()


def _parent() -> int:
    said = os.environ.get("JPY_PARENT_PID", "0")
    parent = int(said) if said.isdigit() else 0
    return parent if parent > 1 and parent == os.getppid() else 0


def install_kernelspec(text: str, name: str, options: Options) -> str:
    """Write a kernelspec for the user that starts notebooks on target ``text``; returns its directory.

    Raises TargetUnknown, OSError.
    """
    from jupyter_core.paths import jupyter_data_dir

    parse_target(text, options)
    said = {"--python": options.python, "--setup": options.setup, "--via": options.via}
    more = [word for option, value in said.items() if value for word in (option, value)]
    lease = ["--lease", str(options.lease)]
    argv = [sys.executable, "-m", "pyteleport_jupyter.command_line", "kernel", text, *more, *lease]
    spec = {
        "argv": [*argv, "-f", "{connection_file}"],
        "display_name": f"Python on {text}",
        "language": "python",
        "interrupt_mode": "signal",
        "metadata": {"supported_encryption": ["curve"]},
    }
    directory = Path(jupyter_data_dir()) / "kernels" / name
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "kernel.json").write_text(json.dumps(spec, indent=1) + "\n", encoding="utf-8")
    return str(directory)
