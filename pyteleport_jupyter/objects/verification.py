"""Whether what was restored is what was there: a digest of each variable, taken on both sides.

The walk looks at plain data, arrays, functions and the attributes of ordinary objects. It runs no code of the
user, and takes samples of what is large, so it costs milliseconds; that every byte arrived is the business of
the channel. Objects that say themselves how they are pickled, and those of C, count by what :mod:`.looks` has
of them, and most by their type only. What has a reducer of ours and no look, or belongs to an event loop or a
thread, does not count: it may be rebuilt only when the cell goes on, as another type, and what runs changes
it meanwhile.
"""

from __future__ import annotations

import hashlib
import struct
import sys
from collections import OrderedDict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain, islice
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from pyteleport_jupyter.frames.pending import Pending
from pyteleport_jupyter.objects import names, reducers, table
from pyteleport_jupyter.objects.array_memory import is_plain_kind, plain
from pyteleport_jupyter.objects.descendants import base_of
from pyteleport_jupyter.objects.looks import Look, look_of
from pyteleport_jupyter.objects.tombstone import Tombstone
from pyteleport_jupyter.objects.user_reducers import METHOD, UserReducer

VISITS = 20_000
"""Most objects that are looked at in all."""
FEWEST = 50
"""At least so many for each variable."""
ENDS = 64
"""So many elements of a long container, at each end."""
BLOCK = 4096
"""Bytes in each sample of a string or an array."""
BLOCKS = 16
LONG = 120
"""Bits from which on an integer is not shown; ``repr`` refuses very long ones."""

HEAP_TYPE = 1 << 9

RUNNING = frozenset(
    {
        "asyncio",
        "_asyncio",
        "concurrent",
        "contextvars",
        "_contextvars",
        "queue",
        "_queue",
        "threading",
        "_thread",
    }
)
"""Packages whose objects are part of what runs: tasks, their groups and timeouts, locks, queues."""


class Seen(NamedTuple):
    """A variable as one side saw it; ``digest`` is empty if it cannot be compared."""

    digest: bytes
    words: str


class _Incomparable(Exception):
    """There is something in it that the user, or nobody, can compare."""


