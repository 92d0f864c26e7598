"""Fixtures for the tests of ``objects``: the other process, and a move to it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from objects_travel import Far, pickled_of


@pytest.fixture(scope="module")
def far_process() -> Iterator[Far]:
    far = Far()
    yield far
    far.close()


@pytest.fixture
def own_main() -> Iterator[None]:
    """Puts the real ``__main__`` back."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture
def move(far_process: Far, own_main: None) -> Callable[..., Far]:
    """``move(source)`` runs ``source`` here and takes its variables to the other process."""

    def moved(source: str, **items: Any) -> Far:
        far_process.load(pickled_of(source, **items))
        return far_process

    return moved
