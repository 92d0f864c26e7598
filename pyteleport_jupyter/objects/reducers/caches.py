"""Functions with a cache (``functools.lru_cache``), with what is in it.

The entries lie in C, in the order of their use; only the garbage collector is shown them. They are put back
by calls of the new cache, whose function gives the known results for the time being: it is a ``partial``,
whose function can be exchanged.
"""

from __future__ import annotations

import functools
import gc
import itertools
from collections.abc import Iterator
from typing import Any

from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import reduces

COUNTED = 1_000_000
"""Most hits and misses that are counted again, for ``cache_info``."""

Entry = tuple[tuple[Any, ...], dict[str, Any], Any]
"""Positional and named arguments, and the result."""


@reduces(functools._lru_cache_wrapper)
def reduce_cache(cached: Any, reduction: Reduction) -> Any:
    """By name if importable; else a new cache with the same entries and counts."""
    if reduction.by_name(cached):
        return cached.__qualname__
    parameters, info = cached.cache_parameters(), cached.cache_info()
    entries = _entries(cached, parameters["typed"])
    counts = (info.hits, info.misses)
    state = (dict(cached.__dict__), cached.__wrapped__, entries, counts)
    return make_cache, (parameters["maxsize"], parameters["typed"]), state, None, None, set_cache


def make_cache(maxsize: int | None, typed: bool) -> Any:
    """An empty cache; the function follows with the state, since it may refer to the cache itself."""
    return functools.lru_cache(maxsize, typed)(functools.partial(print))


def set_cache(cached: Any, state: tuple[dict[str, Any], Any, list[Entry], tuple[int, int]]) -> None:
    """Fill the cache without calling its function."""
    attributes, function, entries, (hits, misses) = state
    inside = cached.__wrapped__
    for arguments, names, result in entries:
        inside.__setstate__((lambda *_, _result=result, **__: _result, (), {}, None))
        cached(*arguments, **names)
    inside.__setstate__((_fail, (), {}, None))
    for _ in range(min(misses - len(entries), COUNTED)):
        try:
            cached(_fail)
        except _NotKept:
            continue
    if entries:
        arguments, names, _ = entries[-1]
        for _ in range(min(hits, COUNTED)):
            cached(*arguments, **names)
    inside.__setstate__((function, (), {}, None))
    cached.__dict__.update(attributes)


class _NotKept(Exception):
    """Makes a miss that leaves no entry."""


def _fail(*arguments: Any, **names: Any) -> None:
    raise _NotKept


def _entries(cached: Any, typed: bool) -> list[Entry]:
    """The entries, the least recently used first; none where C shows them otherwise than expected."""
    held = gc.get_referents(cached)
    content = next((each for each in held if type(each) is dict and each is not cached.__dict__), None)
    if content is None or len(content) != cached.cache_info().currsize:
        return []
    mark = next((each for each in held if type(each) is object), None)
    return [(*_arguments(key, typed, mark), result) for key, result in _pairs(held, content)]


def _pairs(held: list[Any], content: dict[Any, Any]) -> Iterator[tuple[Any, Any]]:
    if not any(type(value).__name__ == "_lru_list_elem" for value in content.values()):
        yield from content.items()
        return
    # Of each entry the collector is shown the key and the result, of some versions also the type.
    known = {id(key) for key in content}
    before = held[: next(index for index, each in enumerate(held) if each is content)]
    for key, result in itertools.pairwise(before):
        if id(key) in known:
            known.discard(id(key))
            yield key, result


def _arguments(key: Any, typed: bool, mark: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a key was made of (Modules/_functoolsmodule.c, lru_cache_make_key)."""
    if type(key) is not tuple:
        return (key,), {}
    count = next((index for index, each in enumerate(key) if each is mark), None)
    if count is None:
        return (key[: len(key) // 2] if typed else key), {}
    named = (len(key) - 2 * count - 1) // 3 if typed else (len(key) - count - 1) // 2
    rest = key[count + 1 : count + 1 + 2 * named]
    return key[:count], dict(zip(rest[::2], rest[1::2], strict=True))
