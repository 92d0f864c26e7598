"""Iterators of ``itertools`` that do not pickle: ``pairwise`` and ``batched``, and on 3.14 all.

What they have come to stands in C variables only. It is read from there (one :class:`ctypes.Structure` for
each type, after ``Modules/itertoolsmodule.c``; nothing is written), and an iterator that gives the
same from then on is made with their public constructors.
"""

from __future__ import annotations

import collections
import ctypes
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from pyteleport_jupyter.frames.layout import object_at
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces

OBJECT, SIZE, INT = ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_int
WORD: Final = ctypes.sizeof(OBJECT)
MOST_STEPS: Final = 10_000_000
"""How far a product or a permutation may have come: over there it walks the same way again."""

FIELDS: Final[dict[str, tuple[tuple[str, Any], ...]]] = {
    "accumulate": tuple((name, OBJECT) for name in ("total", "it", "binop", "initial", "state")),
    "batched": (("it", OBJECT), ("size", SIZE), ("strict", ctypes.c_bool)),
    "chain": (("source", OBJECT), ("active", OBJECT)),
    "combinations": (("pool", OBJECT), ("indices", SIZE), ("result", OBJECT), ("r", SIZE), ("stopped", INT)),
    "compress": (("data", OBJECT), ("selectors", OBJECT)),
    "count": (("small", SIZE), ("big", OBJECT), ("step", OBJECT)),
    "cycle": (("it", OBJECT), ("saved", OBJECT), ("index", SIZE)),
    "dropwhile": (("func", OBJECT), ("it", OBJECT), ("begun", ctypes.c_long)),
    "filterfalse": (("func", OBJECT), ("it", OBJECT)),
    "groupby": tuple(
        (name, OBJECT) for name in ("it", "keyfunc", "target", "key", "value", "grouper", "state")
    ),
    "_grouper": (("parent", OBJECT), ("target", OBJECT)),
    "islice": (("it", OBJECT), ("next", SIZE), ("stop", SIZE), ("step", SIZE), ("count", SIZE)),
    "pairwise": (("it", OBJECT), ("old", OBJECT), ("result", OBJECT)),
    "permutations": (
        ("pool", OBJECT), ("indices", SIZE), ("cycles", SIZE), ("result", OBJECT), ("r", SIZE),
        ("stopped", INT),
    ),
    "product": (("pools", OBJECT), ("indices", SIZE), ("result", OBJECT), ("stopped", INT)),
    "repeat": (("element", OBJECT), ("left", SIZE)),
    "starmap": (("func", OBJECT), ("it", OBJECT)),
    "takewhile": (("func", OBJECT), ("it", OBJECT), ("stopped", ctypes.c_long)),
    "_tee": (("block", OBJECT), ("index", INT), ("weak", OBJECT), ("state", OBJECT)),
    "_tee_dataobject": (
        ("it", OBJECT), ("read", INT), ("running", INT), ("next", OBJECT), ("values", SIZE * 57),
    ),
    "zip_longest": (
        ("width", SIZE), ("active", SIZE), ("its", OBJECT), ("result", OBJECT), ("fill", OBJECT),
    ),
}  # fmt: skip
"""What each type has behind the object head, in order."""

FIELDS["combinations_with_replacement"] = FIELDS["combinations"]
if sys.version_info < (3, 13):
    FIELDS["pairwise"] = FIELDS["pairwise"][:2]
    FIELDS["batched"] = FIELDS["batched"][:2]

STRUCTURES: Final = {
    name: type(
        name, (ctypes.Structure,), {"_fields_": [("head", ctypes.c_byte * object.__basicsize__), *rows]}
    )
    for name, rows in FIELDS.items()
}


