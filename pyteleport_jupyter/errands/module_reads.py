"""Which variables of the notebook's own modules a cell reads: ``settings.rate``, and what functions that it
calls read in their own module.

As for the notebook's variables, the byte code says it (:mod:`.needs`). A module that is passed on as a whole
(``vars(settings)``, ``configure(settings)``) is read as a whole.
"""

from __future__ import annotations

import dis
import functools
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import resolve_name
from types import CodeType, FunctionType, ModuleType
from typing import Any

from pyteleport_jupyter.errands.needs import READS, with_nested
from pyteleport_jupyter.frames import original_code
from pyteleport_jupyter.frames.generators import generator_frame
from pyteleport_jupyter.frames.priming import PREFIXES

TRANSPARENT = frozenset({
    "CACHE", "PUSH_NULL", "PRECALL", "EXTENDED_ARG", "SWAP", "COPY", "NOP", "NOT_TAKEN", "POP_TOP", "RESUME",
})  # fmt: skip
"""Instructions that leave what was loaded where it is, or (``POP_TOP``) throw it away."""

ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM"})
SET_ATTRIBUTES = frozenset({"STORE_ATTR", "DELETE_ATTR"})
LOCALS = ("LOAD_FAST", "LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF")
STORES = ("STORE_FAST", "STORE_DEREF", "STORE_NAME", "STORE_GLOBAL")

CODES_LIMIT = 5000
"""Most pieces of code that are read for one cell; a package installed in place may be a large one."""

_ABSENT = object()

Place = tuple[str, str]
"""Module and variable."""


class ModuleReads:
    """``own``: the notebook's own modules by name. ``found`` is what was read, ``visited`` the modules whose
    code or variables were."""

    def __init__(self, own: Mapping[str, ModuleType], namespace: Mapping[str, Any]) -> None:
        self.found: dict[Place, Any] = {}
        self._own = own
        self._namespace = namespace
        self._scopes = {id(vars(module)): name for name, module in own.items()}
        self._seen: dict[int, Any] = {}
        self._waiting: list[Any] = []
        self.room = CODES_LIMIT

    def read_cell(self, codes: Iterable[CodeType]) -> None:
        """What the statements of a cell read."""
        aliases: dict[str, ModuleType] = {}
        for code in codes:
            _Reader(self, self._namespace, None, aliases).read(code)
        self._follow_all()

    def read_objects(self, objects: Iterable[Any]) -> None:
        """What functions, generators and methods of classes among ``objects`` read."""
        kinds = (FunctionType, type, *PREFIXES)
        self._waiting += [each for each in objects if isinstance(each, kinds)]
        self._follow_all()

    def read_whole(self, module: ModuleType) -> None:
        """All variables of the module."""
        for name in list(vars(module)):
            self.attribute(module, name)

    def attribute(self, module: ModuleType, name: str) -> ModuleType | None:
        """``module.name`` is read; what it is, if that is an own module."""
        value = vars(module).get(name, _ABSENT)
        if isinstance(value, ModuleType):
            return self.own_module(value)
        if value is not _ABSENT and not (name.startswith("__") and name.endswith("__")):
            self.found[module.__name__, name] = value
            self._waiting.append(value)
        return None

    def own_module(self, value: Any) -> ModuleType | None:
        """``value`` if it is an own module."""
        is_own = isinstance(value, ModuleType) and self._own.get(value.__name__) is value
        return value if is_own else None

    def imported(self, name: str) -> ModuleType | None:
        """An own module that is loaded here."""
        return self.own_module(sys.modules.get(name))

    def value(self, scope: Mapping[str, Any], name: str) -> ModuleType | None:
        """A global of the ``scope`` is read; what it is, if that is an own module."""
        owner = self._scopes.get(id(scope))
        if owner is not None:
            return self.attribute(self._own[owner], name)
        value = scope.get(name)
        self._waiting.append(value)
        return self.own_module(value)

    def _follow_all(self) -> None:
        while self._waiting:
            value = self._waiting.pop()
            if id(value) not in self._seen:
                self._follow(value)

    def _follow(self, value: Any) -> None:
        """Into the code of functions and classes of own modules and of the notebook."""
        if isinstance(value, FunctionType):
            self._seen[id(value)] = value
            self._waiting += [*_closure(value), vars(value).get("__wrapped__")]
            self._read(value.__code__, value.__globals__)
        elif type(value) in PREFIXES:
            self._seen[id(value)] = value
            if (frame := generator_frame(value)) is not None:
                self._read(original_code(frame.f_code), frame.f_globals)
        elif isinstance(value, type):
            self._seen[id(value)] = value
            if value.__module__ == "__main__" or str(value.__module__) in self._own:
                self._waiting += [*vars(value).values(), *value.__mro__]
        else:
            self._waiting += _inside(value)

    def _read(self, code: CodeType, scope: Mapping[str, Any]) -> None:
        """Code of an own module or of the notebook."""
        if id(scope) in self._scopes or scope is self._namespace:
            _Reader(self, scope, scope.get("__package__"), {}).read(code)


