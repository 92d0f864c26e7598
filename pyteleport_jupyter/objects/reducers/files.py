"""Files: closed ones as such, those open for reading as a copy in memory, all others not at all."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces

SIZE_LIMIT = 64 * 1024 * 1024
"""Largest file carried as a copy, in bytes."""


@reduces(io.TextIOWrapper, subclasses=True)
def reduce_text(file: io.TextIOWrapper, reduction: Reduction) -> Any:
    """Name, encoding, contents and position of a text file."""
    settings = (file.encoding, file.errors)
    attributes = dict(file.__dict__)
    if file.closed:
        return make_closed, (type(file.buffer), _name(file), settings), attributes
    data = _contents(file.buffer)
    if b"\r" in data:
        raise CannotMove("it is open, and how it was told to read line ends cannot be found out")
    try:
        position = file.tell()
    except OSError:  # it does not tell while it is being read line by line
        return make_text_read, (_name(file), data, _characters_read(file), settings), attributes
    return make_text, (_name(file), data, position, settings), attributes


@reduces(io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.FileIO)
def reduce_binary(file: Any, reduction: Reduction) -> Any:
    """Name, contents and position of a file open for reading."""
    if file.closed:
        return make_closed, (type(file), _name(file), None)
    return make_binary, (_name(file), _contents(file), file.tell())


def _name(file: Any) -> Any:
    return getattr(file, "name", None)


def _contents(file: Any) -> bytes:
    """All bytes of a regular file that is open for reading only; the file itself is not touched."""
    if not isinstance(file, io.BufferedReader):
        raise CannotMove("it is open for writing" if file.writable() else "it is open without a buffer")
    if isinstance(file.raw, io.BytesIO):
        return file.raw.getvalue()
    name = _name(file)
    if not isinstance(name, str | bytes | os.PathLike) or not os.path.isfile(name):
        raise CannotMove("it is open and no regular file")
    if not os.path.samestat(os.stat(name), os.fstat(file.fileno())):
        raise CannotMove("it is open, and what its name means now is another file")
    if os.path.getsize(name) > SIZE_LIMIT:
        raise CannotMove(f"it is open and larger than {SIZE_LIMIT // 1024**2} MiB")
    return Path(os.fsdecode(name)).read_bytes()


def make_binary(name: Any, data: bytes, position: int) -> io.BufferedReader:
    """A reader of a copy in memory, under the name of the file."""
    raw: Any = io.BytesIO(data)
    raw.name, raw.mode = name, "rb"
    reader: io.BufferedReader = io.BufferedReader(raw)
    reader.seek(position)
    return reader


def make_text(name: Any, data: bytes, position: int, settings: tuple[str, str | None]) -> io.TextIOWrapper:
    """A text reader of a copy in memory."""
    encoding, errors = settings
    text = io.TextIOWrapper(make_binary(name, data, 0), encoding=encoding, errors=errors)
    text.seek(position)
    return text


def _characters_read(file: io.TextIOWrapper) -> int:
    """How many characters of the file were read. Found by reading the rest; the file is then put back."""
    left = len(file.read())
    file.seek(0)
    count = len(file.read()) - left
    file.seek(0)
    file.read(count)
    return count


def make_text_read(name: Any, data: bytes, count: int, settings: tuple[str, str | None]) -> io.TextIOWrapper:
    """A text reader of a copy in memory, of which ``count`` characters were read."""
    text = make_text(name, data, 0, settings)
    text.read(count)
    return text


def make_closed(kind: type, name: Any, settings: tuple[str, str | None] | None) -> Any:
    """A closed file of the same kind and name (of ``kind`` itself if there are no text settings)."""
    raw: Any = io.BytesIO()
    raw.name = name
    if kind is io.FileIO:
        file: Any = io.FileIO(os.devnull)
    else:
        file = kind(raw)
    if settings is not None:
        file = io.TextIOWrapper(file, encoding=settings[0], errors=settings[1])
    file.close()
    return file
