"""Which variables travel: ``--exclude`` leaves some here, ``--only`` takes along no others.

A name that is left out with ``--exclude`` is there a tombstone, which says so when it is used; names that
``--only`` does not list are simply not there. Modules, functions and classes always come along: the code of
what travels needs them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from pyteleport_jupyter.errors import NamesNeeded, OptionWrong
from pyteleport_jupyter.inventory.ahead import names_ahead
from pyteleport_jupyter.objects.names import type_name
from pyteleport_jupyter.objects.sizes import is_atom
from pyteleport_jupyter.objects.tombstone import Tombstone, left_here

DEFINITIONS = (ModuleType, FunctionType, BuiltinFunctionType, type)
REASON = "it was left out with --exclude"
SHORT = 3
"""Texts of so many characters are often one object for many."""

Root = dict[str, Any]


@dataclass(frozen=True)
class Selection:
    """What the user said: patterns of names to leave out, and names that are all to come along."""

    exclude: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.exclude or self.only)


def chooser(
    selection: Selection, live: Mapping[str, Any], shell_names: Collection[str], host: str
) -> Callable[[Root], None]:
    """A function that takes out of a session's root what is not selected.

    ``live`` is the namespace itself, the globals of running frames; ``shell_names`` belong to the shell and
    always travel. Raises (when called) NamesNeeded, OptionWrong.
    """

    def choose(root: Root) -> None:
        if selection:
            _choose(root, selection, names_needed(root, live), shell_names, host)

    return choose


def _choose(
    root: Root, selection: Selection, needed: Mapping[str, str], kept: Collection[str], host: str
) -> None:
    namespace: dict[str, Any] = root["namespace"]
    own = {name: value for name, value in namespace.items() if name not in kept}
    excluded = _matching(own, selection.exclude)
    others = _others(own, selection.only) - excluded
    _check(excluded & needed.keys(), needed, "--exclude")
    _check(others & needed.keys(), needed, "--only")
    values = [own[name] for name in excluded | others]
    gone = {id(value) for value in values if not is_atom(value) or _is_told_apart(value)}
    for name in excluded:
        namespace[name] = Tombstone(left_here(own[name], name, type_name(own[name]), REASON, host))
    for name in others:
        del namespace[name]
    _forget_results(root.get("items") or {}, gone)
    for name in [name for name in namespace if name in kept and name.startswith("_")]:
        if id(namespace[name]) in gone:
            del namespace[name]


def _matching(own: Mapping[str, Any], patterns: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        matching = {name for name in own if fnmatchcase(name, pattern)}
        if not matching:
            raise OptionWrong(option="exclude", given=repr(pattern), reason="no variable is called so")
        found |= matching
    return found


def _others(own: Mapping[str, Any], only: Iterable[str]) -> set[str]:
    listed = set(only)
    for name in listed - own.keys():
        raise OptionWrong(option="only", given=repr(name), reason="no variable is called so")
    if not listed:
        return set()
    return {
        name for name, value in own.items() if name not in listed and not issubclass(type(value), DEFINITIONS)
    }


def _check(missing: Iterable[str], needed: Mapping[str, str], option: str) -> None:
    names = sorted(missing)
    if names:
        them = "it" if len(names) == 1 else "them"
        raise NamesNeeded(names=", ".join(names), option=option, needed_by=needed[names[0]], them=them)


def names_needed(root: Root, live: Mapping[str, Any]) -> dict[str, str]:
    """Variables that the running code may still look up -> words for which code that is."""
    found: dict[str, str] = {}
    for frame in getattr(root.get("stack"), "all_frames", ()):
        if frame.globals is live:
            found |= dict.fromkeys(names_ahead(frame.code, frame.action.target), frame.words)
    _, *following = getattr((root.get("items") or {}).get("cell"), "statements", ()) or (None,)
    for statement in following:
        nodes = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
        found |= {node.id: "the running cell" for node in nodes if not isinstance(node.ctx, ast.Store)}
    return found


def _is_told_apart(value: object) -> bool:
    """Whether a text is long enough not to be the same object as others by chance."""
    return type(value) in (str, bytes, bytearray) and len(value) > SHORT  # type: ignore[arg-type]


def _forget_results(items: Mapping[str, Any], gone: set[int]) -> None:
    """``Out``, ``_`` and its kin also hold what was shown; they travel without what is left out."""
    outputs = items.get("outputs") or {}
    results, shortcuts = outputs.get("results", {}), outputs.get("shortcuts", {})
    for number in [number for number, value in results.items() if id(value) in gone]:
        del results[number]
        for shown in ("representations", "outputs"):
            outputs.get(shown, {}).pop(number, None)
    for name in [name for name, value in shortcuts.items() if id(value) in gone]:
        shortcuts[name] = ""
