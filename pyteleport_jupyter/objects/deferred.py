"""Stand-in for "do this later, in the context of the running cell" in a stream."""

from __future__ import annotations

from collections.abc import Callable


def run_later(action: Callable[[], object]) -> None:
    """Never called: the unpickler puts ``append`` of ``Loaded.deferred`` in this place."""
    raise RuntimeError("only while a session is loaded")
