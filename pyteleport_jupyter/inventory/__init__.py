"""What a move would take along, rebuild and leave behind; and whether the target is fit for it."""

from __future__ import annotations

from pyteleport_jupyter.inventory.rows import Plan, Row
from pyteleport_jupyter.inventory.stock import plan_of, session_here
from pyteleport_jupyter.options import make_options
from pyteleport_jupyter.targets import parse_target

__all__ = ["Plan", "Row", "plan"]


def plan(target: str | None = None) -> Plan:
    """What a move to ``target`` would do; see :func:`pyteleport_jupyter.plan`."""
    if target is not None:
        target = parse_target(target, make_options()).text
    return plan_of(target, session_here())
