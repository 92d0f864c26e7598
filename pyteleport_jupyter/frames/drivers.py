"""C code that drives a generator and has no progress of its own: it can simply be started again.

Either it keeps its state in an object that travels (``enumerate``, a list that is being extended), or it has
none (``any``).
"""

from __future__ import annotations

import builtins
import gc
import itertools
from collections import deque
from collections.abc import Callable
from types import BuiltinMethodType, MethodDescriptorType
from typing import Any, Final

ASK_FIRST: Final = (
    enumerate, filter, itertools.islice, itertools.takewhile, itertools.dropwhile, itertools.filterfalse,
    itertools.starmap, itertools.accumulate, itertools.chain, itertools.cycle,
)  # fmt: skip
"""Iterators that ask another one first of all, and change their own state only when it has answered."""

ASK_IN_TURN: Final = (zip, map, itertools.zip_longest)
"""Iterators that ask several others: with the first one nothing has been taken from any yet."""

WITHOUT_STATE: Final[tuple[Callable[..., object], ...]] = (builtins.any, builtins.all)
"""Functions that forget each element before they ask for the next."""

FILLED_FROM: Final[dict[type, tuple[str, ...]]] = {
    list: ("extend", "__iadd__"),
    deque: ("extend", "extendleft", "__iadd__"),
    set: ("update",),
}
"""Methods that add the elements of an iterator one by one."""


def drives(iterator: object, generator: object) -> bool:
    """Whether ``iterator`` is the generator, or asks it before it changes anything."""
    if iterator is generator:
        return True
    if type(iterator) in ASK_FIRST:
        return any(drives(source, generator) for source in gc.get_referents(iterator))
    if type(iterator) in ASK_IN_TURN:
        sources = [each[0] for each in gc.get_referents(iterator) if type(each) is tuple and each]
        return any(drives(source, generator) for source in sources)
    return type(iterator).__name__ in PASS_ON and refers_to(iterator, generator)


PASS_ON: Final = ("coroutine_wrapper", "async_generator_asend")
"""Types of C objects that only pass on what is sent to them: ``coroutine.__await__()``, ``agen.asend()``."""


def wrapped_generator(awaited: object) -> object:
    """The generator or coroutine to which a C object passes on what it is sent; any other object itself."""
    if type(awaited).__name__ not in PASS_ON:
        return awaited
    return next((each for each in gc.get_referents(awaited) if type(each).__name__ in PASSED_TO), awaited)


PASSED_TO: Final = ("coroutine", "async_generator")


def refers_to(container: object, generator: object) -> bool:
    """Whether a C object holds ``generator``."""
    return any(referent is generator for referent in gc.get_referents(container))


def can_start_again(called: Any, receiver: object, argument: object, generator: object) -> bool:
    """Whether a call of C with one argument can be made again while ``generator`` runs inside it."""
    if any(called is each for each in WITHOUT_STATE):
        return drives(argument, generator)
    if isinstance(called, BuiltinMethodType):
        receiver = called.__self__
    elif not isinstance(called, MethodDescriptorType):
        return False
    return called.__name__ in FILLED_FROM.get(type(receiver), ()) and drives(argument, generator)
