"""What the user has connected to figures of matplotlib: pickling by matplotlib itself drops it."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from pyteleport_jupyter.objects.deferred import run_later
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import reduces

OWN = ("matplotlib", "mpl_toolkits", "matplotlib_inline", "ipympl")
"""Packages that connect what they need themselves when a figure is unpickled."""

WIDGETS = "matplotlib.widgets"
"""It does not."""

Connection = tuple[str, int, Callable[..., Any]]
"""Signal, number and function."""


@reduces("matplotlib.cbook.CallbackRegistry")
def reduce_registry(registry: Any, reduction: Reduction) -> Any:
    """Callbacks of figures (``mpl_connect``) and axes, under the same numbers."""
    connections = list(_connections(registry))
    if not connections:
        return NotImplemented
    reduced: Any = object.__reduce_ex__(registry, pickle.HIGHEST_PROTOCOL)
    return *reduced[:2], (reduced[2], connections, run_later), None, None, set_registry


def _connections(registry: Any) -> Iterator[Connection]:
    for signal, proxies in list(registry.callbacks.items()):
        for number, proxy in list(proxies.items()):
            function = proxy()
            if function is not None and number not in registry._pickled_cids and _is_of_user(function):
                yield signal, number, function


def _is_of_user(function: Any) -> bool:
    while isinstance(function, functools.partial):
        function = function.func
    module = str(getattr(function, "__module__", None) or type(function).__module__)
    return module == WIDGETS or module.partition(".")[0] not in OWN


def set_registry(registry: Any, state: tuple[dict[str, Any], list[Connection], Any]) -> None:
    """Connect them when all is there: a method is known by its object, which may say itself what it is."""
    own, connections, later = state
    registry.__setstate__(own)
    later(partial(connect, registry, connections))


def connect(registry: Any, connections: list[Connection]) -> None:
    """Connect each under its number."""
    numbers = registry._cid_gen
    try:
        for signal, number, function in connections:
            registry._cid_gen = iter((number,))
            registry.connect(signal, function)
    finally:
        registry._cid_gen = numbers
