"""Which objects cannot move, where they are, and why: found by a walk of our own after pickling failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter.collection import collection_paused
from pyteleport_jupyter.objects.inside import Path
from pyteleport_jupyter.objects.names import type_name
from pyteleport_jupyter.objects.walk import Refused, Walk, reason_of

WALK_SECONDS = 20.0
"""After so long a walk ends with what it has found."""

HASTY_SECONDS = 60.0
"""As long, for the hasty one, which has all of ten million objects met by then. The user may stop it."""

SHOWN = 12
"""Most refusals that are written out for the user."""


@dataclass(frozen=True)
class Refusal:
    """One object that cannot move.

    ``name`` is the variable it is reached from, ``path`` how Python would reach it (``data['deep'][1].s``),
    ``also`` further paths. ``in_use``: a running frame computes with it, so it cannot be left behind either.
    """

    name: str
    path: str
    type: str
    reason: str
    also: tuple[str, ...] = ()
    in_use: bool = False

    def __str__(self) -> str:
        others = f" (also {', '.join(self.also)})" if self.also else ""
        return f"{self.path}{others}: {self.type}, {self.reason}"

    @property
    def inside(self) -> str:
        """The path behind the name: ``['deep'][1].s``, empty if it is the variable itself."""
        return self.path.removeprefix(self.name)


def readable(refusals: Sequence[Refusal]) -> str:
    """One line for each, the first ones if there are many."""
    lines = ["", *map(str, refusals[:SHOWN])]
    if len(refusals) > SHOWN:
        lines.append(f"and {len(refusals) - SHOWN} more")
    return "\n".join(lines)


def explain(
    begin: Callable[[bool], Walk], root: Mapping[str, Any], error: Exception
) -> tuple[Walk, tuple[Refusal, ...]]:
    """All objects of ``root`` that cannot move, and the walk that found them; if it finds none, the words of
    ``error``. ``begin`` makes a walk, a hasty one or not.
    """
    walk = begin(True)
    with collection_paused():
        walk.run(root, HASTY_SECONDS)
        if not walk.refused and walk.complete:
            walk = begin(False)
            walk.run(root, WALK_SECONDS)
    return walk, _found_by(walk, error)


def _found_by(walk: Walk, error: Exception) -> tuple[Refusal, ...]:
    found = tuple(map(refusal_of, walk.refused.values()))
    if not found and isinstance(error, RecursionError):
        return (Refusal(walk.deepest.name, walk.deepest.name, "object", "it is nested too deeply"),)
    return found or (Refusal("?", "one of the variables", "object", reason_of(error)),)


def refusal_of(refused: Refused) -> Refusal:
    """What is told of it. The object itself is not kept: an error is remembered for long."""
    best: list[Path] = [path for path in refused.paths if path.is_named] or refused.paths
    first, *others = dict.fromkeys(map(str, best))
    kind, name = type_name(refused.obj), best[0].name
    return Refusal(name, first, kind, refused.reason, tuple(others[:3]), refused.in_use)