def _closure(function: FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:
            continue


def _inside(value: Any) -> Iterator[Any]:
    """The functions in what wraps them."""
    if isinstance(value, staticmethod | classmethod):
        yield value.__func__
    elif isinstance(value, property):
        yield from (value.fget, value.fset, value.fdel)
    elif isinstance(value, functools.partial):
        yield value.func
    elif isinstance(value, functools._lru_cache_wrapper):
        yield value.__wrapped__


@functools.lru_cache(maxsize=CODES_LIMIT)
def _instructions(code: CodeType) -> tuple[tuple[str, Any], ...]:
    found = ((each.opname, each.argval) for each in dis.get_instructions(code))
    return tuple(each for each in found if each[0] not in TRANSPARENT)


class _Reader:
    """Reads code whose globals are ``scope``. ``aliases``: own modules by the name they were imported as."""

    def __init__(
        self,
        reads: ModuleReads,
        scope: Mapping[str, Any],
        package: str | None,
        aliases: dict[str, ModuleType],
    ) -> None:
        self._reads = reads
        self._scope = scope
        self._package = package
        self._aliases = aliases

    def read(self, code: CodeType) -> None:
        """``code`` and what is defined in it."""
        for each in with_nested(code):
            self._reads.room -= 1
            if self._reads.room >= 0:
                self._read(each)

    def _read(self, code: CodeType) -> None:
        held: ModuleType | None = None
        importing: ModuleType | None = None
        constants: list[Any] = []
        for operation, argument in _instructions(code):
            if operation == "IMPORT_NAME":
                importing = held = self._import(argument, constants)
            elif operation in ATTRIBUTES:
                base = held or (importing if operation == "IMPORT_FROM" else None)
                held = self._reads.attribute(base, argument) if base else None
            else:
                held = self._next(operation, argument, held)
            constants = [*constants[-1:], argument]

    def _next(self, operation: str, argument: Any, held: ModuleType | None) -> ModuleType | None:
        """An instruction that neither imports nor reads an attribute, with the module ``held`` before it."""
        names = argument if isinstance(argument, tuple) else (argument,)
        if operation.startswith(STORES):
            if held is not None:
                self._aliases[str(names[0])] = held
            return self._aliases.get(names[1]) if operation.endswith("LOAD_FAST") else None
        if held is not None and operation not in SET_ATTRIBUTES:
            self._reads.read_whole(held)
        if operation.startswith(LOCALS):
            return self._aliases.get(names[-1])
        if operation in READS:
            return self._aliases.get(argument) or self._reads.value(self._scope, argument)
        return None

    def _import(self, name: str, constants: list[Any]) -> ModuleType | None:
        """What ``IMPORT_NAME`` gives: the outermost package, or with a list of names the module itself."""
        level, names = ([*constants, None, None])[:2]
        if isinstance(level, int) and level > 0:
            if not self._package:
                return None
            name = resolve_name("." * level + name, self._package)
        return self._reads.imported(name if names else name.partition(".")[0])
