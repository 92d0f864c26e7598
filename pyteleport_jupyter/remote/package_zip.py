"""Our package and the cloudpickle in use here, as one zip that Python can import from.

Holds byte code: the far side has the same magic number (it is compared first), and compiling there would
cost more time than everything else in the boot. The same packages give the same bytes.
"""

from __future__ import annotations

import functools
import importlib.resources
import importlib.util
import io
import zipfile
from collections.abc import Iterator
from importlib.resources.abc import Traversable

from pyteleport_jupyter.remote.package_finder import SERVED

_UNCHECKED_HASH = (0b01).to_bytes(4, "little") + bytes(8)
"""Flags and hash of byte code that is used without a look at its source (PEP 552)."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Zip knows no earlier date; a date of our own would make every zip different."""


@functools.cache
def package_zip() -> bytes:
    """The zip; made once in a process."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for package in SERVED:
            for name, content in _modules(package, importlib.resources.files(package)):
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _modules(prefix: str, folder: Traversable) -> Iterator[tuple[str, bytes]]:
    """Names and byte code of all modules in ``folder``, sorted, folders entered."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = f"{prefix}/{entry.name}"
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _modules(path, entry)
        elif entry.name.endswith(".py"):
            yield f"{path}c", _byte_code(path, entry.read_bytes())


def _byte_code(path: str, source: bytes) -> bytes:
    import marshal

    code = compile(source, f"<teleported>/{path}", "exec", dont_inherit=True)
    return importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + marshal.dumps(code)
