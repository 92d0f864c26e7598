"""The program's own modules: what lies beside the script travels with it, with its state and its source.

A module that is loaded travels by value, as the script itself does: loading it anew over there would run it
a second time and forget what it had counted. Its source, and that of modules beside it that have not been
imported yet, goes along, so that they can be imported there and tracebacks have their lines.
"""

from __future__ import annotations

import importlib.util
import linecache
import os
import site
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any
from zipimport import zipimporter

from pyteleport_jupyter.carried import is_carried

OURS = frozenset({"pyteleport_jupyter", "cloudpickle"})

SITE_FOLDERS = frozenset({"site-packages", "dist-packages"})
"""Names of folders that only installers fill, also those of another environment that lie on the path."""

SOURCES_LIMIT = 4 << 20
"""Most bytes of source of modules that are not loaded; a script may lie in a folder full of others."""

FILES_LIMIT = 500
"""Most such modules."""

_INIT = "__init__.py"


@dataclass(frozen=True)
class Source:
    """The source of one module: the path it had on the first host, and its bytes."""

    path: str
    content: bytes

    @property
    def is_package(self) -> bool:
        """Whether modules lie in it."""
        return os.path.basename(self.path) == _INIT


@dataclass(frozen=True)
class Companions:
    """``loaded``: names of the modules that travel by value. ``sources`` by module name, also of others."""

    loaded: tuple[str, ...]
    sources: dict[str, Source]


def find_companions() -> Companions:
    """The program's own modules, as they are now."""
    folders, installed = own_folders(), installed_places()
    archive = own_archive()
    loaded = {
        name: module
        for name, module in _modules()
        if _is_own(name, module, folders, installed) or _comes_from(module, archive)
    }
    sources = {name: source for name, module in loaded.items() if (source := source_of(module))}
    for name, source in _in_archive(archive) if archive else ():
        sources.setdefault(name, source)
    for name, source in find_unloaded(folders[:1], sources):
        sources.setdefault(name, source)
    return Companions(tuple(sorted(loaded)), sources)


def _modules() -> Iterator[tuple[str, ModuleType]]:
    for name, module in list(sys.modules.items()):
        if name not in ("__main__", "__mp_main__") and type(module) is ModuleType:
            yield name, module


def own_archive() -> zipimporter | None:
    """The zip that the program was started from (``python app.pyz``), which need not be on the target."""
    loader = getattr(sys.modules["__main__"], "__loader__", None)
    return loader if isinstance(loader, zipimporter) else None


def _comes_from(module: ModuleType, archive: zipimporter | None) -> bool:
    loader = getattr(getattr(module, "__spec__", None), "loader", None)
    return archive is not None and isinstance(loader, zipimporter) and loader.archive == archive.archive


def _in_archive(archive: zipimporter) -> Iterator[tuple[str, Source]]:
    """Modules in it, up to the limits."""
    # Takes a while to load, and hardly any program comes in a zip.
    import zipfile

    files, size = 0, 0
    with zipfile.ZipFile(archive.archive) as opened:
        for entry in opened.infolist():
            parts = entry.filename.removesuffix(".py").split("/")
            if not entry.filename.endswith(".py") or not all(part.isidentifier() for part in parts):
                continue
            files, size = files + 1, size + entry.file_size
            if files > FILES_LIMIT or size > SOURCES_LIMIT:
                return
            name = ".".join(parts).removesuffix(".__init__")
            if name not in ("__main__", "__init__") and name.partition(".")[0] not in OURS:
                path = os.path.join(archive.archive, *entry.filename.split("/"))
                yield name, Source(path, opened.read(entry))


def own_folders() -> list[str]:
    """Absolute folders that the program imports from and that no installation owns, the script's first."""
    entries = [os.path.abspath(entry) for entry in sys.path if os.path.isdir(entry or ".")]
    foreign = foreign_folders()
    return [entry for entry in dict.fromkeys(entries) if entry not in foreign]


def foreign_folders() -> set[str]:
    """Absolute folders on ``sys.path`` that the installation put there."""
    archives = {os.path.abspath(entry) for entry in sys.path if entry.endswith(".zip")}
    return {*installed_folders(), *_path_files(), *archives}


