"""What ``tempfile`` made: its contents belong to the session alone, so they always travel."""

from __future__ import annotations

import os
import stat
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyteleport_jupyter import made_files
from pyteleport_jupyter.objects.placed_files import SIZE_LIMIT
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces

ENTRIES_LIMIT = 10_000
"""Most files and folders of a temporary directory that travels."""

Entry = tuple[str, int, bytes | str | None]
"""Path inside the directory, mode, and: contents of a file, target of a link, None for a folder."""


_travelling: weakref.WeakSet[Any] = weakref.WeakSet()


def paths_here() -> tuple[str, ...]:
    """Of files and directories that have been pickled and are still the session's: they travel with their
    contents, and nobody is left here who would remove them.
    """
    files = [each for each in _travelling if not isinstance(each, tempfile.TemporaryDirectory)]
    folders = [each for each in _travelling if isinstance(each, tempfile.TemporaryDirectory)]
    owned = [each.name for each in files if not each.file.closed and vars(each._closer)["delete"]]
    owned += [each.name for each in folders if vars(each)["_finalizer"].alive]
    return tuple(os.path.abspath(os.fsdecode(path)) for path in owned)


@reduces("tempfile._TemporaryFileWrapper")
def reduce_named_file(wrapper: Any, reduction: Reduction) -> Any:
    """``NamedTemporaryFile``: the same file where it is, else a new one with the same contents, under the
    same path if nothing is there.
    """
    _travelling.add(wrapper)
    content = {name: value for name, value in vars(wrapper).items() if not callable(value)}
    binary = getattr(wrapper.file, "buffer", wrapper.file)
    reduction.private_files.add(id(binary))
    return object.__new__, (type(wrapper),), content, None, None, set_named_file


def set_named_file(wrapper: Any, content: dict[str, Any]) -> None:
    """Fill it; its file may have got another name."""
    vars(wrapper).update(content)
    if not content["file"].closed:
        vars(wrapper)["name"] = content["_closer"].name = content["file"].name


@reduces(tempfile.TemporaryDirectory)
def reduce_directory(directory: tempfile.TemporaryDirectory[Any], reduction: Reduction) -> Any:
    """``TemporaryDirectory`` with all that is in it (up to 64 MiB), under the same path where possible."""
    _travelling.add(directory)
    attributes = {name: value for name, value in vars(directory).items() if name != "_finalizer"}
    finalizer: Any = vars(directory)["_finalizer"]
    entries = list(_entries(Path(os.fsdecode(directory.name)))) if finalizer.alive else None
    return object.__new__, (type(directory),), (attributes, entries), None, None, set_directory


def _entries(root: Path) -> Iterator[Entry]:
    size = count = 0
    for folder, folders, files in os.walk(root):
        for name in sorted((*folders, *files)):
            path = Path(folder, name)
            status = path.lstat()
            size, count = size + status.st_size, count + 1
            if size > SIZE_LIMIT or count > ENTRIES_LIMIT:
                raise CannotMove(f"it is a directory with more than {SIZE_LIMIT // 1024**2} MiB in it")
            yield str(path.relative_to(root)), status.st_mode, _content(path, status.st_mode)


def _content(path: Path, mode: int) -> bytes | str | None:
    if stat.S_ISREG(mode):
        return path.read_bytes()
    if stat.S_ISLNK(mode):
        return os.readlink(path)
    if stat.S_ISDIR(mode):
        return None
    raise CannotMove(f"there is something in it that is no file ({path.name})")


def set_directory(directory: Any, state: tuple[dict[str, Any], list[Entry] | None]) -> None:
    """Make the directory here if it is not here, and see to its end."""
    attributes, entries = state
    vars(directory).update(attributes)
    if entries is not None:
        directory.name = _own_folder(directory.name)
        for entry in entries:
            _write(Path(os.fsdecode(directory.name)), *entry)
    directory._finalizer = weakref.finalize(
        directory,
        type(directory)._cleanup,
        directory.name,
        warn_message=f"Implicitly cleaning up {directory!r}",
        ignore_errors=getattr(directory, "_ignore_cleanup_errors", False),
        **({"delete": directory._delete} if hasattr(directory, "_delete") else {}),
    )
    if entries is None:
        directory._finalizer.detach()


def _own_folder(path: Any) -> Any:
    """``path`` as a folder of the user's; another one where that is somebody else's."""
    try:
        os.mkdir(path, 0o700)
    except OSError:
        is_own = os.path.isdir(path) and not os.path.islink(path) and os.stat(path).st_uid == os.getuid()
        if is_own:
            return path
        path = tempfile.mkdtemp()
    made_files.tree_made(os.fsdecode(path))
    return path


def _write(root: Path, name: str, mode: int, content: bytes | str | None) -> None:
    path = root / name
    if content is None:
        path.mkdir(exist_ok=True)
    elif isinstance(content, str):
        path.unlink(missing_ok=True)
        path.symlink_to(content)
    elif not path.is_file() or path.read_bytes() != content:
        path.write_bytes(content)
    if not isinstance(content, str):
        path.chmod(stat.S_IMODE(mode))
