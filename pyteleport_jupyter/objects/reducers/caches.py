"""Functions with a cache (``functools.lru_cache``), with what is in it."""

from __future__ import annotations

import functools
from typing import Any

from pyteleport_jupyter.frames import caches
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import reduces


@reduces(functools._lru_cache_wrapper)
def reduce_cache(cached: Any, reduction: Reduction) -> Any:
    """By name if importable; else a new cache with the same entries and counts."""
    if reduction.by_name(cached):
        return cached.__qualname__
    parameters = cached.cache_parameters()
    state = (dict(cached.__dict__), cached.__wrapped__, tuple(caches.content_of(cached)))
    return caches.make_cache, (parameters["maxsize"], parameters["typed"]), state, None, None, set_cache


def set_cache(cached: Any, state: tuple[dict[str, Any], Any, tuple[list[caches.Entry], int, int]]) -> None:
    """Give a cache its attributes, its function and what it had kept."""
    attributes, function, content = state
    caches.fill(cached, caches.Content(*content), function)
    cached.__dict__.update(attributes)
