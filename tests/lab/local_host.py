"""Hosts without namespaces: an sshd of ours (OpenSSH's or embedded) on 127.0.0.1, behind a fault proxy.

They share user, files, network and processes with pytest; what makes one a host is its own HOME. What belongs
to it is found by that HOME in the processes' environment.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import psutil

from . import python_home, ssh_files
from .commands import LabUnavailable
from .fault_proxy import FaultProxy
from .furnishing import Neighbourhood
from .network import DEADLINE
from .specification import HostSpecification


class Server(Protocol):
    """An ssh server on 127.0.0.1."""

    port: int

    def log(self) -> str:
        """What it has said."""

    def close(self) -> None:
        """Stop it and its sessions."""


class UserSshd:
    """OpenSSH's sshd, run by the user who runs pytest."""

    def __init__(self, spec: HostSpecification, state: Path, host_key: str, environment: dict[str, str]):
        """Start it on a free port. Raises LabUnavailable."""
        self.port = free_port()
        self._log = state / "log"
        (state / "host_key").write_text(host_key)
        (state / "host_key").chmod(0o600)
        places = {
            "Port": str(self.port),
            "ListenAddress": "127.0.0.1",
            "HostKey": str(state / "host_key"),
            "PidFile": "none",
            "StrictModes": "no",
            "AuthorizedKeysFile": str(Path(environment["HOME"]) / ".ssh/authorized_keys"),
        }
        (state / "sshd_config").write_text(ssh_files.server_config(spec, places, environment))
        sshd = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
        if sshd is None:
            raise LabUnavailable("sshd is not installed")
        with self._log.open("wb") as log:
            command = [sshd, "-D", "-e", "-f", str(state / "sshd_config")]
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stderr=log, start_new_session=True
            )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.close()
                    raise LabUnavailable(f"sshd does not start: {self.log()[-2000:]}") from None
                time.sleep(0.01)

    def log(self) -> str:
        """Its standard error."""
        return self._log.read_text(errors="replace")

    def close(self) -> None:
        """Kill the listener; sessions are killed with the host's processes."""
        self._process.kill()
        self._process.wait()


def free_port() -> int:
    """A port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class LocalHost:
    """One running host; see :class:`hosts.Host`."""

    has_own_system = False
    ip = "127.0.0.1"

    def __init__(self, spec: HostSpecification, user: str, server: Server, proxy: FaultProxy, state: Path):
        """``state`` holds the folders ``home``, ``run`` and ``python``; ``proxy`` already leads to
        ``server``.
        """
        self.name, self.user = spec.name, user
        self.home = str(state / "home")
        self.runtime_directory = str(state / "run")
        self.python = str(state / "python/bin/python")
        self.environment = local_environment(spec, user, state)
        self._server = server
        self._proxy = proxy

    def command(self, argv: Sequence[str], options: Sequence[str] = ()) -> list[str]:
        """With the host's environment and nothing of pytest's. ``options`` are for real hosts only."""
        assignments = [f"{name}={value}" for name, value in self.environment.items()]
        return ["env", "-i", f"--chdir={self.home}", *assignments, *argv]

    def outside(self, path: str) -> Path:
        """The same path."""
        return Path(path)

    def processes(self) -> list[psutil.Process]:
        """Those whose HOME is this host's."""
        return [process for process in psutil.process_iter() if self._is_guest(process)]

    def _is_guest(self, process: psutil.Process) -> bool:
        try:
            return bool(process.environ().get("HOME") == self.home)
        except psutil.Error:
            return False

    def listening(self) -> set[str]:
        """Sockets of the host's processes."""
        found: set[str] = set()
        for process in self.processes():
            try:
                found |= {
                    f"tcp {c.laddr.ip}:{c.laddr.port}"
                    for c in process.net_connections("tcp")
                    if c.status == psutil.CONN_LISTEN
                }
            except psutil.Error:
                continue
        return found

    def watched_folders(self) -> list[Path]:
        """Home and runtime directory; /tmp belongs to everyone."""
        return [Path(self.home), Path(self.runtime_directory)]

    def cut(self) -> None:
        """Stall the proxy."""
        self._proxy.cut()

    def heal(self) -> None:
        """End the stall."""
        self._proxy.heal()

    def kill_connections(self) -> None:
        """Reset what goes through the proxy, which is everything."""
        self._proxy.reset()

    def log(self) -> str:
        """Of its server."""
        return self._server.log()

    def close(self) -> None:
        """Stop proxy and server, kill what still runs."""
        self._proxy.close()
        self._server.close()
        guests = self.processes()
        for process in guests:
            process.kill()
        psutil.wait_procs(guests, DEADLINE)


def local_environment(spec: HostSpecification, user: str, state: Path) -> dict[str, str]:
    """What a login finds."""
    variables = {
        "HOME": str(state / "home"),
        "USER": user,
        "LOGNAME": user,
        "SHELL": "/bin/sh",
        "PATH": f"{state / 'python/bin'}:{os.environ.get('PATH', '/usr/bin:/bin')}",
        "LANG": "C.UTF-8",
        # ssh looks for its configuration in the real home of the user, whatever HOME says.
        "TELEPORT_SSH_CONFIG": str(state / "home/.ssh/config"),
    }
    if spec.runtime_directory:
        variables["XDG_RUNTIME_DIR"] = str(state / "run")
    return variables


def furnish(spec: HostSpecification, state: Path, neighbourhood: Neighbourhood) -> None:
    """Make home, runtime directory and Python.

    Raises LabUnavailable for hosts that need a system of their own.
    """
    if spec.python != "same" or spec.shell != "bash" or spec.noisy or spec.disk_megabytes < 16:
        raise LabUnavailable(f"host {spec.name} needs namespaces: it cannot share a system with pytest")
    for name, mode in (("home", 0o755), ("home/.ssh", 0o700), ("run", 0o700)):
        (state / name).mkdir(mode=mode, parents=True)
    for name, text in neighbourhood.user_files.items():
        path = state / "home/.ssh" / name
        path.touch(mode=0o600)
        path.write_text(text)
    # /etc/profile may set another PATH in login shells.
    (state / "home/.profile").write_text(f'export PATH="{state / "python/bin"}:$PATH"\n')
    environment = state / "python"
    site_packages = python_home.make_environment(python_home.own_executable(), environment)
    seen_at = {name: str(path) for name, path in python_home.shared_folders().items()}
    python_home.borrow_packages(
        spec, environment, site_packages, {**seen_at, "checkout": str(python_home.CHECKOUT)}
    )
