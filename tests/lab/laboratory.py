"""The lab as tests see it: hosts by name, in the best way this machine allows.

Ways (modes), best first: ``root`` and ``userns`` - namespaces with an sshd in each, where ``userns`` is the
same inside one user namespace, in which pytest itself must run; ``user`` - OpenSSH's sshd for this user on
127.0.0.1; ``embedded`` - our demo's own server. Which one works is found by trying; TELEPORT_LAB=MODE forces
one, TELEPORT_LAB=off switches the lab off.
"""

from __future__ import annotations

import base64
import contextlib
import io
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import psutil

from . import local_host, ssh_files
from .commands import LabUnavailable, run
from .fault_proxy import FaultProxy
from .furnishing import Neighbourhood
from .hosts import Host
from .local_host import LocalHost, Server, UserSshd
from .namespace_host import SSH_PORT, NamespaceHost
from .network import Switch
from .specification import SPECIFICATIONS, HostSpecification
from .state_directory import StateDirectory
from .traces import SETTLING_SECONDS, Traces, leftovers, traces

MODES = ("root", "userns", "user", "embedded")
INSIDE = "TELEPORT_LAB_INSIDE"
"""Set in the environment of a pytest that runs inside the lab's user namespace."""

USER_NAMESPACE = (
    *("unshare", "-Urnm", "--map-auto", "--uts", "--pid", "--ipc"),
    *("--fork", "--kill-child", "--mount-proc"),
)
TOOLS = ("unshare", "nsenter", "ip", "ss", "ssh", "ssh-keygen", "sshd")


