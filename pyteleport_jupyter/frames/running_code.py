"""Code objects across machines: their hash, their pickle, and whether a library over there is the same."""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import sys
from collections.abc import Iterator
from functools import lru_cache
from importlib.machinery import ModuleSpec
from types import CodeType

from ..carried import is_carried
from ..errors import CodeDiffers
from .registry import original_code
from .snapshot import FrameSnapshot, Stack


def code_hash(code: CodeType) -> str:
    """Hash of all that decides what a code object does, of the original if it is a morph.

    File name and line numbers do not count: the same library lies elsewhere on another host.
    """
    return _hash_of(original_code(code))


@lru_cache(maxsize=512)
def _hash_of(code: CodeType) -> str:
    return hashlib.sha256("\0".join(_significant(code)).encode("utf-8", "surrogatepass")).hexdigest()


def _significant(code: CodeType) -> Iterator[str]:
    yield code.co_qualname
    yield code.co_code.hex()
    yield code.co_exceptiontable.hex()
    yield repr((code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags))
    yield repr((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars))
    for constant in code.co_consts:
        yield _constant(constant)


def _constant(constant: object) -> str:
    """The same text in every process: sets have no order, nested code has an address in its repr."""
    if isinstance(constant, CodeType):
        return _hash_of(constant)
    if isinstance(constant, tuple):
        return f"({','.join(map(_constant, constant))})"
    if isinstance(constant, frozenset):
        return f"{{{','.join(sorted(map(_constant, constant)))}}}"
    return f"{type(constant).__name__}:{constant!r}"


def reduce_code(code: CodeType) -> tuple[object, ...]:
    """Reduce tuple for any code object. A morph travels as its original.

    Code of an importable module gets the file name that this module has over there, for tracebacks.
    """
    original = original_code(code)
    library = _library_in(original.co_filename)
    if library is None:
        return marshal.loads, (marshal.dumps(original),)
    return library_code, (marshal.dumps(original), library)


def library_code(marshalled: bytes, library: str) -> CodeType:
    """Code that was defined in the source of an importable module, as of the module's file on this host."""
    code: CodeType = marshal.loads(marshalled)
    origin = _origin(library)
    return code if origin is None or origin == code.co_filename else _relocated(code, origin)


def _relocated(code: CodeType, filename: str) -> CodeType:
    constants = tuple(
        _relocated(each, filename) if isinstance(each, CodeType) else each for each in code.co_consts
    )
    return code.replace(co_filename=filename, co_consts=constants)


def _spec(module: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None  # not importable here, or made by hand


def _origin(module: str) -> str | None:
    """The source file of an importable module; None if there is none."""
    spec = _spec(module)
    return spec.origin if spec is not None else None


_libraries: dict[str, str] = {}
"""Modules by source file, as far as they were asked for."""


def _library_in(filename: str) -> str | None:
    """The imported module whose source file has this name."""
    if filename not in _libraries:
        for name, module in sys.modules.copy().items():
            spec = getattr(module, "__spec__", None)
            if name != "__main__" and spec is not None and spec.origin == filename:
                _libraries[filename] = name
                break
    library = _libraries.get(filename)
    return None if library is None or is_carried(library) else library


def library_of(code: CodeType, global_names: dict[str, object]) -> str | None:
    """The importable module whose source file defines ``code``, running with these globals; else None."""
    name = global_names.get("__name__")
    module = sys.modules.get(name) if isinstance(name, str) and name != "__main__" else None
    if not isinstance(name, str) or is_carried(name) or getattr(module, "__dict__", None) is not global_names:
        return None
    spec = getattr(module, "__spec__", None)
    return name if spec is not None and spec.origin == code.co_filename else None


def check_running_code(stack: Stack) -> None:
    """Compare what runs in the stack with this interpreter and with its libraries. Raises CodeDiffers."""
    for frame in stack.all_frames:
        reason = _difference(frame)
        if reason is not None:
            raise CodeDiffers(function=frame.words, reason=reason)


def _difference(frame: FrameSnapshot) -> str | None:
    if frame.magic != importlib.util.MAGIC_NUMBER:
        return "the bytecode of the two Pythons differs"
    if code_hash(frame.code) != frame.code_hash:
        return "its code was changed on the way"
    if frame.library is None or frame.code_hash in library_hashes(frame.library, frame.qualname):
        return None
    return f"{frame.library} has other source code there"


@lru_cache(maxsize=64)
def library_hashes(module: str, qualname: str) -> frozenset[str]:
    """Hashes of all code named ``qualname`` in the source of an importable module; empty if there is none."""
    spec = _spec(module)
    get_code = getattr(spec.loader, "get_code", None) if spec is not None else None
    # By its own name: some modules stand under another one as well (collections.abc is _collections_abc).
    found = get_code(spec.name) if spec is not None and get_code is not None else None
    codes = _nested(found) if isinstance(found, CodeType) else ()
    return frozenset(_hash_of(code) for code in codes if code.co_qualname == qualname)


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)
