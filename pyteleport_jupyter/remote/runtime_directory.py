"""The one place on the target where we leave something: a directory of our own, mode 0700, gone with its
session.

Runs in the first stage: few imports, all of them cheap (``_socket`` is ``socket`` without its enumerations).
"""

from __future__ import annotations

import _socket
import errno
import os
import stat
import time
import zlib

SOCKET_NAME = "supervisor.sock"
PACKAGE_NAME = "package.zip"
INQUIRY_NAME = "ask.sock"

LONGEST_PARENT = 68
"""A socket's path has 104 bytes on macOS and 108 on Linux; we add a name of 17 and that of the socket."""

YOUNG = 60.0
"""A directory younger than so many seconds may belong to somebody who is just starting."""

ATTEMPTS = 5

PROBES = 4
PROBE_SECONDS = 0.1

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_NOT_HERE = (*_NO_ROOM, errno.EROFS, errno.EACCES, errno.ENOENT, errno.ENOTDIR, errno.EPERM)


class Refusal(Exception):
    """Why nothing can be done here: the name of a class of ``errors`` and its facts."""

    def __init__(self, error: str, **facts: str) -> None:
        super().__init__(error, facts)
        self.record = {"error": error, "facts": facts}


def make() -> str:
    """Create a new private directory and return its path.

    Raises Refusal when a place that should be ours is not (a link, foreign, or open to others), or none has
    room.
    """
    trouble: list[OSError] = []
    for parent in parents():
        try:
            return _make_in(parent)
        except OSError as error:
            if error.errno not in _NOT_HERE:
                raise
            trouble.append(error)
    raise no_room(trouble[0])


def _make_in(parent: str) -> str:
    for _ in range(ATTEMPTS):
        _make_private(parent)
        sweep(parent)
        try:
            return make_beside(parent)
        except FileNotFoundError:
            continue  # A session that ended has just taken the empty parent along.
    raise FileNotFoundError(errno.ENOENT, "it vanishes again and again", parent)


def no_room(error: OSError) -> Refusal:
    """The refusal that says ``error``: DiskFull for want of space, else StartFailed."""
    reason = error.strerror or "unknown"
    if error.errno in _NO_ROOM:
        directory = os.path.dirname(str(error.filename or "")) or "its runtime directory"
        return Refusal("DiskFull", directory=directory, reason=reason)
    return Refusal("StartFailed", reason=f"no runtime directory could be made ({error.filename}: {reason})")


def parents() -> list[str]:
    """Where to try, best first; paths too long for the name of a socket are left out."""
    parents = [f"/tmp/pyteleport-{os.geteuid()}"]
    home = os.path.expanduser("~")
    if os.path.isabs(home):
        parents.insert(0, os.path.join(home, ".cache", "pyteleport"))
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime) and is_private(runtime) and _outlives_login(runtime):
        parents.insert(0, os.path.join(runtime, "pyteleport"))
    return [parent for parent in parents if len(os.fsencode(parent)) <= LONGEST_PARENT]


def _outlives_login(runtime: str) -> bool:
    """logind empties /run/user/UID at the last logout unless the user lingers; a lease must outlive the
    login.
    """
    if not runtime.startswith("/run/user/"):
        return True
    return os.path.exists(os.path.join("/var/lib/systemd/linger", os.environ.get("USER", "") or "?"))


def is_private(path: str) -> bool:
    """Whether this is a directory of ours that nobody else may look into."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _make_private(path: str) -> None:
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    if not is_private(path):
        reason = f"{path} is a link, belongs to somebody else, or is open to others; remove it there"
        raise Refusal("StartFailed", reason=reason)


def make_beside(parent: str) -> str:
    """A new directory in ``parent``, where others are. Raises OSError."""
    path = os.path.join(parent, f"{_this_machine()}-{os.urandom(4).hex()}")
    os.mkdir(path, 0o700)
    return path


def _this_machine() -> str:
    """A short mark of the machine: homes are shared by login nodes, and a socket only works on its own."""
    return f"{zlib.crc32(os.uname().nodename.encode()):08x}"


def is_of_this_machine(directory: str) -> bool:
    """Whether a session's directory was made on this machine."""
    return os.path.basename(directory).startswith(_this_machine())


def sweep(parent: str) -> None:
    """Remove what sessions that were killed on this machine have left in ``parent``."""
    for name in os.listdir(parent):
        path = os.path.join(parent, name)
        if name.startswith(_this_machine()) and is_private(path) and _is_dead(path):
            _remove_tree(path)


def _is_dead(path: str) -> bool:
    return time.time() - os.lstat(path).st_mtime >= YOUNG and _nobody_listens(path)


def clear_away(path: str) -> None:
    """Remove the directory of a supervisor that was killed, which is sure a moment after its end is seen."""
    for _ in range(PROBES):
        if not os.path.exists(os.path.join(path, SOCKET_NAME)):
            return  # It is removing it itself.
        if _nobody_listens(path):
            remove(path)
            return
        time.sleep(PROBE_SECONDS)


def _nobody_listens(path: str) -> bool:
    probe = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        probe.connect(os.path.join(path, SOCKET_NAME))
    except (ConnectionRefusedError, FileNotFoundError):
        return True
    except OSError:
        return False
    finally:
        probe.close()
    return False


def remove(path: str) -> None:
    """Remove a session's directory, and its parent if that is empty now; what is gone already is fine."""
    _remove_tree(path)
    try:
        os.rmdir(os.path.dirname(path))
    except OSError:
        pass


def _remove_tree(path: str) -> None:
    """Remove ``path`` and all that is in it, following no link."""
    try:
        for entry in os.scandir(path):
            if entry.is_dir(follow_symlinks=False):
                _remove_tree(entry.path)
            else:
                _unlink(entry.path)
        os.rmdir(path)
    except OSError:
        pass


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass  # Two may do so at the same time.
