"""Whether restored frames are still on their way to where they were.

An outer frame is where it was before those within it are: for a few instructions what they have yet to do is
in objects only (stand-ins, rebuilt generators), which no snapshot could take along.
"""

from __future__ import annotations

import gc
import weakref


class Awaited(list[object]):
    """What the innermost frame waits for. Handed out by ``pop``, a method of C; until then it is on the
    way."""

    __slots__ = ("__weakref__", "is_in_use")

    def __init__(self, value: object) -> None:
        super().__init__((value,))
        self.is_in_use = False
        """Whether garbage collection has left it."""


_awaited: weakref.WeakValueDictionary[int, Awaited] = weakref.WeakValueDictionary()


def awaited(value: object) -> Awaited:
    """To be popped by the innermost of the frames that are about to be restored."""
    made = Awaited(value)
    _awaited[id(made)] = made
    return made


def frames_are_on_the_way() -> bool:
    """Whether a stack was loaded whose innermost frame has not been reached yet, and may still be."""
    if any(values and not values.is_in_use for values in _awaited.values()):
        # A stack whose restoring broke off on its way can be in a cycle, and would be waited for in vain.
        gc.collect()
        for values in _awaited.values():
            values.is_in_use = True
    return any(_awaited.values())