class Inside:
    """The fields of one iterator: ``inside.it`` is the object, or None where C has NULL."""

    def __init__(self, iterator: object) -> None:
        kind = type(iterator)
        structure: Any = STRUCTURES[kind.__name__]
        if ctypes.sizeof(structure) != kind.__basicsize__:
            raise CannotMove(f"{kind.__name__} of this Python has another layout than is known")
        self._raw = structure.from_address(id(iterator))
        self._objects = {name for name, stored in FIELDS[kind.__name__] if stored is OBJECT}

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._raw, name)
        if name not in self._objects:
            return value
        return None if value is None else object_at(value)

    def has(self, name: str) -> bool:
        """Whether C has an object there (which may be None)."""
        return getattr(self._raw, name) is not None


def _sizes(address: int, count: int) -> tuple[int, ...]:
    return tuple((SIZE * count).from_address(address)) if count else ()


Reduced = tuple[Any, ...]
Way = Callable[[Inside], Reduced]


def nothing_left() -> Reduced:
    return iter, ((),)


def accumulate(inside: Inside) -> Reduced:
    if not inside.has("total"):
        return make_accumulate, (inside.it, inside.binop, inside.initial)
    # The first element becomes the total without a call of the function.
    return make_accumulate_again, (inside.total, inside.it, inside.binop)


def make_accumulate(it: Iterator[Any], function: Any, initial: Any) -> Iterator[Any]:
    """One that has not begun."""
    return itertools.accumulate(it, function, initial=initial)


def make_accumulate_again(total: Any, it: Iterator[Any], function: Any) -> Iterator[Any]:
    """One that has come to ``total``."""
    made = itertools.accumulate(itertools.chain([total], it), function)
    next(made)
    return made


def batched(inside: Inside) -> Reduced:
    if not inside.has("it") or inside.size < 1:
        return nothing_left()
    return make_batched, (inside.it, inside.size, *((True,) if getattr(inside, "strict", False) else ()))


def make_batched(it: Iterator[Any], size: int, *strict: bool) -> Iterator[Any]:
    """``itertools.batched``, which takes ``strict`` (from 3.13 on) by keyword only."""
    made: Any = vars(itertools)["batched"]
    return made(it, size, **({"strict": True} if strict else {}))  # type: ignore[no-any-return]


def chain(inside: Inside) -> Reduced:
    if not inside.has("source"):
        return nothing_left()
    if not inside.has("active"):
        return itertools.chain.from_iterable, (inside.source,)
    return make_chain, (inside.active, inside.source)


def make_chain(active: Iterator[Any], source: Iterator[Any]) -> Iterator[Any]:
    """One that is in the middle of ``active``."""
    return itertools.chain.from_iterable(itertools.chain([active], source))


def count(inside: Inside) -> Reduced:
    return itertools.count, (inside.big if inside.has("big") else inside.small, inside.step)


def cycle(inside: Inside) -> Reduced:
    if inside.has("it"):
        return make_cycle, (inside.saved, inside.it, len(inside.saved))
    return make_cycle, (inside.saved, None, len(inside.saved) + inside.index)


def make_cycle(saved: list[Any], it: Iterator[Any] | None, steps: int) -> Iterator[Any]:
    """One that has kept ``saved``, and is still in its first round if there is ``it``."""
    return advanced(itertools.cycle(itertools.chain(tuple(saved), it or ())), steps)


def advanced(iterator: Iterator[Any], steps: int) -> Iterator[Any]:
    collections.deque(itertools.islice(iterator, steps), maxlen=0)
    return iterator


def dropwhile(inside: Inside) -> Reduced:
    return make_dropwhile, (inside.func, inside.it, bool(inside.begun))


def make_dropwhile(function: Any, it: Iterator[Any], begun: bool) -> Iterator[Any]:
    """Once it has begun, it asks its function no more."""
    return itertools.dropwhile(NEVER if begun else function, it)


NEVER: Final = ().__contains__


def takewhile(inside: Inside) -> Reduced:
    return nothing_left() if inside.stopped else (itertools.takewhile, (inside.func, inside.it))


def islice(inside: Inside) -> Reduced:
    if not inside.has("it"):
        return nothing_left()
    stop = None if inside.stop == -1 else inside.stop - inside.count
    return itertools.islice, (inside.it, inside.next - inside.count, stop, inside.step)


