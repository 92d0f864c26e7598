"""``groupby`` and ``tee`` on 3.14: iterators that share what they have come to with others.

See :mod:`.itertools_inside`.
"""

from __future__ import annotations

import gc
import itertools
import operator
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from pyteleport_jupyter.frames.layout import object_at, word_at
from pyteleport_jupyter.objects.reducers.itertools_inside import (
    STRUCTURES,
    Inside,
    Reduced,
    advanced,
    nothing_left,
)
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import reduces


class Shared:
    """What several iterators have in common: made once over there, because the pickle remembers it."""

    def __init__(self, make: Callable[..., Any], *given: Any) -> None:
        self._reduced = make, given

    def __reduce__(self) -> Reduced:
        return self._reduced


_shared: WeakKeyDictionary[Reduction, dict[int, Shared]] = WeakKeyDictionary()
"""By dump, then by ``id`` of what is shared."""


def reduce_groupby(groups: Any, reduction: Reduction) -> Reduced:
    """``groupby``: the first of the pair of itself and its current group."""
    return operator.getitem, (_pair(groups, reduction), 0)


def reduce_group(group: Any, reduction: Reduction) -> Reduced:
    """A group is alive as long as it is the current one."""
    parent = Inside(group).parent
    if word_at(id(parent) + STRUCTURES["groupby"].grouper.offset) != id(group):  # type: ignore[attr-defined]
        return nothing_left()
    return operator.getitem, (_pair(parent, reduction), 1)


def _pair(groups: Any, reduction: Reduction) -> Shared:
    made = _shared.setdefault(reduction, {})
    if id(groups) not in made:
        inside = Inside(groups)
        function = inside.keyfunc
        plain = function.function if isinstance(function, KnownKeys) else function
        made[id(groups)] = _shared_pair(inside, plain)
    return made[id(groups)]


def _shared_pair(inside: Inside, function: Any) -> Shared:
    if not inside.has("target"):
        return Shared(make_groups, inside.it, function)
    if not inside.has("key"):
        return Shared(make_groups_within, inside.it, function, inside.target)
    waiting = make_groups_at if inside.target == inside.key else make_groups_before
    return Shared(waiting, inside.it, function, inside.key, inside.value)


class KnownKeys:
    """A key function that does not ask again for keys that are known."""

    def __init__(self, function: Any, *keys: Any) -> None:
        self.function = function
        self.keys = list(keys)

    def __call__(self, value: Any) -> Any:
        if self.keys:
            return self.keys.pop()
        return value if self.function is None else self.function(value)


def make_groups(it: Iterator[Any], function: Any) -> tuple[Any, Any]:
    """A ``groupby`` that has not begun."""
    return itertools.groupby(it, function), iter(())


def make_groups_before(it: Iterator[Any], function: Any, key: Any, value: Any) -> tuple[Any, Any]:
    """A ``groupby`` whose current group is over: ``value``, already taken from ``it``, begins the next."""
    return itertools.groupby(itertools.chain([value], it), KnownKeys(function, key)), iter(())


def make_groups_at(it: Iterator[Any], function: Any, key: Any, value: Any) -> tuple[Any, Any]:
    """A ``groupby`` and its current group, which gives ``value`` next."""
    groups, _ = make_groups_before(it, function, key, value)
    return groups, next(groups)[1]


def make_groups_within(it: Iterator[Any], function: Any, key: Any) -> tuple[Any, Any]:
    """A ``groupby`` and its current group, which has given all that was taken from ``it``."""
    groups, group = make_groups_at(it, function, key, None)
    next(group)
    return groups, group


def reduce_tee(branch: Any, reduction: Reduction) -> Reduced:
    """A branch of ``tee``: a copy of what all its branches are copies of, so many steps on."""
    inside = Inside(branch)
    before, needed = _blocks(inside.block)
    made = _shared.setdefault(reduction, {})
    root = id([*before, *needed][0])
    if root not in made:
        values = [value for block in (*before, *needed) for value in _values(block)]
        made[root] = Shared(make_trunk, values, Inside(inside.block).it)
    return make_branch, (made[root], sum(len(_values(block)) for block in before) + inside.index)


def _blocks(block: Any) -> tuple[list[Any], list[Any]]:
    """The blocks of values before this one that another branch still needs, and those from it on."""
    all_blocks = [
        found for found in gc.get_referrers(Inside(block).it) if type(found).__name__ == "_tee_dataobject"
    ]
    ahead = {id(found): following for found in all_blocks if (following := Inside(found).next) is not None}
    before_of = {id(following): found for found in all_blocks if (following := ahead.get(id(found)))}
    before: list[Any] = []
    at = block
    while (at := before_of.get(id(at))) is not None:
        before.insert(0, at)
    needed = [block]
    while (at := ahead.get(id(needed[-1]))) is not None:
        needed.append(at)
    return before, needed


def _values(block: Any) -> list[Any]:
    inside = Inside(block)
    return [object_at(address) for address in inside.values[: inside.read]]


def make_trunk(values: list[Any], it: Iterator[Any]) -> Any:
    """What ``tee`` makes its branches of."""
    return itertools.tee(itertools.chain(values, it), 1)[0]


def make_branch(trunk: Any, steps: int) -> Any:
    """A branch that has taken so many steps."""
    return advanced(trunk.__copy__(), steps)


def enter() -> None:
    """Enter the reducers, where these have none of their own."""
    if "__reduce__" not in vars(itertools.groupby):
        reduces(itertools.groupby)(reduce_groupby)
        reduces("itertools._grouper")(reduce_group)
        reduces("itertools._tee")(reduce_tee)


enter()
