"""Taking stock of a session: by the same reducers and the same pickler as the move, with nothing sent."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter.carried import carrying
from pyteleport_jupyter.collection import collection_paused
from pyteleport_jupyter.errors import FrameRefused, LoopRefused, NotInCell, ObjectsRefused, TaskRefused
from pyteleport_jupyter.inventory import confidential, rates
from pyteleport_jupyter.inventory.notes import modules_in_words
from pyteleport_jupyter.inventory.rows import Plan, Row
from pyteleport_jupyter.inventory.verdicts import left_before, rebuilt
from pyteleport_jupyter.loops import running_generators
from pyteleport_jupyter.objects import Anchors, Leaving, NamespaceAnchors, Refusal, dump
from pyteleport_jupyter.objects.names import type_name
from pyteleport_jupyter.objects.pickler import new_reduction
from pyteleport_jupyter.objects.refusals import refusal_of
from pyteleport_jupyter.objects.walk import Root, Walk

LOOKING_SECONDS = 30.0
"""After so long sizes are those of what was looked at; the verdicts are the pickler's all the same."""

SHELL = "(the shell)"
"""The row for In, Out and all else that a shell keeps on its own."""

RUNNING_CODE = "(the running code)"
"""The row of frames that cannot move."""

_OF_SHELL = re.compile(r"_(i{0,3}|_{1,2}|i?\d+|[ido]h|exit_code)|In|Out|get_ipython|exit|quit|open|__\w+__")


@dataclass(frozen=True)
class Session:
    """What a plan is made of: all that would travel, and how its live objects are called.

    ``obstacles``: words for what stands in the way of the move besides objects, such as a frame. ``carried``:
    the modules that would travel by value. ``notes``: sentences about what has no row.
    """

    root: dict[str, Any]
    anchors: Anchors
    running: Mapping[int, Any]
    shell_names: Collection[str] = frozenset()
    obstacles: tuple[tuple[str, str], ...] = ()
    carried: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def plan_of(target: str | None, session: Session) -> Plan:
    """The plan for ``session``; ``target`` is as the user said it."""
    with carrying(session.carried):
        rows, nbytes, notes = take_stock(session)
    rate = rates.remembered(target) if target else None
    return Plan(tuple(rows), target, nbytes, rate, tuple(notes))


def take_stock(session: Session) -> tuple[list[Row], int, list[str]]:
    """Rows, the bytes of all, and sentences for the user."""
    reduction = new_reduction(session.root, session.anchors, session.running)
    walk = Walk(reduction)
    with collection_paused():
        walk.run(session.root, LOOKING_SECONDS)
    staying = _group([*map(refusal_of, walk.refused.values()), *_missed_by(walk, session)])
    rows = [*_rows(walk, session, staying), *_obstacles(session)]
    notes = [confidential.in_words(_secrets(session)), *session.notes]
    if not walk.complete:
        notes.append("There is so much that sizes are those of a part; the move itself looks at all of it.")
    return rows, sum(root.nbytes for root in walk.roots), [note for note in notes if note]


def _missed_by(walk: Walk, session: Session) -> Iterable[Refusal]:
    """What the pickler refuses and the walk does not: it has the last word, so it is asked."""
    if walk.refused:
        return ()
    try:
        dump(session.root, session.anchors, session.running, leaving=Leaving("here"))
    except ObjectsRefused as refused:
        return [refusal for refusal in refused.refusals if isinstance(refusal, Refusal)]
    return ()


def _group(refusals: Iterable[Refusal]) -> dict[str, list[Refusal]]:
    found: dict[str, list[Refusal]] = {}
    for refusal in refusals:
        found.setdefault(refusal.name, []).append(refusal)
    return found


