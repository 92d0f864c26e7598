"""What becomes of a variable's value, in words: whether it moves as it is or is made again there."""

from __future__ import annotations

import inspect
import io
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from pyteleport_jupyter.objects import names, table
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.tombstone import Left, Tombstone, left_of

MADE_AGAIN = frozenset(
    (
        "context",
        "databases",
        "event_loops",
        "files",
        "library",
        "logs",
        "modules",
        "synchronisation",
        "temporary",
        "widgets",
    )
)
"""Subjects of reducers whose objects are made again there; those of the others arrive as what they were."""

OURS = "pyteleport_jupyter.objects.reducers."


OUTSIDE = frozenset(("databases", "files", "logs", "temporary"))
"""Subjects whose objects look at something outside of the session, which may be another thing there."""


def opened_again(namespace: Mapping[str, Any]) -> list[str]:
    """Names of variables that are opened anew there."""
    kinds = {type(value) for value in namespace.values()}
    subjects = {kind: _subject(table.reducer_for(kind)) for kind in kinds}
    outside = {name: value for name, value in namespace.items() if subjects[type(value)] in OUTSIDE}
    return [name for name, value in outside.items() if not _is_closed(value)]


def _is_closed(value: Any) -> bool:
    return issubclass(type(value), io.IOBase) and value.closed is True


def without_graph(namespace: Mapping[str, Any]) -> list[str]:
    """Names of tensors of torch that arrive as values: what is computed from them there knows no gradients of
    what they were computed from.
    """
    torch = sys.modules.get("torch")
    kind: Any = getattr(torch, "Tensor", None)
    if kind is None:
        return []
    return [
        name
        for name, value in namespace.items()
        if issubclass(type(value), kind) and value.grad_fn is not None
    ]


def _subject(reducer: Any) -> str:
    return str(getattr(reducer, "__module__", "")).removeprefix(OURS)


def rebuilt(obj: Any, reduction: Reduction) -> str:
    """How ``obj`` is made again there, as a clause; empty if it simply moves."""
    kind = type(obj)
    if id(obj) in reduction.references:
        return _by_reference(obj)
    if kind is Tombstone:
        return ""
    if _is_imported(obj, kind):
        return f"imported there from {obj.__module__}"
    reducer = table.reducer_for(kind)
    if reducer is None or kind is object:
        return ""
    subject = str(getattr(reducer, "__module__", ""))
    if subject.startswith(OURS):
        if remark := getattr(sys.modules[subject], "remark", None):
            return str(remark(obj))
        known = subject.removeprefix(OURS) in MADE_AGAIN
        return f"made again there: {_first_sentence(reducer)}" if known else ""
    return "made again there by your own reducer"


def _first_sentence(reducer: Any) -> str:
    words = (inspect.getdoc(reducer) or "from what it holds").partition("\n\n")[0]
    sentence = " ".join(words.split()).partition(". ")[0].rstrip(".").replace("``", "")
    return sentence if sentence[:2].isupper() else sentence[:1].lower() + sentence[1:]


def left_before(obj: Any) -> Left | None:
    """What stayed at an earlier move, if ``obj`` is its tombstone."""
    return left_of(obj) if type(obj) is Tombstone else None


def _by_reference(obj: Any) -> str:
    return "imported there" if issubclass(type(obj), ModuleType) else "the one that is there"


def _is_imported(obj: Any, kind: type) -> bool:
    if not (issubclass(kind, type) or kind.__module__ == "builtins"):
        return False
    name = getattr(obj, "__qualname__", None) if callable(obj) else None
    return isinstance(name, str) and names.is_importable(obj)
