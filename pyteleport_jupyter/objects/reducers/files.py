"""Files: opened again where the same file is, else a copy of what was being read; never another file."""

from __future__ import annotations

import io
import os
from typing import Any

from pyteleport_jupyter.objects.arriving import may_stay
from pyteleport_jupyter.objects.placed_files import SIZE_LIMIT, PlacedFile, find_or_make, placed
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces
from pyteleport_jupyter.objects.text_settings import TextSettings, settings_of

COMPRESSED = ("gzip.GzipFile", "bz2.BZ2File", "lzma.LZMAFile")
"""Files that text files may lie on."""

ONLY_AT_FIRST = os.O_CREAT | os.O_EXCL | os.O_TRUNC
"""What a mode asks for when a file is opened the first time."""


@reduces(io.TextIOWrapper, subclasses=True)
def reduce_text(file: io.TextIOWrapper, reduction: Reduction) -> Any:
    """A text file with mode, position, encoding and line ends; what was not flushed is written first.

    It is opened again where its path leads to the same file (size and samples of the contents are compared).
    Elsewhere a file that is read becomes a copy in memory; one that is written stays, unless
    ``--with-files``.
    """
    attributes = dict(file.__dict__)
    settings = settings_of(file) or TextSettings(file.encoding, file.errors, None, False, False)
    if file.closed:
        return make_closed, (type(file.buffer), _name(file), settings), attributes
    if settings_of(file) is None:
        raise CannotMove("it is open, and how it was told to treat line ends cannot be found out")
    if not file.seekable():
        raise CannotMove("it is open and no regular file")
    position, characters = _position(file)
    if isinstance(file.buffer, io.BytesIO) or is_compressed(type(file.buffer)):
        file.flush()
        return make_text_in_memory, (file.buffer, settings, position, characters), attributes
    return make_text, (_binary(file.buffer, reduction), settings, position, characters), attributes


@reduces(io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.FileIO)
def reduce_binary(file: Any, reduction: Reduction) -> Any:
    """As text files, without encoding."""
    if file.closed:
        return make_closed, (type(file), _name(file), None)
    if isinstance(file, io.BufferedWriter | io.BufferedRandom):
        file.flush()
    if isinstance(getattr(file, "raw", None), io.BytesIO) and not hasattr(file.raw, "mode"):
        return make_over, (type(file), file.raw, file.tell())
    return make_binary, _binary(file, reduction)


def is_compressed(kind: type) -> bool:
    """Whether files of this class are those of a module for compression."""
    return f"{kind.__module__}.{kind.__qualname__}" in COMPRESSED


def _position(file: io.TextIOWrapper) -> tuple[int, int | None]:
    """What ``seek`` takes; or, of a file that is in the middle of a loop over its lines, how many characters
    have been read.
    """
    # Not flush(): it lets tell() work in the middle of a loop, with a wrong result.
    try:
        return file.tell(), None
    except OSError:
        if _size(file) > SIZE_LIMIT:
            raise CannotMove("it is being read line by line and too large to count what was read") from None
        return 0, _characters_read(file)


def _size(file: io.TextIOWrapper) -> int:
    below: Any = file.buffer
    return below.getbuffer().nbytes if isinstance(below, io.BytesIO) else os.fstat(file.fileno()).st_size


def _characters_read(file: io.TextIOWrapper) -> int:
    """Found by reading the rest; the file is then put back."""
    binary: Any = file.buffer
    at = binary.tell()
    try:
        left = len(file.read())
    except ValueError:
        # The decoder is as it was: it failed before it took anything.
        binary.seek(at)
        raise CannotMove("it is being read line by line, and the rest of it cannot be decoded") from None
    file.seek(0)
    count = len(file.read()) - left
    file.seek(0)
    file.read(count)
    return count


def _name(file: Any) -> Any:
    return getattr(file, "name", None)


Binary = tuple[type, Any, str, int, PlacedFile]
"""Kind of the file, its name as the user gave it, mode of the raw file, position, where it lies."""


def _binary(file: Any, reduction: Reduction) -> Binary:
    """The arguments of :func:`make_binary`."""
    raw = file if isinstance(file, io.FileIO) else getattr(file, "raw", None)
    if isinstance(raw, io.BytesIO):  # a copy that has travelled before
        contents = raw.getvalue()
        there = PlacedFile(os.path.abspath(str(_name(file))), len(contents), b"", contents)
    elif isinstance(raw, io.FileIO):
        private = id(file) in reduction.private_files
        there = placed(raw, writable=raw.writable(), private=private)
    else:
        raise CannotMove("it is open and no regular file")
    return type(file), _name(file), raw.mode, file.tell(), there


@may_stay
def make_binary(kind: type, name: Any, mode: str, position: int, there: PlacedFile) -> Any:
    """Open the file again, or a copy of it. Raises CannotMove."""
    reads_only = not any(letter in mode for letter in "wax+")
    if reads_only and not there.private and not there.is_here():
        return _copy_in_memory(kind, name, position, there)
    found = find_or_make(there)
    shown = name if found == there.path and isinstance(name, str | bytes | os.PathLike) else found
    raw = io.FileIO(shown, mode.replace("x", "w"), opener=_open_again)
    if not there.path:
        os.unlink(found)
    file = raw if kind is io.FileIO else kind(raw)
    file.seek(position)
    return file


def _open_again(path: Any, flags: int) -> int:
    return os.open(path, flags & ~ONLY_AT_FIRST)


def _copy_in_memory(kind: type, name: Any, position: int, there: PlacedFile) -> Any:
    if there.contents is None:
        raise CannotMove(
            f"it is open, larger than {SIZE_LIMIT // 1024**2} MiB, and {there.path} is not there"
        )
    raw: Any = io.BytesIO(there.contents)
    raw.name, raw.mode = name, "rb"
    reader = io.BufferedReader(raw)
    reader.seek(position)
    return reader


@may_stay
def make_text(binary: Binary, settings: TextSettings, position: int, characters: int | None) -> Any:
    """A text file on top of :func:`make_binary`."""
    return _read_to(settings.wrap(make_binary(*binary)), position, characters)


def make_text_in_memory(
    stream: io.BytesIO, settings: TextSettings, position: int, characters: int | None
) -> Any:
    """A text file on top of bytes in memory."""
    return _read_to(settings.wrap(stream), position, characters)


def _read_to(text: Any, position: int, characters: int | None) -> Any:
    text.seek(position)
    if characters is not None:
        text.read(characters)
    return text


def make_over(kind: Any, stream: io.BytesIO, position: int) -> Any:
    """A buffer of ``kind`` over bytes in memory, read to ``position``."""
    buffer = kind(stream)
    buffer.seek(position)
    return buffer


def make_closed(kind: Any, name: Any, settings: TextSettings | None) -> Any:
    """A closed file of the same kind and name (of ``kind`` itself if there are no text settings)."""
    raw: Any = io.BytesIO()
    raw.name = name
    if kind is io.FileIO:
        file: Any = io.FileIO(os.devnull)
    elif is_compressed(kind):
        file = kind(None, "wb", fileobj=raw) if kind.__module__ == "gzip" else kind(raw, "wb")
    else:
        file = kind(raw)
    if settings is not None:
        file = settings.wrap(file)
    file.close()
    return file
