"""What only the far side can find out: that the file or database an object looks at is not there.

A move with ``--leave`` is not stopped by it: a tombstone takes the object's place, as if it had stayed, and
what hangs on it (a view, a cursor, a method) stays with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from pyteleport_jupyter.objects.names import type_name
from pyteleport_jupyter.objects.table import CannotMove
from pyteleport_jupyter.objects.tombstone import Left, Tombstone, facts_of, left_here, left_of

Maker = TypeVar("Maker", bound=Callable[..., Any])
_makers: set[Callable[..., Any]] = set()

NAMELESS = "one of the variables"


def may_stay(make: Maker) -> Maker:
    """Enter a function of a reducer that raises CannotMove on the far side, or wants what may have stayed."""
    _makers.add(make)
    return make


def or_left(obj: Any, reduced: Any, host: str, in_use: Collection[int]) -> Any:
    """The reduce value of ``obj``, for a session that leaves on ``host`` what cannot move. What the running
    code computes with (``in_use``, by ``id``) must come along.
    """
    if type(reduced) is not tuple or reduced[0] not in _makers or id(obj) in in_use:
        return reduced
    function, args, state, _, _, setter = ([*reduced, *(None,) * 4])[:6]
    left = left_here(obj, NAMELESS, type_name(obj), "", host)
    after = None if state is None else (setter, state)
    return arrive, (facts_of(left), function, *args), after, None, None, set_unless_left


def arrive(facts: tuple[Any, ...], function: Callable[..., Any], *arguments: Any) -> Any:
    """What ``function`` makes of ``arguments``; a tombstone if that cannot be made here.

    The unpickler puts in its place a method of its own, which takes down how many objects came before.
    """
    return attempt(Left(*facts), function, *arguments)


def attempt(left: Left, function: Callable[..., Any], *arguments: Any) -> Any:
    """See :func:`arrive`."""
    stayed = next((each for each in arguments if type(each) is Tombstone), None)
    if stayed is not None:
        return left.for_reason(left_of(stayed).reason).restored()
    try:
        return function(*arguments)
    except CannotMove as error:
        return left.for_reason(error.reason).restored()


def set_unless_left(obj: Any, after: tuple[Callable[[Any, Any], None] | None, Any]) -> None:
    """The second step of what a reducer says, if there was a first one."""
    if type(obj) is not Tombstone:
        setter, state = after
        (setter or _update)(obj, state)


def _update(obj: Any, attributes: dict[str, Any]) -> None:
    object.__getattribute__(obj, "__dict__").update(attributes)
