"""Keys and configuration files for the lab's ssh clients and servers."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .specification import NOTEBOOK, PASSWORD_HASH, SPECIFICATIONS, HostSpecification

CLOSED_PORT = 9
"""discard: nobody listens on it in a lab host."""


@dataclass(frozen=True)
class KeyPair:
    """An OpenSSH key, as the text of its two files."""

    private: str
    public: str


@dataclass(frozen=True)
class Address:
    """Where a host's sshd is found, directly and through its fault proxy."""

    host: str
    port: int
    proxy_host: str
    proxy_port: int


def make_key(path: Path) -> KeyPair:
    """Generate an ed25519 key with ssh-keygen."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", str(path)]
    subprocess.run(command, check=True, timeout=30, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return KeyPair(path.read_text(), path.with_suffix(".pub").read_text())


def entry(alias: str, options: dict[str, object]) -> str:
    """One ``Host`` block."""
    lines = [f"Host {alias}", *(f"    {name} {value}" for name, value in options.items())]
    return "\n".join(lines) + "\n"


def client_blocks(spec: HostSpecification, user: str, address: Address, directory: str) -> Iterable[str]:
    """All aliases of one host (see ``ALIAS_SUFFIXES``)."""
    place = {"HostName": address.host, "Port": address.port, "User": user, "HostKeyAlias": spec.name}
    # For each alias by itself: values of IdentityFile add up.
    direct = {**place, "IdentityFile": f"{directory}/id_ed25519"}
    by_proxy = {**direct, "HostName": address.proxy_host, "Port": address.proxy_port}
    key_only = {"PasswordAuthentication": "no", "KbdInteractiveAuthentication": "no"}
    yield entry(spec.name, direct)
    yield entry(f"{spec.name}-unknown", {**direct, "HostKeyAlias": f"{spec.name}-unknown"})
    yield entry(f"{spec.name}-changed", {**direct, "HostKeyAlias": f"{spec.name}-changed"})
    yield entry(f"{spec.name}-password", {"PubkeyAuthentication": "no", **direct})
    yield entry(f"{spec.name}-refused", {**place, "IdentityFile": f"{directory}/id_stranger", **key_only})
    yield entry(f"{spec.name}-closed", {**direct, "Port": CLOSED_PORT})
    yield entry(f"{spec.name}-faulty", by_proxy)
    yield entry(f"{spec.name}-jump", {**direct, "ProxyJump": NOTEBOOK.name})


def client_config(users: dict[str, str], addresses: dict[str, Address], directory: str) -> str:
    """An ssh_config for a client whose key and known_hosts are in ``directory``. ``users``: host name to
    user.
    """
    blocks = [
        block
        for name, address in addresses.items()
        for block in client_blocks(SPECIFICATIONS[name], users[name], address, directory)
    ]
    # ssh takes the first value it meets, so the common part comes last.
    common = entry(
        "*",
        {
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "UserKnownHostsFile": f"{directory}/known_hosts",
            "GlobalKnownHostsFile": "/dev/null",
            "ConnectTimeout": 10,
        },
    )
    return "\n".join([*blocks, common])


def known_hosts(host_keys: dict[str, KeyPair], stranger: KeyPair) -> str:
    """Each host's key under its name; under ``NAME-changed`` the key of nobody in the lab."""
    lines = []
    for name, pair in host_keys.items():
        lines.append(f"{name} {' '.join(pair.public.split()[:2])}")
        lines.append(f"{name}-changed {' '.join(stranger.public.split()[:2])}")
    return "\n".join(lines) + "\n"


def server_config(spec: HostSpecification, places: dict[str, str], environment: dict[str, str]) -> str:
    """sshd_config. ``places``: option name to path or port; ``environment``: what logins get."""
    assignments = " ".join(f'"{name}={value}"' for name, value in environment.items())
    lines = [
        *(f"{name} {value}" for name, value in places.items()),
        "UsePAM no",
        "PubkeyAuthentication yes",
        "PasswordAuthentication yes",
        "KbdInteractiveAuthentication no",
        "UseDNS no",
        "PrintMotd no",
        "MaxStartups 100",
        "LogLevel VERBOSE",
        "Subsystem sftp internal-sftp",
        f"SetEnv {assignments}",
        *spec.sshd_options,
    ]
    return "\n".join(lines) + "\n"


def shadow_line(name: str, password_hash: str = "*") -> str:
    """``*`` and not ``!``: without PAM, sshd takes ``!`` for a locked account and refuses keys too."""
    return f"{name}:{password_hash}:19000:0:99999:7:::"


def passwords(passwd: str, spec: HostSpecification, shell: str) -> tuple[str, str, str]:
    """New texts of passwd and shadow, and a line for group: the system's accounts and the host's user."""
    kept = [line for line in passwd.splitlines() if line.split(":")[0] != spec.user]
    user = f"{spec.user}:x:{spec.uid}:{spec.uid}:{spec.user.title()}:/home/{spec.user}:{shell}"
    shadow = [shadow_line(line.split(":")[0]) for line in kept]
    shadow.append(shadow_line(spec.user, PASSWORD_HASH))
    return "\n".join([*kept, user, ""]), "\n".join([*shadow, ""]), f"{spec.user}:x:{spec.uid}:\n"
