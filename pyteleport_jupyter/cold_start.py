"""A kernel that starts on a host: the same road, with nothing to teleport yet.

The process that Jupyter starts becomes the relay of a session that begins there. Interrupt and shutdown reach
it as they reach any session, a restart starts it anew, on the host. Here is what has to be done before there
is a link; the road itself is :mod:`.cold_road`.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from pyteleport_jupyter.options import Options
from pyteleport_jupyter.relay.configuration import FrontSettings
from pyteleport_jupyter.relay.sockets import CHANNELS, Address
from pyteleport_jupyter.targets import parse_target
from pyteleport_jupyter.transports import BootRequest, close_link

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
        # Only here: what is loaded is loaded while the child is on its way.
        from pyteleport_jupyter.cold_road import lead

        lead(link, target, options, front)
    except BaseException:
        close_link(link)
        raise


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
