"""The package as it is sent, kept in the user's cache from one process to the next.

To make it takes half a second of the processor's time, which is most of what a small program needs before it
leaves. What is kept is used only while no file of ours has changed, and on the side that the user sits at:
nothing is left on a target.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from importlib.util import MAGIC_NUMBER, find_spec
from stat import S_ISREG

from pyteleport_jupyter.remote.package_finder import SERVED, served_from

LARGEST = 16 << 20
DIGEST_SIZE = 32


@cache
def packed_package() -> bytes:
    """:func:`.package_zip.packed_zip`, from the cache where it is there."""
    return _packed() if served_from() else kept(SERVED, _packed)


def _packed() -> bytes:
    from pyteleport_jupyter.remote.package_zip import packed_zip

    return packed_zip()


def kept(packages: Sequence[str], make: Callable[[], bytes]) -> bytes:
    """What ``make()`` gives for these ``packages``, from the cache if it is there. Never fails where ``make``
    does not.
    """
    path = path_of_kept()
    try:
        state = state_of(packages)
    except OSError:
        return make()  # Our files lie in an archive.
    if (found := _read(path, state)) is not None:
        return found
    made = make()
    # Without a home the path would lead into the current directory.
    with suppress(OSError):
        if os.path.isabs(path):
            _write(path, state + _digest(made) + made)
    return made


def cache_folder() -> str:
    """Where this package keeps what it may lose (XDG base directory specification)."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return os.path.join(base if os.path.isabs(base) else os.path.expanduser("~/.cache"), "pyteleport-jupyter")


def path_of_kept() -> str:
    """One file for each minor version of Python: the byte code in it is that version's."""
    return os.path.join(cache_folder(), f"package-{sys.implementation.cache_tag}")


def state_of(packages: Sequence[str]) -> bytes:
    """A digest of when and how large the source files of ``packages`` are, as Python's own byte code has
    it.
    """
    digest = blake2b(MAGIC_NUMBER, digest_size=DIGEST_SIZE)
    for package in packages:
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            for path, status in sorted(_sources(folder)):
                digest.update(
                    f"{path}\0{status.st_mtime_ns}\0{status.st_size}\n".encode("utf-8", "surrogateescape")
                )
    return digest.digest()


def _sources(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                yield entry.path, entry.stat()
            elif entry.name != "__pycache__" and entry.is_dir():
                yield from _sources(entry.path)


def _read(path: str, state: bytes) -> bytes | None:
    """What is kept there, if it was made of that ``state``, is whole, and nobody but the user can have
    written it.
    """
    try:
        with open(
            path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
        ) as file:
            status = os.fstat(file.fileno())
            if not S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
                return None
            content = file.read(LARGEST)
    except OSError:
        return None
    kept_of, digest, package = (
        content[:DIGEST_SIZE],
        content[DIGEST_SIZE : 2 * DIGEST_SIZE],
        content[2 * DIGEST_SIZE :],
    )
    return package if kept_of == state and digest == _digest(package) else None


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=DIGEST_SIZE).digest()


def _write(path: str, content: bytes) -> None:
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    fd, temporary = tempfile.mkstemp(dir=os.path.dirname(path))
    try:
        with open(fd, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