def pairwise(inside: Inside) -> Reduced:
    if not inside.has("it"):
        return nothing_left()
    return make_pairwise, (inside.it, *((inside.old,) if inside.has("old") else ()))


def make_pairwise(it: Iterator[Any], *old: Any) -> Iterator[Any]:
    """``itertools.pairwise``, after ``old`` if there is one."""
    return itertools.pairwise(itertools.chain(old, it) if old else it)


def repeat(inside: Inside) -> Reduced:
    return itertools.repeat, (inside.element,) if inside.left < 0 else (inside.element, inside.left)


def zip_longest(inside: Inside) -> Reduced:
    # Exhausted iterators have left a NULL in their tuple, which therefore must not be touched as a tuple.
    items = _sizes(inside._raw.its + tuple.__basicsize__, inside.width) if inside.active else ()
    return make_zip_longest, (tuple(object_at(item) if item else () for item in items), inside.fill)


def make_zip_longest(iterators: tuple[Iterable[Any], ...], fill: Any) -> Iterator[Any]:
    """``itertools.zip_longest``, which takes ``fillvalue`` by keyword only."""
    return itertools.zip_longest(*iterators, fillvalue=fill)


def product(inside: Inside) -> Reduced:
    if inside.stopped:
        return nothing_left()
    pools = inside.pools
    indices = _sizes(inside.indices, len(pools))
    taken = _steps(itertools.product(*(range(len(pool)) for pool in pools)), indices, inside)
    return make_advanced, (itertools.product, pools, taken)


def selection(kind: Any) -> Way:
    """Combinations and permutations."""

    def reduced(inside: Inside) -> Reduced:
        if inside.stopped:
            return nothing_left()
        indices = _sizes(inside.indices, inside.r)
        taken = _steps(kind(range(len(inside.pool)), inside.r), indices, inside)
        return make_advanced, (kind, (inside.pool, inside.r), taken)

    return reduced


def _steps(twin: Iterator[tuple[int, ...]], indices: tuple[int, ...], inside: Inside) -> int:
    """How many steps ``twin``, which gives indices, takes to come where the iterator is."""
    if not inside.has("result"):
        return 0
    for steps, each in enumerate(itertools.islice(twin, MOST_STEPS), 1):
        if each == indices:
            return steps
    raise CannotMove(f"it has come further than {MOST_STEPS:,} steps, and would have to walk them again")


def make_advanced(kind: Callable[..., Iterator[Any]], given: tuple[Any, ...], steps: int) -> Iterator[Any]:
    """An iterator of ``kind`` that has taken so many steps."""
    return advanced(kind(*given), steps)


WAYS: Final[dict[str, Way]] = {
    "accumulate": accumulate,
    "batched": batched,
    "chain": chain,
    "combinations": selection(itertools.combinations),
    "combinations_with_replacement": selection(itertools.combinations_with_replacement),
    "compress": lambda inside: (itertools.compress, (inside.data, inside.selectors)),
    "count": count,
    "cycle": cycle,
    "dropwhile": dropwhile,
    "filterfalse": lambda inside: (itertools.filterfalse, (inside.func, inside.it)),
    "islice": islice,
    "pairwise": pairwise,
    "permutations": selection(itertools.permutations),
    "product": product,
    "repeat": repeat,
    "starmap": lambda inside: (itertools.starmap, (inside.func, inside.it)),
    "takewhile": takewhile,
    "zip_longest": zip_longest,
}


def reduce_inside(iterator: Any, reduction: Reduction) -> Reduced:
    """An iterator that gives the same from there on; for those that have no reduce method."""
    return WAYS[type(iterator).__name__](Inside(iterator))


def enter() -> None:
    """Enter the reducers of those iterators that have none of their own (``pairwise`` and ``batched`` never
    had)."""
    kinds = [vars(itertools)[name] for name in WAYS if name in vars(itertools)]
    without = [kind for kind in kinds if "__reduce__" not in vars(kind)]
    reduces(*without)(reduce_inside)


enter()
