"""A loopback host with everything a client needs to reach it, in one folder that is gone afterwards."""

from __future__ import annotations

import contextlib
import getpass
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko

from pyteleport_jupyter.demo.loopback_host import LoopbackHost

CONFIG_VARIABLE = "TELEPORT_SSH_CONFIG"
"""Names the ssh_config that is read in place of the user's."""


@dataclass(frozen=True)
class EphemeralHost:
    """Where the host is, for clients."""

    alias: str
    ssh_config: Path
    home: Path
    """HOME of everything that runs there."""
    port: int


@contextlib.contextmanager
def ephemeral_host(alias: str) -> Iterator[EphemeralHost]:
    """A host for the length of a ``with``: own keys, own HOME, an ssh_config that knows it as ``alias``."""
    with tempfile.TemporaryDirectory(prefix="pyteleport-demo-", ignore_cleanup_errors=True) as directory:
        folder = Path(directory)
        home = make_home(folder / "home")
        host_key, user_key = paramiko.ECDSAKey.generate(), paramiko.ECDSAKey.generate()
        with LoopbackHost(host_key, user_key.asbytes(), login_environment(home)) as server:
            config = write_client_files(folder, alias, server.port, host_key, user_key)
            yield EphemeralHost(alias, config, home, server.port)


def make_home(home: Path) -> Path:
    """A home whose login shells find this Python first: /etc/profile may have set another PATH."""
    home.mkdir(mode=0o700)
    (home / ".profile").write_text(f'export PATH="{Path(sys.executable).parent}:$PATH"\n')
    return home


def login_environment(home: Path) -> dict[str, str]:
    """What a login there finds: nothing of ours but a HOME of its own and this Python."""
    return {
        "HOME": str(home),
        "USER": getpass.getuser(),
        "LOGNAME": getpass.getuser(),
        "SHELL": "/bin/sh",
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",
        "LANG": os.environ.get("LANG", "C.UTF-8"),
    }


def write_client_files(
    folder: Path, alias: str, port: int, host_key: paramiko.PKey, user_key: paramiko.ECDSAKey
) -> Path:
    """Write key, known_hosts and ssh_config; returns the last. The folder is readable by this user only."""
    key, known_hosts, config = folder / "id_ecdsa", folder / "known_hosts", folder / "ssh_config"
    user_key.write_private_key_file(str(key))
    known_hosts.write_text(f"{alias} {host_key.get_name()} {host_key.get_base64()}\n")
    options = {
        "HostName": "127.0.0.1",
        "Port": port,
        "User": getpass.getuser(),
        "HostKeyAlias": alias,
        "IdentityFile": key,
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "UserKnownHostsFile": known_hosts,
        "GlobalKnownHostsFile": "/dev/null",
    }
    config.write_text("\n".join([f"Host {alias}", *(f"    {n} {v}" for n, v in options.items()), ""]))
    return config
