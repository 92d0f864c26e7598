"""What is directly inside an object as pickle sees it, and how Python would write the way there."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from types import BuiltinMethodType, CellType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple, Protocol

from pyteleport_jupyter.objects.descendants import fill_descendant
from pyteleport_jupyter.objects.names import attributes_of
from pyteleport_jupyter.objects.reducers.classes import Behaviour
from pyteleport_jupyter.objects.reducers.functions import contents_of
from pyteleport_jupyter.objects.reducers.modules import contents_of_module
from pyteleport_jupyter.objects.shapes import fill, fill_and_set

ATOMS = (int, float, complex, bool, str, bytes, bytearray, type(None), type(...), type(NotImplemented))
PATH_LIMIT = 160
"""Longest path shown, in characters."""

INSIDE = " (inside)"


class Step(NamedTuple):
    """One step of a path, as text. ``named`` is False for words that no path can go on from."""

    text: str
    named: bool = True


class Words(Protocol):
    """A :class:`Step`, or what is one when it is asked."""

    @property
    def text(self) -> str: ...

    @property
    def named(self) -> bool: ...


class Path(NamedTuple):
    """A path as a linked list: most are never shown."""

    before: Path | None
    step: Words

    def steps(self) -> list[Words]:
        """From the variable on."""
        steps: list[Words] = []
        at: Path | None = self
        while at is not None:
            steps.append(at.step)
            at = at.before
        return steps[::-1]

    @property
    def name(self) -> str:
        """The first step."""
        return self.steps()[0].text

    @property
    def is_named(self) -> bool:
        """Whether it starts with a variable."""
        return self.steps()[0].named

    def __str__(self) -> str:
        start, *after = self.steps()
        if not start.named:
            return f"inside {start.text}" if after else start.text
        text = start.text
        for step in after:
            if not (step.text == INSIDE and text.endswith(INSIDE)):
                text += step.text
        return text if len(text) <= PATH_LIMIT else f"{text[: PATH_LIMIT // 2]} … {text[-PATH_LIMIT // 2 :]}"


def children(obj: Any, reduced: Any) -> Iterator[tuple[Step, Any]]:
    """The objects inside ``obj``, whose reduce value is ``reduced`` (None for containers and names)."""
    inside = _inside(obj, reduced)
    return ((step, child) for step, child in inside if type(child) not in ATOMS)


def _inside(obj: Any, reduced: Any) -> Iterator[tuple[Step, Any]]:
    kind = type(obj)
    if kind is list or kind is tuple:
        return ((Step(f"[{index}]"), child) for index, child in enumerate(obj))
    if kind is dict:
        return _of_dict(obj)
    if kind is set or kind is frozenset:
        return ((Step(" (an element)"), child) for child in obj)
    if kind is CellType:
        return iter(_of_cell(obj))
    if not isinstance(reduced, tuple):
        return iter(())
    if kind is FunctionType:
        return _of_function(obj)
    if issubclass(kind, ModuleType):
        return ((Step(f".{name}"), child) for name, child in contents_of_module(obj).items())
    return _of_reduced(obj, reduced)


def _of_dict(content: dict[Any, Any]) -> Iterator[tuple[Step, Any]]:
    for key, child in content.items():
        if type(key) not in ATOMS:
            yield Step(" (a key)"), key
        yield Step(f"[{_short(key)}]"), child


def _short(key: Any) -> str:
    text = repr(key) if type(key) in ATOMS else f"<{type(key).__name__}>"
    return text if len(text) <= 40 else f"{text[:30]}…"


def _of_cell(cell: CellType) -> list[tuple[Step, Any]]:
    return [(Step(""), content) for _, content in contents_of(cell)]


def _of_function(function: FunctionType) -> Iterator[tuple[Step, Any]]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield Step(f" (its variable {name})"), cell
    yield Step(".__defaults__"), function.__defaults__
    yield Step(".__kwdefaults__"), function.__kwdefaults__
    yield Step(".__globals__"), function.__globals__
    for name, child in function.__dict__.items():
        yield Step(f".{name}"), child


def _of_reduced(obj: Any, reduced: tuple[Any, ...]) -> Iterator[tuple[Step, Any]]:
    function, args, state, items, pairs, setter = ([*reduced, *(None,) * 4])[:6]
    if setter in FILLING:
        items, pairs, state = state[0], state[1].items(), state[2]
    named = _named_parts(obj)
    for child in (function, *args):
        yield _step_to(child, named), child
    yield from _of_state(state, named)
    for index, child in enumerate(items or ()):
        yield Step(f"[{index}]"), child
    for key, child in pairs or ():
        yield Step(f"[{_short(key)}]"), child


FILLING = (fill, fill_and_set, fill_descendant)
"""Setters whose state begins with items and pairs."""

PARTS: dict[type, tuple[str, ...]] = {
    BaseException: ("args", "__traceback__", "__cause__", "__context__"),
    functools.partial: ("func", "args", "keywords"),
    MethodType: ("__func__", "__self__"),
    BuiltinMethodType: ("__self__",),
}
"""Attributes that are not in ``__dict__``."""


def _named_parts(obj: Any) -> dict[int, str]:
    """``id`` of what the attributes of ``obj`` hold -> name of the attribute."""
    names = [name for kind, parts in PARTS.items() if issubclass(type(obj), kind) for name in parts]
    named = {id(getattr(obj, name)): name for name in names}
    if not issubclass(type(obj), type):
        named |= {id(child): name for name, child in (attributes_of(obj) or {}).items()}
    return named


def _step_to(child: Any, named: dict[int, str]) -> Step:
    name = named.get(id(child))
    return Step(f".{name}") if name else Step(INSIDE)


def _of_state(state: Any, named: dict[int, str]) -> Iterator[tuple[Step, Any]]:
    for part in state if type(state) is tuple else (state,):
        if type(part) is Behaviour:
            part = part.content
        if type(part) is dict and all(type(name) is str for name in part):
            yield from ((Step(f".{name}" if name else ""), child) for name, child in part.items())
        else:
            yield _step_to(part, named), part
