"""Which variables of the notebook's own modules have been set since the module was imported.

Over there such a module is imported anew, and what its code computes is right there: which device there is,
where the data lie. What was set since must go along. How a variable was after the import is not known, so
its source is read: where it gives a plain value, that is compared; where it computes one, the variable
counts as set if something sets an attribute of that name, or a function of the module sets it. Containers
that are the same wherever they are made, and objects of own classes, always go along: they are filled
without being set.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pyteleport_jupyter.companions import Companions
from pyteleport_jupyter.errands.module_reads import Place
from pyteleport_jupyter.remote.errand_modules import is_definition

OF_INSTANCES = frozenset({"self", "cls"})

OWN_SCOPE = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

SOURCES_LIMIT = 1 << 18
"""Most bytes of source of own modules that are searched for what sets variables of others; reading 1 MB takes
more than a second the first time."""

MAKERS = frozenset({
    "list", "dict", "set", "tuple", "frozenset", "range", "zip", "enumerate", "bytearray", "collections",
    "defaultdict", "Counter", "OrderedDict", "deque", "int", "float", "str", "bool", "len",
})  # fmt: skip
"""What is made of these alone is the same everywhere."""

_COMPUTED = object()
_MADE = object()

UNMOVED = (int, float, complex, str, bytes, bool, type(None), tuple, frozenset)
"""Two variables that hold the same one of these do not share it."""


@dataclass(frozen=True)
class Source:
    """What a source says.

    ``bound`` at the top level, to a plain value, or to what is ``_MADE`` of nothing but builtins, or
    ``_COMPUTED``; ``assigned`` by functions as globals; attributes that are ``stored``, with the name of what
    they are stored in ("" where that is no name). ``open``: it may bind other names too.
    """

    bound: Mapping[str, Any]
    assigned: frozenset[str]
    stored: frozenset[tuple[str, str]]
    open: bool


NOTHING = Source({}, frozenset(), frozenset(), True)


@lru_cache(maxsize=1024)
def read_source(text: bytes | str) -> Source:
    """What ``text`` says; one that does not compile says nothing."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return NOTHING
    nodes = list(ast.walk(tree))
    return Source(
        _bound(tree),
        frozenset(name for node in nodes if isinstance(node, ast.Global) for name in node.names),
        frozenset(_stored(nodes)),
        any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in nodes),
    )


def _bound(tree: ast.Module) -> dict[str, Any]:
    bound: dict[str, Any] = {}
    for statement in tree.body:
        names = _simple_targets(statement)
        for name in [*_names_bound(statement)]:
            known = name in names and name not in bound
            bound[name] = _plain(statement.value) if known else _COMPUTED  # type: ignore[attr-defined]
    return bound


def _simple_targets(statement: ast.stmt) -> set[str]:
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets = [statement.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _names_bound(statement: ast.stmt) -> Iterator[str]:
    """But not those inside of functions, classes and comprehensions."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]
        elif not isinstance(node, OWN_SCOPE):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                yield node.id
            waiting += ast.iter_child_nodes(node)


def _plain(value: ast.expr) -> Any:
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        names = [node for node in ast.walk(value) if isinstance(node, ast.Name)]
        made = {node.id for node in names if isinstance(node.ctx, ast.Store)} | MAKERS
        return _MADE if made.issuperset(node.id for node in names) else _COMPUTED


def _stored(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """``settings.rate = 1``, ``settings.limits["low"] = 1``, ``setattr(settings, "rate", 1)``, and so on."""
    for node in nodes:
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            base: ast.expr = node
            while isinstance(base, ast.Attribute | ast.Subscript):
                if isinstance(base, ast.Attribute):
                    yield _name_of(base.value), base.attr
                base = base.value
        elif isinstance(node, ast.Call) and len(node.args) == 3:
            yield from _stored_by_call(node)


def _stored_by_call(call: ast.Call) -> Iterator[tuple[str, str]]:
    first, second, third = call.args
    if _name_of(call.func) == "setattr" and isinstance(second, ast.Constant):
        yield _name_of(first), str(second.value)
    is_magic = isinstance(call.func, ast.Attribute) and call.func.attr == "run_cell_magic"
    if is_magic and isinstance(third, ast.Constant):
        # ``%%time``, and cells that ran elsewhere.
        yield from read_source(str(third.value)).stored


def _name_of(expression: ast.expr) -> str:
    return expression.id if isinstance(expression, ast.Name) else ""


class SetSinceImport:
    """Says it for the own modules in ``companions``; ``cells`` are the sources of all cells so far."""

    def __init__(self, companions: Companions, cells: Iterable[str]) -> None:
        self._companions = companions
        self._cells = cells
        self._sources: dict[str, Source] = {}
        self._stored: set[str] = set()

    def among(self, read: Mapping[Place, Any]) -> dict[Place, Any]:
        """Those of the variables ``read``, and other names of the same objects."""
        if not read:
            return {}
        self._read_sources(dict.fromkeys(module for module, _ in read))
        changed = {place: value for place, value in read.items() if self._was_set(place, value)}
        shared = {id(value) for value in changed.values() if not isinstance(value, UNMOVED)}
        return {place: value for place, value in read.items() if place in changed or id(value) in shared}

    def _read_sources(self, modules: Iterable[str]) -> None:
        """Those of ``modules``, and of others up to the limit."""
        contents = {name: source.content for name, source in self._companions.sources.items()}
        self._sources = {name: read_source(contents[name]) for name in modules if name in contents}
        room = SOURCES_LIMIT
        for name in self._companions.loaded:
            room -= len(contents.get(name, b""))
            if name in contents and room > 0:
                self._sources.setdefault(name, read_source(contents[name]))
        for reading in [*map(read_source, self._cells), *self._sources.values()]:
            self._stored |= {name for base, name in reading.stored if base not in OF_INSTANCES}

    def _was_set(self, place: Place, value: Any) -> bool:
        module, name = place
        source = self._sources.get(module, NOTHING)
        if is_definition(f"{module}.{name}", value):
            return False
        if name not in source.bound:
            return not source.open
        plain = source.bound[name]
        if plain is _MADE or plain is _COMPUTED:
            is_own = type(value).__module__ in {"__main__", *self._companions.loaded}
            is_set = name in self._stored or name in source.assigned
            return plain is _MADE or is_own or is_set
        return not isinstance(value, UNMOVED) or not _equal(plain, value)


def _equal(plain: Any, value: Any) -> bool:
    """Of the same types all the way down, so nobody's ``__eq__`` is asked."""
    if type(plain) is not type(value):
        return False
    if isinstance(plain, tuple):
        return len(plain) == len(value) and all(map(_equal, plain, value))
    return bool(plain == value) or repr(plain) == repr(value)
