"""The first process of a lab host: furnishes its namespaces, starts sshd, reaps orphans, ends with its owner.

Run as root (or as the root of a user namespace) by ``unshare --net --uts --mount --pid --ipc --fork``, with
the path of a JSON file as its only argument. It is process 1 of the host, so when it ends everything on the
host is killed; it ends when its standard input is closed, that is at the latest when pytest dies. Standard
library only.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_MOVE = 32, 4096, 8192
_LIBC = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: str, kind: str | None, flags: int = 0, data: str = "") -> None:
    """mount(2). Used instead of mount(8), which does not follow /proc/self/fd links. Raises OSError."""
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    if _LIBC.mount(*encoded, ctypes.c_ulong(flags), os.fsencode(data)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{os.strerror(number)}: mount {source} on {target}")


def bind(source: str, target: str, read_only: bool) -> None:
    """Show ``source`` (a path, or /proc/self/fd/N) at ``target``, which is made when it is not there."""
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target):
        Path(target).touch()
    mount(source, target, None, MS_BIND)
    if read_only:
        # A user namespace may not drop the flags that the mount came with: repeat them.
        kept = os.statvfs(target).f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC)
        mount("none", target, None, MS_BIND | MS_REMOUNT | MS_RDONLY | kept)


def furnish(plan: dict[str, Any]) -> None:
    """Make the mounts. Sources are opened first: a cover may hide them by name, but not by descriptor."""
    opened = [os.open(source, os.O_PATH) for source, _target, _read_only in plan["binds"]]
    for target, options in plan["covers"]:
        os.makedirs(target, exist_ok=True)
        mount("tmpfs", target, "tmpfs", 0, options)
    for descriptor, (_source, target, read_only) in zip(opened, plan["binds"], strict=True):
        bind(f"/proc/self/fd/{descriptor}", target, read_only)
        os.close(descriptor)
    own_terminals()


def own_terminals() -> None:
    """A devpts of the host's own; left as it is where the kernel does not allow that."""
    try:
        mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=620,gid=5")
        mount("/dev/pts/ptmx", "/dev/ptmx", None, MS_BIND)
    except OSError as problem:
        print(f"terminals stay shared: {problem}", file=sys.stderr)


def hide_commands(prefix: str, folders: list[str]) -> None:
    """Make the commands that start with ``prefix`` vanish from ``folders``.

    Each is replaced by an empty folder with links to the other commands: a command that is merely not
    executable would still be found by shells.
    """
    for number, folder in enumerate(folders):
        real = f"/run/commands{number}"
        bind(folder, real, read_only=False)
        mount("tmpfs", folder, "tmpfs", 0, "mode=755")
        for name in os.listdir(real):
            if not name.startswith(prefix):
                os.symlink(f"{real}/{name}", f"{folder}/{name}")


def write_files(plan: dict[str, Any]) -> None:
    """The directories and files of the users, each ``[path, mode, owner, content or null]``."""
    for path, mode, owner, content in plan["files"]:
        if content is None:
            os.makedirs(path, exist_ok=True)
        else:
            Path(path).write_text(content)
        os.chmod(path, mode)
        os.chown(path, owner, owner)


def reap_until_orphaned(hangup: int) -> None:
    """Collect every child that ends, until ``hangup`` reaches its end."""
    wake_read, wake_write = os.pipe()
    for descriptor in (wake_read, wake_write):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        reap()
        readable, _, _ = select.select([hangup, wake_read], [], [])
        if hangup in readable and not os.read(hangup, 1):
            return
        if wake_read in readable:
            os.read(wake_read, 4096)


def reap() -> None:
    """Collect all children that have ended by now."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def main(path: str) -> None:
    """Bring the host up, say ``ready`` on standard output, and stay."""
    plan = json.loads(Path(path).read_text())
    socket.sethostname(plan["hostname"])
    furnish(plan)
    write_files(plan)
    if plan["hidden"]:
        hide_commands(plan["hidden"], ["/usr/bin", "/usr/local/bin"])
    # In a session of its own, so that it shares no signals with us. It is reaped with the orphans.
    daemon = subprocess.Popen(plan["daemon"], stdin=subprocess.DEVNULL, stdout=2, start_new_session=True)
    daemon.returncode = 0
    os.write(1, b"ready\n")
    reap_until_orphaned(0)


if __name__ == "__main__":
    main(sys.argv[1])
