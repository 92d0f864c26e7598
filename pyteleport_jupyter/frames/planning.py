"""What a planner is, and the two places at which an interrupted frame can go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .boundary import Site
from .snapshot import Action, Kind

Planner = Callable[[Site], Action | None]


def behind(site: Site, kind: Kind, stack: str) -> Action:
    """Go on behind the instruction."""
    instruction = site.instruction
    return Action(kind, instruction.name, instruction.offset, instruction.end, stack)


def again(site: Site, kind: Kind, stack: str) -> Action:
    """Run the instruction again."""
    return replace(behind(site, kind, stack), target=site.instruction.start)
