"""Code objects across machines: their hash, their pickle, and whether a library over there is the same."""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import sys
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType

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
    """Reduce tuple for any code object. A morph travels as its original."""
    return marshal.loads, (marshal.dumps(original_code(code)),)


def library_of(code: CodeType, global_names: dict[str, object]) -> str | None:
    """The importable module whose source file defines ``code``, running with these globals; else None."""
    name = global_names.get("__name__")
    module = sys.modules.get(name) if isinstance(name, str) and name != "__main__" else None
    if module is None or getattr(module, "__dict__", None) is not global_names:
        return None
    spec = getattr(module, "__spec__", None)
    return name if spec is not None and spec.origin == code.co_filename else None


def check_running_code(stack: Stack) -> None:
    """Compare what runs in the stack with this interpreter and with its libraries. Raises CodeDiffers."""
    for frame in stack.frames:
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
    spec = importlib.util.find_spec(module)
    get_code = getattr(spec.loader, "get_code", None) if spec is not None else None
    found = get_code(module) if get_code is not None else None
    codes = _nested(found) if isinstance(found, CodeType) else ()
    return frozenset(_hash_of(code) for code in codes if code.co_qualname == qualname)


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)
