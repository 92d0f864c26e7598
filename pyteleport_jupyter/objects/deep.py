"""A pickler for structures nested so deeply that CPython's own one, which recurses in C, gives up."""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pyteleport_jupyter.objects.anchors import CONTAINERS
from pyteleport_jupyter.objects.reduction import DISPATCH, Reduction

FRAME_LIMIT = 400_000
"""Python frames allowed while pickling; a level of nesting takes three to six, each some 150 bytes."""

ATOMS = (*CONTAINERS, int, float, bool, complex, type(None))


_PurePickler: Any = vars(pickle)["_Pickler"]


class DeepPickler(_PurePickler):  # type: ignore[misc]
    """The pure-Python pickler of the standard library, kept from calling itself through C.

    Calls from Python to Python take no C stack (since 3.11), except those with ``*args``: the one on the way
    of objects is therefore made here. About thirty times slower than the C pickler, so only used after it
    failed.
    """

    dispatch_table = DISPATCH

    def __init__(
        self, file: io.BytesIO, reduction: Reduction, keep: Callable[[pickle.PickleBuffer], Any]
    ) -> None:
        super().__init__(file, protocol=5, buffer_callback=keep)
        self._reduce = reduction.reduce

    def save(self, obj: Any, save_persistent_id: bool = True) -> Any:
        if type(obj) in ATOMS or id(obj) in self.memo:
            return _PurePickler.save(self, obj)
        self.framer.commit_frame()
        reduced = self._reduce(obj)
        if reduced is NotImplemented:
            reduced = self._default(obj)
        if isinstance(reduced, str):
            return self.save_global(obj, reduced)
        if reduced is None:
            return _PurePickler.save(self, obj)
        function, args, state, items, pairs, setter = ([*reduced, None, None, None, None])[:6]
        return self.save_reduce(function, args, state, items, pairs, setter, obj=obj)

    def _default(self, obj: Any) -> Any:
        """What pickle would do: a reduce value, a name, or None for types that it writes by itself."""
        kind = type(obj)
        if isinstance(obj, type) or kind in self.dispatch:
            return obj.__qualname__ if isinstance(obj, type) else None
        registered = DISPATCH.get(kind)
        return registered(obj) if registered is not None else obj.__reduce_ex__(pickle.HIGHEST_PROTOCOL)

    @staticmethod
    @contextmanager
    def room() -> Iterator[None]:
        """Let Python recurse to :data:`FRAME_LIMIT` for a while."""
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(max(before, FRAME_LIMIT))
        try:
            yield
        finally:
            sys.setrecursionlimit(before)
