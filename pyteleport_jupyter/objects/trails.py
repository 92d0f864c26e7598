"""How objects were reached, kept as who holds whom: of a million of them a few are shown."""

from __future__ import annotations

import copyreg
from collections.abc import Callable
from typing import Any

from pyteleport_jupyter.objects.inside import INSIDE, Path, children
from pyteleport_jupyter.objects.names import attributes_of


class Sought:
    """A :class:`.inside.Step` that is looked for when it is asked for its text."""

    __slots__ = ("_child", "_holder", "_reduce")
    named = True

    def __init__(self, holder: Any, child: Any, reduce: Callable[[Any], Any]) -> None:
        self._holder, self._child, self._reduce = holder, child, reduce

    @property
    def text(self) -> str:
        """How Python writes it; the words for something inside where the holder has changed meanwhile."""
        try:
            for step, child in children(self._holder, self._reduce(self._holder)):
                if child is self._child:
                    return step.text
        except Exception:  # of the user's own code; what it is inside of is known all the same
            return INSIDE
        return _of_slot(self._holder, self._child)


def _of_slot(holder: Any, child: Any) -> str:
    """The slot that it is in: classes of ``dataclasses`` with slots say themselves what is pickled."""
    for name in copyreg._slotnames(type(holder)):  # type: ignore[attr-defined]
        try:
            if object.__getattribute__(holder, name) is child:
                return f".{name}"
        except AttributeError:
            continue
    return INSIDE


class Trails:
    """``reduce`` gives the reduce value of what holds something. ``holders``: by the ``id`` of an object,
    from which other one it was reached.
    """

    def __init__(self, reduce: Callable[[Any], Any]) -> None:
        self._reduce = reduce
        self.holders: dict[int, Any] = {}
        self._known: dict[int, Path] = {}

    def known(self, obj: Any, path: Path) -> None:
        """``obj`` was reached by ``path``."""
        self._known[id(obj)] = path

    def path_to(self, obj: Any) -> Path:
        """The way to what is ``known``, or has a holder."""
        chain = []
        while (path := self._known.get(id(obj))) is None:
            chain.append(obj)
            obj = self.holders[id(obj)]
        while chain:
            child = chain.pop()
            if chain and type(child) is dict and attributes_of(obj) is child:
                child = chain.pop()  # an attribute, and not an entry in the dict of them
            path = Path(path, Sought(obj, child, self._reduce))
            obj = child
        return path

    def path_into(self, holder: Any, child: Any) -> Path:
        """The way to ``child`` by ``holder``, which was reached before."""
        self.holders[id(child)] = holder
        return self.path_to(child)