def digests(namespace: Mapping[str, Any], live: Collection[int]) -> dict[str, Seen]:
    """What each variable is, by name; ``live`` are the ``id`` of what travels by name, of which only that
    counts. Names that begin with an underscore are left out: they are IPython's.
    """
    reducers.fill_table()  # the table decides what is compared: it has to be the same on both sides
    chosen = {name: value for name, value in namespace.items() if not name.startswith("_")}
    visits = max(FEWEST, VISITS // max(1, len(chosen)))
    return {name: _seen(value, live, visits) for name, value in chosen.items()}


def differences(before: Mapping[str, Seen], namespace: Mapping[str, Any], live: Collection[int]) -> list[str]:
    """What is not as it was, a clause for each variable: ``x (was a list of 3, is a dict of 2)``."""
    reducers.fill_table()
    here = {name: namespace[name] for name in before if name in namespace}
    visits = max(FEWEST, VISITS // max(1, len(before)))
    found = [f"{name} (is missing)" for name in before.keys() - here.keys()]
    for name, value in here.items():
        seen = _seen(value, live, visits)
        if seen.digest and before[name].digest and seen.digest != before[name].digest:
            found.append(f"{name} (was {before[name].words}, is {seen.words})")
    return sorted(found)


def _seen(value: Any, live: Collection[int], visits: int) -> Seen:
    walk = _Walk(live, visits)
    try:
        walk.visit(value)
    except _Incomparable:
        return Seen(b"", "")
    return Seen(walk.hash.digest(), _words(value))


def _words(value: Any) -> str:
    kind = type(value)
    size = f" of {len(value)}" if kind in (list, tuple, dict, set, frozenset, str, bytes) else ""
    if kind is int and value.bit_length() > LONG:
        return f"an int of {value.bit_length()} bits"
    if kind in (int, float, bool, type(None)):
        return repr(value)
    return f"a {kind.__qualname__}{size}"


class _Walk:
    """One variable, depth first, with a stack of its own: data may be nested deeply."""

    def __init__(self, live: Collection[int], visits: int) -> None:
        self.hash = hashlib.blake2b(digest_size=12)
        self.live, self.left = live, visits
        self.order: dict[int, int] = {}
        self.looks: dict[type, Look | None] = {}
        self.kept: list[Any] = []
        """Parts that were made to be looked at: another one in their place would have their ``id``."""
        self.stack: list[Iterator[Any]] = []

    def visit(self, value: Any) -> None:
        self.stack.append(iter((value,)))
        while self.stack and self.left > 0:
            for child in self.stack[-1]:
                self.left -= 1
                inside = self.look(child)
                if inside is not None:
                    self.stack.append(iter(inside))
                break
            else:
                self.stack.pop()

    def say(self, *parts: object) -> None:
        self.hash.update(repr(parts).encode("utf-8", "backslashreplace"))

    def look(self, obj: Any) -> Iterable[Any] | None:
        """Take ``obj`` into the digest; what is inside it."""
        kind = type(obj)
        if kind in ATOMS:
            self.hash.update(ATOMS[kind](obj))
            return None
        # The same word for both: the task of the cell is live on one side only. And before the order is
        # counted, for the same reason.
        if kind not in self.looks:
            self.looks[kind] = look_of(kind)
        look = self.looks[kind]
        if id(obj) in self.live or (look is None and _is_rebuilt(kind)):
            self.say("live or rebuilt")
            return None
        if id(obj) in self.order:
            self.say("again", self.order[id(obj)])
            return None
        self.order[id(obj)] = len(self.order)
        if kind in CONTAINERS:
            self.say(kind.__name__, len(obj))
            return _inside(obj, kind)
        if look is not None:
            return self.look_by(look, obj, kind)
        return self.look_at_object(obj, kind)

    def look_by(self, look: Look, obj: Any, kind: type) -> Iterable[Any]:
        self.say(kind.__qualname__)
        try:
            parts = look(obj)
        except Exception:  # another version of the library, or an object that is closed; its type counts
            return ()
        self.kept.append(parts)
        return parts

    def look_at_object(self, obj: Any, kind: Any) -> Iterable[Any] | None:
        if kind is Tombstone or _is_of_user(kind):
            raise _Incomparable
        if kind is FunctionType:
            self.say("function", obj.__qualname__)
            self.hash.update(obj.__code__.co_code)
        elif issubclass(kind, type):
            self.say("class", obj.__qualname__)
        elif _is_array(kind):
            array = plain(obj)
            self.say(array.dtype.str, array.shape)
            self.hash.update(_sample_of_array(array))
            return _first_objects(array) if array.dtype.kind == "O" else None
        elif kind.__flags__ & HEAP_TYPE:
            # Array types of ctypes say that they are of the module that made them first.
            # Units of pint that they are of the registry that there is when they are unpickled.
            own_way = type(kind).__module__ == "_ctypes" or not names.reduces_by_default(kind)
            self.say("" if own_way else kind.__module__, kind.__qualname__)
            return _attributes(obj, kind)
        return None


def _sample(view: bytes | bytearray | memoryview) -> bytes:
    size = len(view)
    if size <= BLOCK * BLOCKS:
        return bytes(view)
    step = (size - BLOCK) // (BLOCKS - 1)
    return b"".join(bytes(view[start : start + BLOCK]) for start in range(0, size - BLOCK + 1, step))


def _of_text(text: str) -> bytes:
    ends = text if len(text) <= 2 * BLOCK else text[:BLOCK] + text[-BLOCK:]
    return b"s%d:" % len(text) + ends.encode("utf-8", "surrogatepass")


ATOMS: dict[type, Any] = {
    int: lambda number: b"i%d" % hash(number),
    float: lambda number: b"f" + struct.pack("d", number),
    complex: lambda number: b"c" + struct.pack("dd", number.real, number.imag),
    bool: lambda truth: b"b1" if truth else b"b0",
    type(None): lambda _: b"n",
    str: _of_text,
    bytes: lambda data: b"y%d:" % len(data) + _sample(data),
    bytearray: lambda data: b"a%d:" % len(data) + _sample(data),
}
"""Plain values: what goes into the digest."""

CONTAINERS = (list, tuple, dict, set, frozenset)


def _inside(obj: Any, kind: type) -> Iterable[Any]:
    if kind in (set, frozenset):
        return ()  # its order is another one in each process
    if kind is dict:
        return chain.from_iterable(_ends(obj.items(), len(obj)))
    return _ends(obj, len(obj))


def _ends(items: Any, size: int) -> Iterable[Any]:
    if size <= 2 * ENDS:
        return list(items)
    return [*islice(items, ENDS), *islice(reversed(items), ENDS)]


FORGOTTEN = frozenset({"_attrs_cached_hash"})
"""Attributes of libraries that are computed anew there."""


def _attributes(obj: Any, kind: Any) -> Iterable[Any] | None:
    """The values in its ``__dict__``, and of a container those in it, if that is what is pickled of it."""
    plain = (
        kind.__getstate__ is object.__getstate__
        and not hasattr(kind, "__setstate__")
        and table.reducer_for(kind) is None
        and not issubclass(kind, ModuleType)
    )
    base = base_of(kind) if plain else None
    if base is None and not (plain and names.reduces_by_default(kind)):
        return None
    found = [pair for pair in (names.attributes_of(obj) or {}).items() if pair[0] not in FORGOTTEN]
    held = _first_held(obj, kind, base)
    return None if not found and not held else chain(chain.from_iterable(found), held)


def _first_held(obj: Any, kind: type, base: Any) -> list[Any]:
    """The first elements, or keys and values, of a container of another class than the usual ones."""
    if base is None and not issubclass(kind, dict | list):
        return []
    if issubclass(kind, list):
        return list(islice(list.__iter__(obj), ENDS))
    if issubclass(kind, dict):
        pairs = OrderedDict.items(obj) if issubclass(kind, OrderedDict) else dict.items(obj)
        return list(chain.from_iterable(islice(pairs, ENDS)))
    return list(islice(deque.__iter__(obj), ENDS)) if issubclass(kind, deque) else []


def _is_rebuilt(kind: type) -> bool:
    """Whether it cannot be compared before the cell goes on; functions, classes and arrays can."""
    if kind is FunctionType or kind in CONTAINERS or issubclass(kind, type) or _is_array(kind):
        return False
    # One that has come to its end may be another one there; what it is does not count, then.
    if hasattr(kind, "__next__") and (not kind.__flags__ & HEAP_TYPE or kind.__module__ == "itertools"):
        return True
    reducer = table.reducer_for(kind)
    if reducer is not None and not isinstance(reducer, UserReducer):
        return True
    return issubclass(kind, Pending) or any(
        str(ancestor.__module__).partition(".")[0] in RUNNING for ancestor in kind.__mro__
    )


def _is_of_user(kind: type) -> bool:
    return hasattr(kind, METHOD) or isinstance(table.reducer_for(kind), UserReducer)


def _is_array(kind: Any) -> bool:
    numpy = sys.modules.get("numpy")
    usual = getattr(numpy, "ndarray", None)
    if usual is None or not issubclass(kind, usual) or issubclass(kind, numpy.memmap):  # type: ignore[union-attr]
        return False
    return kind is usual or is_plain_kind(kind)


def _sample_of_array(array: Any) -> bytes:
    """Bytes of elements in their order, however they lie in memory: a view may arrive as a copy."""
    if array.dtype.hasobject or array.size == 0 or _has_gaps(array.dtype):
        return b""
    if array.flags.c_contiguous:
        # Neither a copy nor a view that others could see: the memory itself.
        whole = memoryview(array.reshape(-1).view("u1"))
        return b"".join(bytes(whole[start:end]) for start, end in _pieces(array.size, array.itemsize, 1))
    flat = array.flat
    pieces = _pieces(array.size, array.itemsize, array.itemsize)
    return b"".join(flat[start:end].tobytes() for start, end in pieces)


def _first_objects(array: Any) -> list[Any]:
    """Elements that are objects, wherever they lie."""
    return [*array.flat[:ENDS]]


def _pieces(count: int, size: int, unit: int) -> list[tuple[int, int]]:
    """Start and end of the samples of ``count`` elements of ``size`` bytes, in units of so many bytes."""
    each = max(1, BLOCK // size)
    if count <= each * BLOCKS:
        return [(0, count * size // unit)]
    starts = [(count - each) * number // (BLOCKS - 1) for number in range(BLOCKS)]
    return [(start * size // unit, (start + each) * size // unit) for start in starts]


def _has_gaps(dtype: Any) -> bool:
    """Whether a copy of such records may leave out bytes between the fields."""
    if dtype.subdtype is not None:
        return _has_gaps(dtype.subdtype[0])
    if dtype.fields is None:
        return False
    parts = [field[0] for field in dtype.fields.values()]
    return sum(part.itemsize for part in parts) != dtype.itemsize or any(map(_has_gaps, parts))
