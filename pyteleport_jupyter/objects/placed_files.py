"""Files on disk that the session has open: how the other side knows that a file there is the same one.

A name alone says little: another host may have another file under it, and going on to write there would ruin
it. So size and samples of the contents are compared.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyteleport_jupyter import made_files
from pyteleport_jupyter.objects.table import CannotMove

SIZE_LIMIT = 64 * 1024 * 1024
"""Largest file whose contents travel, in bytes."""

SAMPLE = 64 * 1024
WHOLE = 1 << 30
"""Files of up to so many bytes are compared from end to end; of larger ones ``SAMPLE`` bytes at the start, in
the middle and at the end.
"""

_contents_travel = False


@contextmanager
def contents_travelling(wanted: bool = True) -> Iterator[None]:
    """Within the block the contents of files open for writing travel too (``--with-files``)."""
    global _contents_travel
    before, _contents_travel = _contents_travel, wanted
    try:
        yield
    finally:
        _contents_travel = before


def contents_travel() -> bool:
    """Whether they do."""
    return _contents_travel


@dataclass(frozen=True)
class PlacedFile:
    """A regular file: ``path`` (absolute), ``size`` in bytes, a digest of samples, its contents if they
    travel. ``private``: nobody else knows its name, so it may get another. The path of a file that has no
    name any more is empty.
    """

    path: str
    size: int
    samples: bytes
    contents: bytes | None
    private: bool = False
    mode: int = 0o600

    def is_here(self) -> bool:
        """Whether the path leads to a file with the same contents here."""
        try:
            return os.path.getsize(self.path) == self.size and _samples(self.path) == self.samples
        except OSError:
            return False


def placed(file: Any, *, writable: bool, private: bool = False) -> PlacedFile:
    """The regular file that ``file`` (flushed, with a descriptor) has open. Raises CannotMove."""
    try:
        descriptor: int = file.fileno()
    except OSError:
        raise CannotMove("it is open and no regular file") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise CannotMove("it is open and no regular file")
    unnamed = not status.st_nlink
    path = "" if unnamed else _path_of(file, descriptor)
    if not unnamed and not _leads_to(path, status):
        raise CannotMove("it is open, and what its name means now is another file")
    source = f"/proc/self/fd/{descriptor}" if unnamed else path
    wanted = private or unnamed or _contents_travel or not writable
    contents = Path(source).read_bytes() if wanted and status.st_size <= SIZE_LIMIT else None
    if contents is None and (private or unnamed):
        raise CannotMove(f"it is open and larger than {SIZE_LIMIT // 1024**2} MiB")
    mode = stat.S_IMODE(status.st_mode) & 0o777
    return PlacedFile(path, status.st_size, _samples(source), contents, private or unnamed, mode)


def find_or_make(wanted: PlacedFile) -> str:
    """The path of that file here; it is made if its contents came along. Raises CannotMove."""
    if wanted.is_here():
        return wanted.path
    if wanted.contents is None:
        raise CannotMove(f"it is open for writing, and {wanted.path} is {_what_is_there(wanted.path)} there")
    if wanted.private:
        return _make_private(wanted.path, wanted.contents)
    _extend(wanted.path, wanted.contents, wanted.mode)
    return wanted.path


def _what_is_there(path: str) -> str:
    return "another file" if os.path.exists(path) else "no file"


def _path_of(file: Any, descriptor: int) -> str:
    name = getattr(file, "name", None)
    if isinstance(name, str | bytes | os.PathLike):
        return os.path.abspath(os.fsdecode(name))
    return os.readlink(f"/proc/self/fd/{descriptor}")


def _leads_to(path: str, status: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(path), status)
    except OSError:
        return False


def _samples(path: str) -> bytes:
    """A digest of the contents; of large ones at the start, in the middle and at the end."""
    digest = hashlib.blake2b(digest_size=16)
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        some = sorted({0, max(0, size // 2 - SAMPLE // 2), max(0, size - SAMPLE)})
        for position in range(0, size, SAMPLE) if size <= WHOLE else some:
            digest.update(os.pread(file.fileno(), SAMPLE, position))
    return digest.digest()


def _make_private(path: str, contents: bytes) -> str:
    """A file that only the user can read, under ``path`` if nothing is there."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        descriptor, path = tempfile.mkstemp()
    with open(descriptor, "wb") as file:
        made_files.file_grows(descriptor, path, len(contents), made=True)
        file.write(contents)
    return path


def _extend(path: str, contents: bytes, mode: int) -> None:
    """Write the file, in folders that are made if need be; one that is there already must be a shorter state
    of it. ``mode``: of a new one.
    """
    try:
        made_files.make_folders(os.path.dirname(path))
        made = not os.path.lexists(path)
        with open(path, "ab+", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.seek(0)
            before = file.read(len(contents) + 1)
            if not contents.startswith(before):
                raise CannotMove(f"{path} is another file there")
            made_files.file_grows(file.fileno(), path, len(contents), made)
            file.write(contents[len(before) :])
    except OSError as error:
        raise CannotMove(f"{path} cannot be written there: {error.strerror}") from error
