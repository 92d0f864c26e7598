"""What stands in the place of an object that stayed behind, and says so on any use."""

from __future__ import annotations

import os
import secrets
import weakref
from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from typing import Any, NoReturn

from pyteleport_jupyter.errors import LeftBehind

ADVICE: dict[str, str] = {
    "io.IOBase": "Open it again where you need it.",
    "socket.socket": "Connect again where you need it.",
    "threading.Thread": "Start it again where you need it.",
    "subprocess.Popen": "Start it again where you need it.",
    "sqlite3.Connection": "Connect again where you need it.",
    "concurrent.futures._base.Executor": "Make it again where you need it.",
}
"""How to get what stays, by the nearest named class."""
OTHERWISE = "Make it again where you need it."

ANSWERED = frozenset(("__class__", "__reduce_ex__", "__reduce__", "__doc__", "__init_subclass__"))
"""Attributes that a tombstone has; all others, it says, are those of what stayed."""

_originals: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()
"""What stayed in this process, as long as it lives: a tombstone that comes back here is the original again.
"""


@dataclass(frozen=True)
class Left:
    """What is told of an object that stayed: the path it was reached by, its type, why, and where it is."""

    path: str
    type: str
    reason: str
    host: str
    pid: int
    advice: str = OTHERWISE
    key: str = ""

    def sentence(self) -> str:
        """``f, a _io.TextIOWrapper, was left behind on laptop (pid 7): it is open for writing.``"""
        where = f"{self.host} (process {self.pid})"
        return f"{self.path}, a {self.type}, was left behind on {where}: {self.reason}. {self.advice}"

    def for_reason(self, reason: str) -> Left:
        """The same for a reason that was found later."""
        return replace(self, reason=reason)

    def restored(self) -> Any:
        """The original if this is the process that it stayed in, and it lives; else its tombstone."""
        original = _originals.get(self.key) if self.pid == os.getpid() else None
        return Tombstone(self) if original is None else original


def told(left: Left) -> str:
    """``f stayed on laptop: it is open for writing, and /l is no file there``."""
    return f"{left.path} stayed on {left.host}: {left.reason}"


def left_here(obj: Any, path: str, kind: str, reason: str, host: str) -> Left:
    """What is to be told of ``obj``, which stays in this process of ``host``."""
    return Left(path, kind, reason, host, os.getpid(), advice_for(type(obj)), _remember(obj))


def advice_for(kind: type) -> str:
    """How the user gets another one."""
    for ancestor in kind.__mro__:
        name = f"{ancestor.__module__}.{ancestor.__qualname__}"
        for known in (name, name.replace("_io._", "io.")):
            if known in ADVICE:
                return ADVICE[known]
    return OTHERWISE


def _remember(obj: Any) -> str:
    key = secrets.token_hex(16)
    try:
        _originals[key] = obj
    except TypeError:
        return ""  # nothing can refer to it without keeping it alive
    return key


def restore(*facts: Any) -> Any:
    """The original, or its tombstone (:meth:`Left.restored`)."""
    return Left(*facts).restored()


def reduce_left(left: Left) -> tuple[Any, ...]:
    """The reduce value of a tombstone."""
    return restore, facts_of(left)


def facts_of(left: Left) -> tuple[Any, ...]:
    """The arguments of :class:`Left`."""
    return astuple(left)


class Tombstone:
    """Takes the place of an object that could not move. Any use of it says which it was, where it stayed,
    why, and how to get another.

    It is equal to itself only, and can be a key; that much containers need.
    """

    __slots__ = ("__weakref__", "_left")

    def __init__(self, left: Left) -> None:
        object.__setattr__(self, "_left", left)

    def __getattribute__(self, name: str) -> Any:
        if name not in ANSWERED:
            _refuse(self)
        return object.__getattribute__(self, name)

    def __repr__(self) -> str:
        return f"<left behind: {left_of(self).sentence()}>"

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __dir__(self) -> list[str]:
        return []

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return reduce_left(left_of(self))

    __hash__ = object.__hash__


def left_of(tombstone: Tombstone) -> Left:
    """What it tells."""
    left: Left = object.__getattribute__(tombstone, "_left")
    return left


def call_it(tombstone: Tombstone, path: str) -> None:
    """Say by which path it was reached."""
    object.__setattr__(tombstone, "_left", replace(left_of(tombstone), path=path))


def _refuse(tombstone: Tombstone) -> NoReturn:
    left = left_of(tombstone)
    raise LeftBehind(
        path=left.path, type=left.type, host=left.host, pid=left.pid, reason=left.reason, advice=left.advice
    )


OPERATORS = (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow", "matmul", "lshift", "rshift", "and",
    "or", "xor",
)  # fmt: skip
USES = (
    "setattr", "delattr", "call", "getitem", "setitem", "delitem", "iter", "next", "len", "contains",
    "reversed", "bool", "enter", "exit", "aenter", "aexit", "aiter", "anext", "await", "lt", "le", "gt", "ge",
    "neg", "pos", "abs", "invert", "int", "float", "complex", "index", "bytes", "fspath", "round", "trunc",
    *OPERATORS, *(f"r{name}" for name in OPERATORS), *(f"i{name}" for name in OPERATORS if name != "divmod"),
)  # fmt: skip
"""Special methods, without their underscores. Not ``eq``: containers compare."""


def _user(name: str) -> Callable[..., Any]:
    def use(self: Tombstone, *_: Any, **__: Any) -> NoReturn:
        _refuse(self)

    use.__name__ = use.__qualname__ = name
    return use


for _name in (f"__{name}__" for name in USES):
    setattr(Tombstone, _name, _user(_name))
