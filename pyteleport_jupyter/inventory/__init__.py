"""What a move would take along, rebuild and leave behind; and whether the target is fit for it.

``Plan`` and ``Row`` are loaded when they are asked for: a move needs other modules of this room, and not what
shows a plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyteleport_jupyter.inventory.rows import Plan, Row

__all__ = ["Plan", "Row", "plan"]


def plan(target: str | None = None) -> Plan:
    """What a move to ``target`` would do; see :func:`pyteleport_jupyter.plan`."""
    from pyteleport_jupyter.inventory.stock import plan_of, session_here
    from pyteleport_jupyter.options import make_options
    from pyteleport_jupyter.targets import parse_target

    if target is not None:
        target = parse_target(target, make_options()).text
    return plan_of(target, session_here())


def __getattr__(name: str) -> Any:
    if name not in ("Plan", "Row"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pyteleport_jupyter.inventory import rows

    return getattr(rows, name)
