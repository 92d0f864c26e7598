"""Functions of the standard library that remember objects by their ``id``, which is another one after a move.

``copy.deepcopy`` knows by ``id`` what it has copied already (Lib/copy.py, ``memo``), and so does the pickler
that is written in Python (Lib/pickle.py), which others derive theirs from. With old numbers they would copy
once more what two places share, or take one object for another whose number it has got by chance. So what is
meant by these numbers travels, too, and they are made anew when all objects are there. Numbers in the user's
own variables stay what they are: nobody knows what they are to mean.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from .layout import local_names
from .snapshot import FrameSnapshot, Identities

REMEMBERING: Final = frozenset({"copy", "pickle"})
"""Modules whose functions do so."""

MEMO: Final = "memo"
"""Their variable with the numbers. The Python pickler, and those derived from it, have them as attributes."""

PICKLER: Final[type[Any]] = pickle._Pickler


def identities_in(frames: Sequence[FrameSnapshot]) -> Identities:
    """What the running functions remember by number."""
    remembering = [frame for frame in frames if frame.library in REMEMBERING]
    if not remembering:
        return Identities()
    values = [value for frame in remembering for value in frame.values]
    holders = tuple({id(each): each for frame in remembering for each in _holders_of(frame)}.values())
    numbers = {value for value in (*values, *(key for each in holders for key in each)) if type(value) is int}
    meant = {id(each): each for each in _meant(values, holders) if id(each) in numbers}
    return Identities(holders, tuple(meant.items()))


def _holders_of(frame: FrameSnapshot) -> Iterator[dict[Any, Any]]:
    names = local_names(frame.code)
    for slot, value in zip(frame.shape.bound, frame.values, strict=False):
        if names[slot] == MEMO and type(value) is dict:
            yield value
        elif isinstance(value, PICKLER):
            yield from (each for each in vars(value).values() if type(each) is dict)


def _meant(values: Sequence[object], holders: Sequence[dict[Any, Any]]) -> Iterator[object]:
    """Arguments of the functions, and what their dicts hold to keep it alive: in lists, and tuples."""
    yield from values
    for holder in holders:
        yield holder
        for value in holder.values():
            yield value
            if type(value) in (list, tuple):
                yield from value


def with_new_identities(
    identities: Identities, frames: tuple[FrameSnapshot, ...]
) -> tuple[FrameSnapshot, ...]:
    """The frames with the numbers that their objects have by now. The dicts are changed in place."""
    numbers = {old: id(each) for old, each in identities.objects}
    for holder in identities.holders:
        _renumber(holder, numbers)
    return tuple(_renumbered(frame, numbers) for frame in frames)


def _renumber(holder: dict[Any, Any], numbers: Mapping[int, int]) -> None:
    content = {_number(key, numbers): value for key, value in holder.items()}
    holder.clear()
    holder.update(content)


def _renumbered(frame: FrameSnapshot, numbers: Mapping[int, int]) -> FrameSnapshot:
    if frame.library not in REMEMBERING or frame.generator is not None:
        return frame
    return replace(frame, values=[_number(value, numbers) for value in frame.values])


def _number(value: Any, numbers: Mapping[int, int]) -> Any:
    return numbers.get(value, value) if type(value) is int else value
