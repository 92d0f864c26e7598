"""Our package and the cloudpickle in use here, as one zip that Python can import from.

What the far side imports before the session goes on is byte code: its magic number is the same (that is
compared first), and compiling there would take longer than the rest of the boot. The other modules, for a
later hop, are source, which is a third of the size. The same packages give the same bytes.

Made once and kept (:mod:`.kept_package`): it takes as long as all else that is done here before a move.
"""

from __future__ import annotations

import functools
import importlib.resources
import importlib.util
import io
import marshal
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from importlib.resources.abc import Traversable
from types import CodeType

from pyteleport_jupyter.remote.first_stage import (
    ANSWERING_MODULES,
    BOOTING_MODULES,
    LANDING_MODULES,
    PROGRAM_MODULES,
)
from pyteleport_jupyter.remote.package_finder import SERVED, served_from

_COMPILED = (
    "cloudpickle",
    *(f"pyteleport_jupyter.{room}" for room in ("errors", "faults", "frames", "objects")),
)
_COMPILED += tuple(f"pyteleport_jupyter.{room}" for room in ("remote", "session", "shipping", "wire"))
_ALONE = ("carried", "collection", "companions", "exits", "loops", "made_files", "scripts", "user_hooks")
_COMPILED += tuple(f"pyteleport_jupyter.{room}" for room in _ALONE)
"""Modules, with all in them, that go as byte code."""

_LEFT_OUT = ("pyteleport_jupyter.demo", "pyteleport_jupyter.server_extension")
"""Of no use where nobody has installed us."""

_WITH_DOCSTRINGS = ("cloudpickle", "pyteleport_jupyter.errors", "pyteleport_jupyter.objects.reducers")
"""Of these the docstrings are shown to users; those of others are left out, and with them a tenth of the
size.
"""

_FIRST_STAGE = (*LANDING_MODULES, *BOOTING_MODULES, *PROGRAM_MODULES, *ANSWERING_MODULES)
"""Modules that a later first stage, sent on from there, takes from their source."""

_UNCHECKED_HASH = (0b01).to_bytes(4, "little") + bytes(8)
"""Flags and hash of byte code that is used without a look at its source (PEP 552)."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Zip knows no earlier date; a date of our own would make every zip different."""


@functools.cache
def package_zip() -> bytes:
    """The zip, made once in a process; stored without compression, so that importing from it is fast."""
    if found := served_from():
        with open(found, "rb") as file:
            return file.read()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for package in SERVED:
            for name, content in _files(package, importlib.resources.files(package)):
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return buffer.getvalue()


@functools.cache
def packed_zip() -> bytes:
    """The zip as it is sent: compressed as a whole, which is smaller than file by file."""
    return zlib.compress(package_zip(), 6)


def _files(folder_name: str, folder: Traversable) -> Iterator[tuple[str, bytes]]:
    """Names in the zip and contents of all modules in ``folder``, sorted, folders entered."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = f"{folder_name}/{entry.name}"
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _files(path, entry)
        elif entry.name.endswith(".py"):
            module = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
            if _is_in(module, _LEFT_OUT):
                continue
            compiled = _is_in(module, _COMPILED)
            if compiled:
                yield f"{path}c", _byte_code(module, path, entry)
            if not compiled or module.removeprefix("pyteleport_jupyter.") in _FIRST_STAGE:
                yield path, entry.read_bytes()


def _is_in(module: str, packages: Sequence[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _byte_code(module: str, path: str, entry: Traversable) -> bytes:
    optimize = 0 if _is_in(module, _WITH_DOCSTRINGS) else 2
    code = compile(entry.read_bytes(), entry.name, "exec", dont_inherit=True, optimize=optimize)
    return (
        importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + marshal.dumps(_placed(code, f"<teleported>/{path}"))
    )


def _placed(code: CodeType, name: str) -> CodeType:
    """``code`` with another file name, in all functions: paths of this machine are nobody's business
    there.
    """
    constants = (_placed(item, name) if isinstance(item, CodeType) else item for item in code.co_consts)
    return code.replace(co_filename=name, co_consts=tuple(constants))
