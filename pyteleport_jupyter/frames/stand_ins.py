"""Stand-ins: an operation of C that has only just called a special method of its operand is done again, on an
object whose special method is the rest of the interrupted one.

So C itself does what follows the method: it checks the type of the result, ends the loop, takes the default.
"""

from __future__ import annotations

import weakref
from typing import Any


class StandIn:
    """Base of the classes made here; each has one special method, which the resume gives it."""

    method = ""

    def __reduce__(self) -> tuple[Any, ...]:
        return make_stand_in, (self.method,)


def make_stand_in(method: str) -> StandIn:
    """An object of a class of its own, with a special method still to be given."""
    made: StandIn = type(StandIn.__name__, (StandIn,), {"method": method})()
    _alive.add(made)
    return made


_alive: weakref.WeakSet[StandIn] = weakref.WeakSet()


def stand_ins_alive() -> tuple[StandIn, ...]:
    """Those that are in use."""
    return tuple(_alive)


def give_method(stand_in: StandIn, function: object) -> None:
    """Let ``function`` be the special method: it is called with the stand-in, as the interrupted one was with
    the object."""
    setattr(type(stand_in), stand_in.method, function)
