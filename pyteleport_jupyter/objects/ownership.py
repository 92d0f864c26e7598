"""Which variable an object hangs on, read from the order in which one pickle has numbered them.

Variables are pickled one after another, so all that is new between two of them belongs to the first. Where
one ends is said by marks: strings of their own between the variables, which nothing else can refer to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import CellType, ModuleType
from typing import Any

from pyteleport_jupyter.objects.pickler import DEFINITIONS

MARK = "\0"
"""Ends the names that are marks; no name of Python's can."""

ENDS = (f"{MARK}definitions{MARK}", f"{MARK}others{MARK}")
UNKNOWN = "?"


def marked(variables: Mapping[str, Any]) -> dict[str, Any]:
    """``variables`` with a mark in front of each, and behind the last one. To be dumped as a namespace: there
    definitions come first, so their marks are definitions, too."""
    found: dict[str, Any] = {}
    for name, value in variables.items():
        found[name + MARK] = None if issubclass(type(value), DEFINITIONS) else ()
        found[name] = value
    return {**found, **dict(zip(ENDS, (None, ()), strict=True))}


def unmarked(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """The variables without the marks."""
    return {name: value for name, value in namespace.items() if not name.endswith(MARK)}


def owners(objects: Sequence[Any], variables: Mapping[str, Any]) -> dict[int, str]:
    """The variable that each of ``objects`` was first reached from, by ``id``; ``objects`` are what a dump of
    :func:`marked` variables has numbered. The value of a variable is named after it.
    """
    found: dict[int, str] = {}
    marks = {name + MARK: name for name in variables} | dict.fromkeys(ENDS, UNKNOWN)
    current = UNKNOWN
    for each in objects:
        if type(each) is str and each in marks:
            current = marks[each]
        elif current is UNKNOWN:
            # What was written empty, and is filled behind all variables.
            found.setdefault(id(each), UNKNOWN)
        else:
            found[id(each)] = current
    found.update({id(value): name for name, value in reversed(list(variables.items()))})
    _name_contents(objects, found)
    return found


def _name_contents(objects: Iterable[Any], found: dict[int, str]) -> None:
    """Contents of cells and modules belong to who these belong to, and so does what follows them."""
    firsts: dict[int, str] = {}
    for each in objects:
        owner = found.get(id(each), UNKNOWN)
        if owner is not UNKNOWN:
            for content in _contents(each):
                firsts.setdefault(id(content), owner)
    current = UNKNOWN
    for each in objects:
        if found.get(id(each)) is UNKNOWN:
            current = firsts.get(id(each), current)
            found[id(each)] = current


def _contents(each: Any) -> Iterator[Any]:
    if type(each) is CellType:
        try:
            held = [each.cell_contents]
        except ValueError:
            return
    elif isinstance(each, ModuleType):
        held = list(vars(each).values())
    else:
        return
    for content in held:
        yield content
        if type(content) is tuple:
            # Numbered behind what it holds.
            yield from content
