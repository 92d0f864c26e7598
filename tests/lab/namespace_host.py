"""A host that is a set of Linux namespaces with an sshd in it: how pytest holds it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from . import furnishing
from .commands import LabUnavailable, run
from .furnishing import Neighbourhood
from .network import DEADLINE, Switch
from .proc_net import listening_sockets
from .specification import HostSpecification

HERE = Path(__file__).resolve().parent
UNSHARE = (
    *("unshare", "--net", "--uts", "--mount", "--pid", "--ipc"),
    *("--fork", "--kill-child", "--mount-proc"),
)
SSH_PORT = 22


class NamespaceHost:
    """One running host; see :class:`hosts.Host`."""

    has_own_system = True

    def __init__(
        self, spec: HostSpecification, address: str, switch: Switch, neighbourhood: Neighbourhood
    ) -> None:
        """Bring the host up. Raises LabUnavailable."""
        self.name, self.user, self.ip = spec.name, spec.user, address
        self.home = f"/home/{spec.user}"
        self.runtime_directory = furnishing.runtime_directory(spec)
        self.python = furnishing.PYTHON
        self._switch = switch
        self._port = f"port{address.rpartition('.')[2]}"
        self._state = neighbourhood.directory / spec.name
        plan = furnishing.plan(spec, address, neighbourhood)
        (self._state / "plan.json").write_text(json.dumps(plan))
        self._holder = self._start()
        try:
            self.pid = psutil.Process(self._holder.pid).children()[0].pid
            switch.plug(self.pid, self._port, address)
            self._write_entrance(spec)
            self._wait_for_sshd()
        except BaseException:
            self.close()
            raise

    def _start(self) -> subprocess.Popen[bytes]:
        first_process = [sys.executable, "-I", "-S", str(HERE / "host_init.py")]
        with (self._state / "log").open("wb") as log:
            holder = subprocess.Popen(
                [*UNSHARE, *first_process, str(self._state / "plan.json")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        if holder.stdout is None or holder.stdout.readline() != b"ready\n":
            end(holder)
            raise LabUnavailable(f"host {self.name} does not start: {self.log()[-2000:]}")
        return holder

    def _write_entrance(self, spec: HostSpecification) -> None:
        """What ``enter_host.py`` reads."""
        environment = furnishing.login_environment(spec)
        entrance = {"pid": self.pid, "uid": spec.uid, "ip": self.ip, "environment": environment}
        (self._state / "entrance.json").write_text(json.dumps(entrance))

    def _wait_for_sshd(self) -> None:
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                with socket.create_connection((self.ip, SSH_PORT), timeout=1):
                    return
            except OSError as problem:
                if time.monotonic() > deadline:
                    raise LabUnavailable(f"no sshd on {self.name}: {problem}; {self.log()[-2000:]}") from None
                time.sleep(0.01)

    def log(self) -> str:
        """What sshd and the host's first process have said."""
        return (self._state / "log").read_text(errors="replace")

    def outside(self, path: str) -> Path:
        """Through the root folder of the host's first process."""
        return Path(f"/proc/{self.pid}/root{path}")

    def command(self, argv: Sequence[str], options: Sequence[str] = ()) -> list[str]:
        """By ``enter_host.py``; ``options`` are its options."""
        entrance = str(self._state / "entrance.json")
        return [sys.executable, "-I", "-S", str(HERE / "enter_host.py"), entrance, *options, "--", *argv]

    def processes(self) -> list[psutil.Process]:
        """Everything in the host's pid namespace but its first process and sshd's listener."""
        return [process for process in psutil.process_iter() if self._is_guest(process)]

    def _is_guest(self, process: psutil.Process) -> bool:
        try:
            if os.stat(f"/proc/{process.pid}/ns/pid").st_ino != os.stat(f"/proc/{self.pid}/ns/pid").st_ino:
                return False
            listener = process.ppid() == self.pid and process.name() == "sshd"
            return process.pid != self.pid and not listener and process.status() != psutil.STATUS_ZOMBIE
        except (OSError, psutil.Error):
            return False

    def listening(self) -> set[str]:
        """From the host's own tables in /proc."""
        return listening_sockets(Path(f"/proc/{self.pid}/net")) - {f"tcp 0.0.0.0:{SSH_PORT}"}

    def watched_folders(self) -> list[Path]:
        """Home, runtime directory and everything temporary."""
        return [self.outside(p) for p in (self.home, "/run/user", "/tmp", "/var/tmp", "/dev/shm")]

    def cut(self) -> None:
        """Take the host's port of the bridge down."""
        self._switch.set_port(self._port, up=False)

    def heal(self) -> None:
        """Take it up again."""
        self._switch.set_port(self._port, up=True)

    def kill_connections(self) -> None:
        """``ss -K`` on the host's side; the peer gets a reset."""
        enter = ["nsenter", f"--net=/proc/{self.pid}/ns/net"]
        run([*enter, "ss", "-K", "state", "established", "sport", "=", f":{SSH_PORT}"])

    def close(self) -> None:
        """Let the first process end, which kills everything in the host."""
        end(self._holder)


def end(holder: subprocess.Popen[bytes]) -> None:
    """Close its input; if that is not understood in time, kill it (unshare ignores SIGTERM)."""
    with contextlib.suppress(BrokenPipeError):
        if holder.stdin is not None:
            holder.stdin.close()
    try:
        holder.wait(DEADLINE)
    except subprocess.TimeoutExpired:
        holder.kill()
        holder.wait()
    if holder.stdout is not None:
        holder.stdout.close()
