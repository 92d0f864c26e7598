"""The table of all that a session consists of, besides its variables and its stack."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyteleport_jupyter.session import (
    deposits,
    event_loop_items,
    frontend_items,
    logging_items,
    namespace_items,
    options_items,
    own_modules,
    process_items,
    scripts,
    shell_items,
    standing_orders,
    surroundings,
)
from pyteleport_jupyter.session.item import Item, Phase
from pyteleport_jupyter.session.running_cell import RunningCell

ITEMS: tuple[Item, ...] = (
    *own_modules.ITEMS,
    *options_items.ITEMS,
    *surroundings.ITEMS,
    *scripts.ITEMS,
    *frontend_items.ITEMS,
    *shell_items.ITEMS,
    *namespace_items.ITEMS,
    *process_items.ITEMS,
    *logging_items.ITEMS,
    *event_loop_items.ITEMS,
    *standing_orders.ITEMS,
    *deposits.ITEMS,
)


def items_of(*phases: Phase) -> list[Item]:
    """The items of these phases, in the order in which they are captured and set."""
    return [item for item in ITEMS if item.phase in phases]


def capture_items(shell: Any, cell: RunningCell | None, *phases: Phase) -> dict[str, Any]:
    """What travels, by item name. Items that belong to a running cell are left out when there is none."""
    chosen = [item for item in items_of(*phases) if cell is not None or item.phase is not Phase.CELL]
    captured = {item.name: item.capture(shell, cell) for item in chosen}
    return {name: value for name, value in captured.items() if value is not None}


def restore_items(shell: Any, captured: dict[str, Any], items: Iterable[Item]) -> None:
    """Set those of ``items`` that were captured."""
    for item in items:
        if item.name in captured:
            item.restore(shell, captured[item.name])
