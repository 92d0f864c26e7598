"""The garbage collector, out of the way while very many objects are made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collection_paused() -> Iterator[None]:
    """No garbage collection for a while: with many new objects it costs more than making them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            _take_for_old()
            gc.enable()


def _take_for_old() -> None:
    """What was made meanwhile is there to stay; else the first collection, at once, would look at it all."""
    if not gc.get_freeze_count():
        # Frozen and unfrozen again, all objects are in the oldest generation (Modules/gcmodule.c).
        gc.freeze()
        gc.unfreeze()
