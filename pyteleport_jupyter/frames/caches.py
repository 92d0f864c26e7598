"""Functions with a cache (``functools.lru_cache``): what is in it, and calls of them that are still going on.

The entries lie in C, in the order of their use; only the garbage collector is shown them. They are put back
by calls of the cache, whose function gives the known results for the time being: a restored cache calls a
``partial``, whose function can be exchanged.

A call that is going on is made again, by C: of the cache, with the rest of the interrupted function in the
place of its function. So C itself counts the call and keeps the result. Until the last of these calls of one
cache has been made the cache is empty, so that each of them is a miss.
"""

from __future__ import annotations

import functools
import gc
import itertools
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType, MethodType
from typing import Any, Final, NamedTuple, cast

COUNTED: Final = 1_000_000
"""Most hits and misses that are counted again, for ``cache_info``."""

Entry = tuple[tuple[Any, ...], dict[str, Any], Any]
"""Positional and named arguments, and the result."""


class Content(NamedTuple):
    """What a cache holds, the least recently used entry first."""

    entries: list[Entry]
    hits: int
    misses: int


def content_of(cached: Any) -> Content:
    """Read a cache. There are no entries where C shows them otherwise than expected."""
    info = cached.cache_info()
    return Content(_entries(cached, cached.cache_parameters()["typed"]), info.hits, info.misses)


def _entries(cached: Any, typed: bool) -> list[Entry]:
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


# Restored ---------------------------------------------------------------------------------------------

_exchangeable: weakref.WeakSet[functools.partial[Any]] = weakref.WeakSet()
"""The functions of restored caches."""


def make_cache(maxsize: int | None, typed: bool) -> Any:
    """An empty cache; the function follows with the content, since it may refer to the cache itself."""
    function: functools.partial[Any] = functools.partial(_fail)
    _exchangeable.add(function)
    return functools.lru_cache(maxsize, typed)(function)


def fill(cached: Any, content: Content, function: object) -> None:
    """Fill a cache that :func:`make_cache` made without calling its function, which ``function`` becomes."""
    for arguments, names, result in content.entries:
        exchange(cached, lambda *_, _result=result, **__: _result)
        cached(*arguments, **names)
    exchange(cached, _fail)
    for _ in range(min(content.misses - len(content.entries), COUNTED)):
        try:
            cached(_fail)
        except _NotKept:
            continue
    if content.entries:
        arguments, names, _ = content.entries[-1]
        for _ in range(min(content.hits, COUNTED)):
            cached(*arguments, **names)
    exchange(cached, function)


def _inside(cached: Any) -> functools.partial[Any] | None:
    """The partial that a restored cache calls; None of any other one."""
    held = (each for each in gc.get_referents(cached) if type(each) is functools.partial)
    return next((each for each in held if each in _exchangeable), None)


def exchange(cached: Any, function: object) -> None:
    """Let the cache call ``function``."""
    state: Any = (function, (), {}, None)
    inside: Any = _inside(cached)
    inside.__setstate__(state)


class _NotKept(Exception):
    """Makes a miss that leaves no entry."""


def _fail(*arguments: Any, **names: Any) -> None:
    raise _NotKept


# Going on ---------------------------------------------------------------------------------------------


class CachedCall(NamedTuple):
    """A call of a cache that is going on; ``called`` may have methods and partials around it."""

    called: Any
    positional: tuple[Any, ...]
    keywords: dict[str, Any]


def layers(called: object) -> Iterator[object]:
    """``called`` and what it calls in turn, through bound methods, partials and caches: the last one is
    none."""
    while True:
        yield called
        if isinstance(called, MethodType):
            called = called.__func__
        elif isinstance(called, functools.partial):
            called = called.func
        elif isinstance(called, functools._lru_cache_wrapper):
            called = called.__wrapped__
        else:
            return


def caches_in(called: object) -> list[Any]:
    """The caches among the layers, outermost first."""
    return [each for each in layers(called) if isinstance(each, functools._lru_cache_wrapper)]


class Again(NamedTuple):
    """A call to be made again: after ``prepare``, which has no result."""

    prepare: Callable[[], object]
    called: Any
    positional: tuple[Any, ...]
    keywords: dict[str, Any]


def call_again(call: CachedCall, rest: FunctionType) -> Again:
    """The call again, with ``rest``, which can be called without arguments, in place of the function at its
    core.

    A cache that was not restored (that of a library, which is another one there) does not take part: it does
    not keep the result.
    """
    caches = caches_in(call.called)
    if not caches or any(_inside(cached) is None for cached in caches):
        return Again([None].pop, rest, (), {})
    _calls[id(rest.__code__)] = weakref.ref(rest.__code__, _forget), call
    functions = [*(cached.__wrapped__ for cached in caches[:-1]), rest]
    steps = [_expect(cached, function) for cached, function in zip(caches, functions, strict=True)]
    return Again(functools.partial(_take, steps), *call)


def call_of(code: CodeType) -> CachedCall | None:
    """The call that was made again with the function of this code."""
    found = _calls.get(id(code))
    return found[1] if found is not None and found[0]() is code else None


_calls: dict[int, tuple[weakref.ref[CodeType], CachedCall]] = {}
"""By ``id`` of the code of the function that the cache calls; an entry goes away with it."""


def _forget(reference: weakref.ref[CodeType]) -> None:
    for key in [key for key, (known, _) in _calls.items() if known is reference]:
        del _calls[key]


def _take(steps: list[Callable[[], object]]) -> None:
    for step in steps:
        step()


@dataclass(eq=False)
class _Refill:
    """What an emptied cache calls in the last of the calls that are made again.

    C looks up ``__call__`` and calls what it finds. By then all is put back, and no frame of ours is left.
    """

    cached: Any
    content: Content
    function: object
    rest: Any

    @property
    def __call__(self) -> functools.partial[Any]:
        last: Any = functools.partial(self.rest)
        last.held = self  # C still has this in hand when the cache refers to it no more
        del _emptied[self.cached]
        self.cached.cache_clear()
        fill(self.cached, self.content, self.function)
        return cast("functools.partial[Any]", last)


_emptied: weakref.WeakKeyDictionary[Any, _Refill] = weakref.WeakKeyDictionary()
"""The caches that are empty until the last of their calls has been made again."""


def _expect(cached: Any, function: object) -> Callable[[], object]:
    """To be called just before ``cached`` is called. Asked for from the innermost call outwards."""
    if cached in _emptied:
        return functools.partial(exchange, cached, function)
    inside: Any = _inside(cached)
    refill = _Refill(cached, content_of(cached), inside.func, function)
    _emptied[cached] = refill
    cached.cache_clear()
    return functools.partial(exchange, cached, refill)
