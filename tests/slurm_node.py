"""Slurm on this machine alone: one controller, one node, in a folder of their own. Only as root."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "srun", "sinfo", "setpriv")
SECONDS = 60.0

CONFIGURATION = """ClusterName=lab
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
KillWait=2
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 SocketsPerBoard=1 CoresPerSocket=2 ThreadsPerCore=1 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def lacking() -> str:
    """What this machine lacks, in words; empty if nothing."""
    missing = [name for name in PROGRAMS if program(name) is None]
    return f"{', '.join(missing)} not installed" if missing else ""


def program(name: str) -> str | None:
    """Where it is."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


@contextmanager
def slurm(folder: Path) -> Iterator[Mapping[str, str]]:
    """A cluster that is up; what its commands need in their environment."""
    # munged wants every folder above its socket to be closed to others, or sticky.
    home = folder / "slurm"
    for name in ("", "munge", "state", "spool"):
        (home / name).mkdir(mode=0o755)
    host = socket.gethostname().partition(".")[0]
    ports = {"controller": _free_port(), "node": _free_port()}
    (home / "slurm.conf").write_text(CONFIGURATION.format(host=host, folder=home, **ports))
    (home / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
    environment = {"SLURM_CONF": str(home / "slurm.conf")}
    key = home / "munge" / "key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        for command in (
            ["munged", "--foreground", "--force", f"--key-file={key}", f"--socket={home}/munge/socket",
             f"--pid-file={home}/munge/pid", f"--log-file={home}/munge/log", f"--seed-file={home}/munge/seed"],
            ["slurmctld", "-D", "-c"],
            ["slurmd", "-D"],
        ):  # fmt: skip
            daemons.append(_start(command, environment, home))
        _wait_until_idle(environment, home)
        yield environment
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
        for daemon in reversed(daemons):
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


def _start(command: list[str], environment: Mapping[str, str], home: Path) -> subprocess.Popen[bytes]:
    path = program(command[0])
    if path is None:
        raise FileNotFoundError(command[0])
    with (home / f"{command[0]}.out").open("wb") as log:
        return subprocess.Popen(
            [path, *command[1:]],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait_until_idle(environment: Mapping[str, str], home: Path) -> None:
    deadline = time.monotonic() + SECONDS
    state = ""
    while "idle" not in state:
        if time.monotonic() > deadline:
            said = "\n".join(log.read_text(errors="replace")[-1000:] for log in home.glob("**/*.out"))
            raise TimeoutError(f"the node does not become idle: {state}\n{said}")
        ran = subprocess.run(
            ["sinfo", "-h", "-o", "%t"],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        state = ran.stdout
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
