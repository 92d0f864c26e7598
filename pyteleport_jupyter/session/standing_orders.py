"""Signals that move the session (``teleport_on``). Of all signal handlers of a kernel only these travel: the
others belong to the process.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

from pyteleport_jupyter.session.item import Item, Phase

Order = Callable[[int, FrameType | None], None]

_orders: Final[dict[int, Order]] = {}


def note(number: int, order: Order) -> None:
    """``order`` is the handler of signal ``number`` now."""
    _orders[int(number)] = order


def capture(shell: Any, cell: object) -> dict[int, Order] | None:
    """Those that still stand, by signal."""
    standing = {number: order for number, order in _orders.items() if signal.getsignal(number) is order}
    return standing or None


def restore(shell: Any, orders: dict[int, Order]) -> None:
    """Let them stand here. In the main thread."""
    for number, order in orders.items():
        signal.signal(number, order)
        note(number, order)


ITEMS: tuple[Item, ...] = (Item("standing orders", Phase.RESUME, capture, restore),)
