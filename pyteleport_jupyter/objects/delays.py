"""Words for whoever waits, where work of our own takes long; most of it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Tell = Callable[[str], None]

_listeners: list[Tell] = []


@contextmanager
def telling_of_delays(tell: Tell) -> Iterator[None]:
    """Within the block ``tell`` is called with what takes long."""
    _listeners.append(tell)
    try:
        yield
    finally:
        _listeners.remove(tell)


def delayed(words: str) -> None:
    """Say what takes long, to whoever began to listen last."""
    for tell in _listeners[-1:]:
        tell(words)