def missing_tools() -> list[str]:
    """Commands the namespace modes need and this machine lacks."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return [tool for tool in TOOLS if shutil.which(tool, path=path) is None]


def obstacle(mode: str) -> str | None:
    """Why a mode cannot be had here; None if it can. Tries the real thing."""
    if mode == "embedded":
        return None
    if mode == "user":
        found = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        return (
            None
            if found and shutil.which("ssh-keygen")
            else "OpenSSH's sshd and ssh-keygen are not installed"
        )
    lacking = missing_tools()
    if lacking:
        return f"these commands are not installed: {', '.join(lacking)}"
    if mode == "root":
        return try_command(["unshare", "--net", "--uts", "--mount", "--pid", "--ipc", "--fork", "true"])
    if os.geteuid() == 0 and INSIDE not in os.environ:
        return "already root"
    return try_command([*USER_NAMESPACE, "true"])


def try_command(argv: Sequence[str]) -> str | None:
    """The complaint of a command, None if it succeeds."""
    try:
        run(argv)
    except LabUnavailable as problem:
        return str(problem)
    return None


def choose_mode() -> tuple[str | None, str]:
    """The best mode, and why the better ones (or, with None, all) cannot be had."""
    forced = os.environ.get("TELEPORT_LAB", "")
    if forced == "off":
        return None, "switched off by TELEPORT_LAB=off"
    if os.environ.get(INSIDE):
        return "userns", ""
    candidates = (forced,) if forced else MODES
    obstacles: list[str] = []
    for mode in candidates:
        if mode not in MODES:
            return None, f"TELEPORT_LAB={mode} is none of off, {', '.join(MODES)}"
        reason = "not root" if mode == "root" and os.geteuid() != 0 else obstacle(mode)
        if reason is None:
            return mode, "; ".join(obstacles)
        obstacles.append(f"{mode}: {reason}")
    return None, "; ".join(obstacles)


def embedded_server(host_key: str, user_key: str, environment: dict[str, str]) -> Server:
    """The demo's server, with the lab's keys. Imported only here: the other modes do without paramiko."""
    import paramiko

    from pyteleport_jupyter.demo.loopback_host import LoopbackHost

    key = paramiko.Ed25519Key.from_private_key(io.StringIO(host_key))
    return LoopbackHost(key, base64.b64decode(user_key.split()[1]), environment)


class LeftBehind(AssertionError):
    """Something of ours is still on a host; the text lists it."""


class Lab:
    """Hosts by name. Made once per pytest session; nothing of it remains after :meth:`close`, or after
    pytest's death.
    """

    def __init__(self, mode: str, on_missing: Callable[[str], NoReturn]) -> None:
        """``on_missing`` is called with the reason when a host cannot be had (it skips, or fails in CI)."""
        self.mode = mode
        self.has_own_systems = mode in {"root", "userns"}
        self._on_missing = on_missing
        self._state = StateDirectory()
        self.directory = self._state.path
        self.ssh_config = self.directory / "ssh/config"
        """For ssh clients in pytest's own process: TELEPORT_SSH_CONFIG."""
        self._hosts: dict[str, Host] = {}
        self._addresses: dict[str, ssh_files.Address] = {}
        self._make_keys()
        self._switch = Switch() if self.has_own_systems else None
        if self._switch is not None:
            self._addresses = {name: self._address(self._switch, name) for name in SPECIFICATIONS}
        self._write_client_files(self.directory / "ssh")

    def _make_keys(self) -> None:
        keys = self.directory / "keys"
        keys.mkdir()
        self._user_key = ssh_files.make_key(keys / "user")
        self._stranger = ssh_files.make_key(keys / "stranger")
        self._host_keys = {name: ssh_files.make_key(keys / name) for name in SPECIFICATIONS}

    def _address(self, switch: Switch, name: str) -> ssh_files.Address:
        index = list(SPECIFICATIONS).index(name)
        return ssh_files.Address(str(switch.subnet[10 + index]), SSH_PORT, switch.address, 2200 + index)

    def _users(self) -> dict[str, str]:
        me = pwd.getpwuid(os.getuid()).pw_name
        return {name: spec.user if self.has_own_systems else me for name, spec in SPECIFICATIONS.items()}

    def _user_files(self, directory: str) -> dict[str, str]:
        """Content of a user's ~/.ssh that will be found at ``directory``."""
        return {
            "id_ed25519": self._user_key.private,
            "id_ed25519.pub": self._user_key.public,
            "id_stranger": self._stranger.private,
            "authorized_keys": self._user_key.public,
            "known_hosts": ssh_files.known_hosts(self._host_keys, self._stranger),
            "config": ssh_files.client_config(self._users(), self._addresses, directory),
        }

    def _write_client_files(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, exist_ok=True)
        for name, text in self._user_files(str(directory)).items():
            path = directory / name
            path.touch(mode=0o600)
            path.write_text(text)

    def host(self, name: str) -> Host:
        """The host of that name in ``SPECIFICATIONS``, brought up when first asked for."""
        if name not in self._hosts:
            spec = SPECIFICATIONS[name]
            try:
                self._hosts[name] = self._bring_up(spec)
            except LabUnavailable as problem:
                self._on_missing(f"lab mode {self.mode}: {problem}")
        return self._hosts[name]

    def _bring_up(self, spec: HostSpecification) -> Host:
        if self._switch is None:
            return self._bring_up_locally(spec)
        files = self._user_files(f"/home/{spec.user}/.ssh")
        neighbourhood = Neighbourhood(self.directory, self._host_keys, files)
        return NamespaceHost(spec, self._addresses[spec.name].host, self._switch, neighbourhood)

    def _bring_up_locally(self, spec: HostSpecification) -> Host:
        state = self.directory / spec.name
        files = self._user_files(str(state / "home/.ssh"))
        local_host.furnish(spec, state, Neighbourhood(self.directory, self._host_keys, files))
        user = self._users()[spec.name]
        server = self._server(spec, state, local_host.local_environment(spec, user, state))
        proxy = FaultProxy(("127.0.0.1", server.port))
        self._addresses[spec.name] = ssh_files.Address(*proxy.address, *proxy.address)
        host = LocalHost(spec, user, server, proxy, state)
        # The others' clients, and pytest's, must hear of the port.
        for directory in (self.directory / "ssh", *self.directory.glob("*/home/.ssh")):
            self._write_client_files(directory)
        return host

    def _server(self, spec: HostSpecification, state: Path, environment: dict[str, str]) -> Server:
        host_key = self._host_keys[spec.name].private
        if self.mode == "user":
            return UserSshd(spec, state, host_key, environment)
        return embedded_server(host_key, self._user_key.public, environment)

    def need_own_systems(self) -> None:
        """Skip (in CI: fail) the test unless hosts have names, users, files and processes of their own."""
        if not self.has_own_systems:
            self._on_missing(f"lab mode {self.mode}: hosts share one system here")

    def fault_proxy(self, name: str) -> FaultProxy:
        """A proxy behind the alias ``NAME-faulty``, for as long as it is open (use ``with``)."""
        self.need_own_systems()
        address = self._addresses[name]
        self.host(name)
        return FaultProxy((address.host, address.port), (address.proxy_host, address.proxy_port))

    def run_inside(
        self, host: Host, argv: Sequence[str], timeout: float = 60, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on a host as its user; text, output captured. ``options`` as for subprocess.run."""
        options = {"stdin": subprocess.DEVNULL, "check": True, **options}
        if "input" in options:
            del options["stdin"]
        return subprocess.run(host.command(argv), capture_output=True, text=True, timeout=timeout, **options)

    def popen_inside(self, host: Host, argv: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a command on a host as its user. ``options`` as for subprocess.Popen."""
        return subprocess.Popen(host.command(argv), **options)

    def cut(self, host: Host) -> None:
        """Pull the host's cable: packets vanish, nothing is closed."""
        host.cut()

    def heal(self, host: Host) -> None:
        """Put it back."""
        host.heal()

    def kill_connections(self, host: Host) -> None:
        """Reset every ssh connection to the host."""
        host.kill_connections()

    def processes(self, host: Host) -> list[psutil.Process]:
        """What runs on the host apart from its sshd."""
        return host.processes()

    def traces(self, host: Host) -> Traces:
        """Everything on the host that could be left over."""
        return traces(host)

    def leftovers(self, host: Host, before: Traces, seconds: float = SETTLING_SECONDS) -> list[str]:
        """What is there beyond ``before`` after at most ``seconds``, one line each."""
        return leftovers(host, before, seconds)

    @contextlib.contextmanager
    def nothing_left_on(self, *hosts: Host, seconds: float = SETTLING_SECONDS) -> Iterator[None]:
        """Fails the test if on one of ``hosts`` anything is left that was not there at the beginning."""
        before = {host.name: traces(host) for host in hosts}
        yield
        left = [
            f"{host.name}: {line}" for host in hosts for line in leftovers(host, before[host.name], seconds)
        ]
        if left:
            raise LeftBehind("left behind:\n" + "\n".join(left))

    def close(self) -> None:
        """Take everything down and remove all state."""
        for host in self._hosts.values():
            host.close()
        if self._switch is not None:
            self._switch.close()
        self._state.remove()