def installed_folders() -> set[str]:
    """Where the standard library and installed packages lie."""
    paths = sysconfig.get_paths()
    found = {paths[kind] for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    found |= {os.path.join(paths["platstdlib"], "lib-dynload"), *site.getsitepackages()}
    if isinstance(site.getusersitepackages(), str):
        found.add(site.getusersitepackages())
    found |= {entry for entry in sys.path if os.path.basename(os.path.normpath(entry)) in SITE_FOLDERS}
    return {os.path.abspath(folder) for folder in found}


def installed_places() -> tuple[str, ...]:
    """What the absolute paths of all that is installed begin with."""
    folders = {f"{folder}{os.sep}" for folder in installed_folders()}
    return (*folders, *(place for folder in own_folders() for place in _recorded(Path(folder))))


def _recorded(folder: Path) -> Iterator[str]:
    """Modules and packages that were installed into ``folder``, as ``pip install --target`` does, among which
    own ones may lie.

    Source: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    """
    for record in folder.glob("*.dist-info/RECORD"):
        try:
            lines = record.read_text(errors="replace").splitlines()
        except OSError:
            continue
        names = {line.partition(",")[0] for line in lines}
        tops = {(top, bool(rest)) for top, _, rest in (name.partition("/") for name in names)}
        yield from (
            str(folder / top) + os.sep * is_folder for top, is_folder in tops if top not in ("", ".", "..")
        )


def _path_files() -> set[str]:
    """Folders that ``.pth`` files have put into ``sys.path``: installed in place."""
    found = set()
    for folder in map(Path, installed_folders()):
        for file in folder.glob("*.pth") if folder.is_dir() else ():
            lines = file.read_text(errors="replace").splitlines()
            found |= {str(folder / line.strip()) for line in lines if line.strip()[:1] not in ("", "#")}
    return found


def _is_own(name: str, module: ModuleType, folders: Sequence[str], installed: tuple[str, ...]) -> bool:
    spec = getattr(module, "__spec__", None)
    if not isinstance(spec, ModuleSpec) or name.partition(".")[0] in OURS:
        return False
    if isinstance(spec.loader, CarriedLoader) or is_carried(name):
        return True
    if spec.origin is None or spec.loader is None:
        places = [os.path.join(os.path.abspath(place), "") for place in spec.submodule_search_locations or ()]
        return bool(places) and all(_lies_in(place, folders, installed) for place in places)
    origin = os.path.abspath(spec.origin)
    return isinstance(spec.loader, SourceFileLoader) and _lies_in(origin, folders, installed)


def _lies_in(path: str, folders: Sequence[str], installed: tuple[str, ...]) -> bool:
    """Whether ``path`` is in one of ``folders``, but not in an installation that lies there too."""
    return path.startswith(tuple(f"{folder}{os.sep}" for folder in folders)) and not path.startswith(
        installed
    )


def source_of(module: ModuleType) -> Source | None:
    """Path and text of a module, if its loader has them."""
    spec = module.__spec__
    loader: Any = spec.loader if spec else None
    path = spec.origin if spec else None
    if path is None or loader is None:
        return None
    try:
        return Source(path, loader.get_data(path))
    except OSError:
        return None


def find_unloaded(folders: Sequence[str], known: Mapping[str, Source]) -> Iterator[tuple[str, Source]]:
    """Modules beside the script that nobody has imported yet, up to the limits."""
    finder = next((finder for finder in sys.meta_path if isinstance(finder, CarriedFinder)), None)
    if finder is not None:
        yield from finder.sources.items()
    files, size = 0, 0
    for folder in folders:
        for name, path in _module_files(Path(folder), ""):
            files += 1
            if files > FILES_LIMIT:
                return
            if name in known:
                continue
            try:
                size += path.stat().st_size
                if size > SOURCES_LIMIT:
                    return
                yield name, Source(str(path), path.read_bytes())
            except OSError:
                continue


def _module_files(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.suffix == ".py" and entry.stem.isidentifier():
            name = prefix.rstrip(".") if entry.name == _INIT else prefix + entry.stem
            if name:
                yield name, entry
        elif entry.name.isidentifier() and (entry / _INIT).is_file() and (prefix or entry.name not in OURS):
            yield from _module_files(entry, f"{prefix}{entry.name}.")


class CarriedLoader(SourceFileLoader):
    """Loads a module from the source that came along; its path need not exist here."""

    def __init__(self, name: str, source: Source) -> None:
        super().__init__(name, source.path)
        self.source = source
        self.arrived = time.time()

    def get_data(self, path: str) -> bytes:
        """The source, or what it was edited to since it came; a file beside it, if it is here too."""
        if path == self.source.path and not self._is_edited(path):
            return self.source.content
        return super().get_data(path)

    def _is_edited(self, path: str) -> bool:
        try:
            return os.stat(path).st_mtime > self.arrived
        except OSError:
            return False

    def path_stats(self, path: str) -> Mapping[str, Any]:
        """There is no file to look at, so no byte code is looked for either."""
        raise OSError(path)


class CarriedFinder:
    """A finder for ``sys.meta_path`` that serves the sources that came along."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self.sources = dict(sources)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a module that came along, None for all others."""
        source = self.sources.get(name)
        return None if source is None else spec_of(name, source)


def spec_of(name: str, source: Source) -> ModuleSpec | None:
    """How the import system describes the module."""
    places = [os.path.dirname(source.path)] if source.is_package else None
    loader = CarriedLoader(name, source)
    return importlib.util.spec_from_file_location(
        name, source.path, loader=loader, submodule_search_locations=places
    )


def serve_sources(sources: Mapping[str, Source]) -> None:
    """Let them be imported here, before anything that lies on the path: so it was where they come from."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, CarriedFinder)]
    position = sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else len(sys.meta_path)
    sys.meta_path.insert(position, CarriedFinder(sources))
    for source in sources.values():
        show_lines(source.path, source.content.decode("utf-8", "replace"))


def show_lines(path: str, text: str) -> None:
    """Let tracebacks find the lines of a file that is not here (``linecache`` never drops an entry without a
    time).
    """
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)


def introduce(modules: Mapping[str, ModuleType], sources: Mapping[str, Source]) -> None:
    """Give modules that have been rebuilt what belongs to the import system."""
    for name, module in modules.items():
        sys.modules[name] = module
        source = sources.get(name)
        spec = spec_of(name, source) if source else ModuleSpec(name, None, is_package=True)
        module.__spec__ = spec
        module.__loader__ = spec.loader if spec else None
