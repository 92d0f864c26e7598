"""The notebook's own modules: what lies beside it, on its path, or in a package that is installed in place.

They travel by value, with their state and their source, as those of scripts do
(:mod:`pyteleport_jupyter.companions`), so nothing of them need be installed on the target. Extensions
of IPython are the exception: they are loaded anew, from the source.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib.machinery import ExtensionFileLoader, ModuleSpec, SourceFileLoader
from types import ModuleType
from typing import Any

from pyteleport_jupyter.companions import (
    OURS,
    CarriedLoader,
    Companions,
    find_unloaded,
    installed_places,
    introduce,
    own_folders,
    serve_sources,
    source_of,
)
from pyteleport_jupyter.session.item import Item, Phase
from pyteleport_jupyter.session.surroundings import loaded_extensions

KEEPS_BOOKS = frozenset({"sqlalchemy.orm.decl_api"})
"""Modules with metaclasses that enter each class in registers, which cannot be made again from the class."""

SOURCE_LIMIT = 16 << 20
"""Most bytes of source of one package: what is larger is no part of a notebook, and must be there."""


def find_own_modules(shell: Any) -> Companions:
    """The own modules of the session, and the sources of those beside the notebook that nobody imported."""
    own = own_modules()
    sources = {name: source for name, module in own.items() if (source := source_of(module))}
    for name, source in find_unloaded([os.getcwd()], sources):
        sources.setdefault(name, source)
    anew = {name.partition(".")[0] for name in loaded_extensions(shell)}
    loaded = [
        name
        for name, module in own.items()
        if name.partition(".")[0] not in anew and not _must_be_imported(name, module)
    ]
    # In the same order everywhere: what was sent once need not be sent again.
    return Companions(tuple(sorted(loaded)), dict(sorted(sources.items())))


def _must_be_imported(name: str, module: ModuleType) -> bool:
    """Whether classes of the module are known to somebody who was told when they were defined."""
    return any(
        isinstance(value, type) and value.__module__ == name and type(value).__module__ in KEEPS_BOOKS
        for value in list(vars(module).values())
    )


def own_modules() -> dict[str, ModuleType]:
    """Loaded modules of pure Python that no installation owns, by name."""
    installed = installed_places()
    compiled = {name.partition(".")[0] for name in _compiled(installed)}
    own = {
        name: module
        for name, module in _candidates()
        if name.partition(".")[0] not in compiled and _is_own(vars(module)["__spec__"], installed)
    }
    large = _large(own)
    return {name: module for name, module in own.items() if name.partition(".")[0] not in large}


def _large(own: Mapping[str, ModuleType]) -> set[str]:
    """Top-level names with more source than ``SOURCE_LIMIT``, of what has not travelled before."""
    sizes: Counter[str] = Counter()
    for name, module in own.items():
        spec = vars(module)["__spec__"]
        if spec.origin and not isinstance(spec.loader, CarriedLoader):
            with contextlib.suppress(OSError):
                sizes[name.partition(".")[0]] += os.path.getsize(spec.origin)
    return {name for name, size in sizes.items() if size > SOURCE_LIMIT}


def _candidates() -> Iterator[tuple[str, ModuleType]]:
    for name, module in list(sys.modules.items()):
        top = name.partition(".")[0]
        is_plain = type(module) is ModuleType and isinstance(vars(module).get("__spec__"), ModuleSpec)
        if is_plain and top not in OURS and name not in ("__main__", "__mp_main__"):
            yield name, module


def _compiled(installed: tuple[str, ...]) -> Iterator[str]:
    """Modules that are not installed, and no source either: what they belong to must be there."""
    for name, module in _candidates():
        spec = vars(module)["__spec__"]
        if isinstance(spec.loader, ExtensionFileLoader) and not str(spec.origin).startswith(installed):
            yield name


def _is_own(spec: ModuleSpec, installed: tuple[str, ...]) -> bool:
    if isinstance(spec.loader, CarriedLoader):
        return True
    if spec.origin is None or spec.loader is None:
        places = [os.path.join(os.path.abspath(place), "") for place in spec.submodule_search_locations or ()]
        return bool(places) and not any(place.startswith(installed) for place in places)
    return isinstance(spec.loader, SourceFileLoader) and not os.path.abspath(spec.origin).startswith(
        installed
    )


def modules_that_travel(companions: Companions) -> dict[str, ModuleType]:
    """Those on the notebook's path, whoever refers to them; of packages installed in place only what the
    session refers to is carried, which may be a small part of them.
    """
    folders = tuple(f"{folder}{os.sep}" for folder in own_folders())
    return {name: sys.modules[name] for name in companions.loaded if _lies_in(companions, name, folders)}


def _lies_in(companions: Companions, name: str, folders: tuple[str, ...]) -> bool:
    source = companions.sources.get(name)
    return source is not None and source.path.startswith(folders)


def introduce_own_modules(companions: Companions, travelled: dict[str, ModuleType]) -> None:
    """Give all that have arrived by value what belongs to the import system."""
    met = {name: sys.modules[name] for name in companions.loaded if name in sys.modules}
    hollow = {name: module for name, module in met.items() if vars(module).get("__spec__") is None}
    introduce({**hollow, **travelled}, companions.sources)


def top_level_names(names: Iterable[str]) -> set[str]:
    """``a`` for ``a.b.c``."""
    return {name.partition(".")[0] for name in names}


def restore_sources(shell: Any, companions: Companions) -> None:
    """Let them be imported here."""
    if companions.sources:
        serve_sources(companions.sources)


ITEMS: tuple[Item, ...] = (
    Item("own modules", Phase.SURROUNDINGS, lambda shell, _: find_own_modules(shell), restore_sources),
)