def _rows(walk: Walk, session: Session, staying: dict[str, list[Refusal]]) -> Iterator[Row]:
    kept = 0
    order = {name: position for position, name in enumerate(session.root["namespace"])}
    for root in sorted(walk.roots, key=lambda root: order.get(root.path.name, len(order))):
        name = root.path.name
        # What a session has besides may be called as a variable is.
        is_variable = name in order and session.root["namespace"][name] is root.value
        if not is_variable or name in session.shell_names:
            kept += root.nbytes
            continue
        refusals = staying.pop(name, [])
        if not any(refusal.path == name for refusal in refusals):
            yield _row(name, root, walk)
        yield from map(_staying, refusals)
    if kept:
        yield Row(SHELL, "", kept, "moves", "In, Out, and what else it keeps")
    for refusals in staying.values():
        yield from map(_staying, refusals)


def _row(name: str, root: Root, walk: Walk) -> Row:
    kind = type_name(root.value)
    if left := left_before(root.value):
        return Row(name, left.type, 0, "stays", f"it stayed on {left.host}: {left.reason}")
    how = rebuilt(root.value, walk.reduction)
    return Row(name, kind, root.nbytes, "rebuilt" if how else "moves", how)


def _staying(refusal: Refusal) -> Row:
    words = f"{refusal.reason}; the running code is using it" if refusal.in_use else refusal.reason
    return Row(refusal.name, refusal.type, 0, "stays", words, refusal.inside)


def _obstacles(session: Session) -> Iterator[Row]:
    for name, reason in session.obstacles:
        yield Row(name, "", 0, "stays", reason)


def _secrets(session: Session) -> list[str]:
    own = {
        name: value for name, value in session.root["namespace"].items() if name not in session.shell_names
    }
    return confidential.look_secret(own)


def session_of_shell(shell: Any, choose: Any = None) -> Session:
    """The session of an IPython with a kernel as it is now; its running cell is the caller's."""
    from pyteleport_jupyter.session import current_place, find_running_cell
    from pyteleport_jupyter.session.anchors import anchors
    from pyteleport_jupyter.session.logging_items import what_becomes_of_logs
    from pyteleport_jupyter.session.own_modules import find_own_modules, modules_that_travel
    from pyteleport_jupyter.session.snapshot import session_root

    obstacles: list[tuple[str, str]] = []
    own = find_own_modules(shell)
    with carrying(own.loaded):
        try:
            cell = find_running_cell(shell)
            root = session_root(shell, cell, current_place())
        except (FrameRefused, NotInCell, LoopRefused, TaskRefused) as error:
            obstacles.append((RUNNING_CODE, error.facts.get("reason", str(error))))
            root = session_root(shell, None, current_place())
        root["items"]["modules"] = modules_that_travel(own)
        if choose:
            choose(root)
        running = running_generators(root["stack"])
        names = names_of_shell(shell)
        notes = (*modules_in_words(own), *what_becomes_of_logs(shell))
        return Session(root, anchors(shell), running, names, tuple(obstacles), tuple(own.loaded), notes)


def session_of_main(namespace: dict[str, Any]) -> Session:
    """The variables of a program, or of an IPython without a kernel."""
    own = {name: value for name, value in namespace.items() if not _OF_SHELL.fullmatch(name)}
    return Session({"namespace": own, "items": {}, "stack": None}, NamespaceAnchors(namespace), {})


def names_of_shell(shell: Any) -> frozenset[str]:
    """Variables that the shell has made, not the user."""
    hidden = shell.user_ns_hidden
    found = {name for name, value in shell.user_ns.items() if name in hidden and hidden[name] is value}
    return frozenset(found | {name for name in shell.user_ns if _OF_SHELL.fullmatch(str(name))})


def session_here() -> Session:
    """The session that runs in this process."""
    core = sys.modules.get("IPython.core.getipython")
    shell = core.get_ipython() if core else None
    if shell is None:
        return session_of_main(vars(sys.modules["__main__"]))
    return session_of_shell(shell) if hasattr(shell, "kernel") else session_of_main(shell.user_ns)
