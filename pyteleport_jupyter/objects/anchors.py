"""Objects that exist on both sides: they travel by name, and what is called so there takes their place."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Protocol

from pyteleport_jupyter.carried import all_carried
from pyteleport_jupyter.objects import names

CONTAINERS = (dict, list, set, frozenset, tuple, bytes, str, bytearray)
"""Types that the pickler writes without asking a reducer: anchors of these go into its memo beforehand."""


class Anchors(Protocol):
    """Who knows the live objects of a session by name, in both directions."""

    @property
    def by_name(self) -> Mapping[str, object]:
        """The live objects here. Two names for one object are fine; the first counts."""

    @property
    def namespace(self) -> dict[str, Any]:
        """The dict that is the globals of the notebook's functions."""

    def resolve(self, name: str) -> object:
        """The live object called ``name`` here; raises KeyError if there is none."""


@dataclass(frozen=True)
class NamespaceAnchors:
    """The anchors of a plain namespace without a shell, as scripts and tests have it."""

    namespace: dict[str, Any]
    by_name: Mapping[str, object] = field(default_factory=dict)

    def resolve(self, name: str) -> object:
        return self.by_name[name]


@dataclass(frozen=True)
class Reference:
    """Stands in the stream for ``target``, which the other side finds under ``kind`` and ``name``.

    With an ``owner`` it is the ``__dict__`` of this module or object, which travels by value.
    """

    kind: str
    name: str
    target: Any = field(repr=False, compare=False)
    owner: object = None


def resolve_reference(kind: str, name: str) -> Any:
    """Never called: the unpickler puts the resolver of its own anchors in this place."""
    raise RuntimeError(f"{kind} {name} can only be resolved while a session is loaded")


def resolver(anchors: Anchors) -> Callable[[str, str], Any]:
    """The function that :func:`resolve_reference` stands for, on the side with ``anchors``."""
    ways: dict[str, Callable[[str], Any]] = {
        "anchor": anchors.resolve,
        "namespace": lambda name: anchors.namespace,
        "module": names.import_named,
        "globals": lambda name: vars(names.import_named(name)),
        "variable": lambda name: names.find_variable(*name.split(":")),
    }
    return lambda kind, name: ways[kind](name)


LIVE_VARIABLES = (
    "sys:__stdin__", "sys:__stdout__", "sys:__stderr__", "sys:modules", "sys:path", "sys:flags", "os:environ",
    "threading:_main_thread", "random:_inst", "numpy.random.mtrand:_rand", "matplotlib:rcParams",
    "logging:root", "traitlets.traitlets:Undefined", "traitlets.traitlets:All", "argparse:SUPPRESS",
)  # fmt: skip
"""``module:name`` of objects with state that belong to their module, hence to the process: never copied. And
of a text that its module compares with ``is``.
"""


def live_objects(anchors: Anchors) -> set[int]:
    """``id`` of what travels by name, but for modules: on the other side it is what is called so there."""
    variables = (_variable(name) for name in LIVE_VARIABLES)
    return {id(target) for target in (*anchors.by_name.values(), anchors.namespace, *variables)}


def references(anchors: Anchors) -> dict[int, Reference]:
    """``id`` -> :class:`Reference` of all that travels by name; anchors win over the names of modules."""
    found: dict[int, Reference] = {}
    for name, target in anchors.by_name.items():
        found.setdefault(id(target), Reference("anchor", name, target))
    found.setdefault(id(anchors.namespace), Reference("namespace", "", anchors.namespace))
    of_modules = _module_references(anchors.namespace)
    for reference in _variable_references():
        if id(reference.target) not in of_modules:
            found.setdefault(id(reference.target), reference)
    return {**of_modules, **found}


_Modules = tuple[tuple[str, Any], ...]
_last: tuple[object, dict[str, Any], _Modules, dict[int, Reference]] = (None, {}, (), {})


def _module_references(namespace: dict[str, Any]) -> dict[int, Reference]:
    """Those of modules. Kept until a module comes, goes, or is another one: there may be thousands."""
    global _last
    key = (id(namespace), all_carried(), list(sys.modules), list(map(id, sys.modules.values())))
    if _last[0] != key:
        # The objects are held, so that no others can have their ``id``.
        modules = tuple(sys.modules.items())
        found: dict[int, Reference] = {}
        for reference in _find_module_references(namespace, modules):
            found.setdefault(id(reference.target), reference)
        _last = (key, namespace, modules, found)
    return _last[-1]


def _find_module_references(namespace: dict[str, Any], modules: _Modules) -> list[Reference]:
    found = []
    for name, module in modules:
        if not issubclass(type(module), ModuleType):  # anything may be put into sys.modules
            continue
        content = object.__getattribute__(
            module, "__dict__"
        )  # a lazy module would load itself on an ordinary access
        if content is namespace:
            found.append(Reference("module", name, module))
        elif type(module) is not ModuleType or names.is_importable_module(name):
            found += [Reference("module", name, module), Reference("globals", name, content)]
    return found


def _variable_references() -> list[Reference]:
    return [
        Reference("variable", name, target)
        for name in LIVE_VARIABLES
        if (target := _variable(name)) is not None
    ]


def _variable(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(sys.modules.get(module), attribute, None)
