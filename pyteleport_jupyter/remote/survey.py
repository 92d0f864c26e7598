"""What the target has: Python, ipykernel, IPython, and the packages that the session uses. Nothing of it is
imported.

``importlib.metadata`` would take longer to import than all of this takes to run, so the folders are read by
hand.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import PathFinder

_METADATA_FOLDER = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)(?:-.+)?\.(?:dist|egg)-info")
NAMES_LIMIT = 1 << 20
"""Most bytes read of a file that lists what a distribution contains."""


def survey(modules: Iterable[str], paths: Sequence[str] = (), python: str = "") -> dict[str, object]:
    """Versions as plain data: ``python``, ``magic``, ``executable``, ``ipykernel``, ``ipython``,
    ``packages``.

    ``paths`` are folders that the session will import from as well, where they exist here. ``python`` is the
    interpreter of an environment that comes before this one's packages.
    """
    ahead = [site_packages(python)] if python else []
    packages = package_versions({*modules, "ipykernel", "IPython"}, paths, ahead)
    return {
        "python": sys.version.split()[0],
        "magic": importlib.util.MAGIC_NUMBER.hex(),
        "executable": python or sys.executable,
        "ipykernel": packages["ipykernel"],
        "ipython": packages["IPython"],
        "packages": {name: packages[name] for name in modules},
        "codecs": ["zstd", "zlib"] if _is_there("compression.zstd") or _is_there("zstandard") else ["zlib"],
    }


def site_packages(python: str) -> str:
    """Where the environment of ``python`` has its own packages."""
    root = os.path.dirname(os.path.dirname(python))
    return os.path.join(root, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")


def package_versions(
    modules: Iterable[str], paths: Sequence[str] = (), ahead: Sequence[str] = ()
) -> dict[str, str | None]:
    """Version for each top-level module: None if it cannot be imported, empty if nobody says its version.

    ``ahead`` are folders of packages that come before this interpreter's own.
    """
    wanted = {name for name in modules if _is_there(name) or _is_in(name, [*ahead, *paths])}
    versions: dict[str, str | None] = {name: None if name not in wanted else "" for name in modules}
    unnamed = wanted - set(sys.stdlib_module_names)
    folders = list(_metadata_folders(ahead)) if unnamed else []
    by_name = {_normal(name): version for name, version, _ in reversed(folders)}
    for name in sorted(unnamed):
        if _normal(name) in by_name:
            versions[name] = by_name[_normal(name)]
            unnamed.discard(name)
    versions.update(_look_inside(unnamed, folders))
    return versions


def _is_there(module: str) -> bool:
    if module in sys.modules or module in sys.builtin_module_names:
        return True
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def _is_in(module: str, paths: Sequence[str]) -> bool:
    """Whether one of ``paths`` has it: a shared home, or the same checkout on both sides."""
    try:
        return PathFinder.find_spec(module, [path for path in paths if os.path.isabs(path)]) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def _normal(name: str) -> str:
    """Names of distributions compare like this (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _metadata_folders(ahead: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Name, version and path of every installed distribution, in the order in which they are found."""
    for folder in (*ahead, *sys.path):
        try:
            entries = os.listdir(folder or ".")
        except OSError:
            continue
        for entry in entries:
            if found := _METADATA_FOLDER.fullmatch(entry):
                yield found["name"], found["version"], os.path.join(folder, entry)


def _look_inside(modules: set[str], folders: list[tuple[str, str, str]]) -> dict[str, str | None]:
    """Versions of modules that are not named after their distribution (``sklearn``, ``PIL``, ``yaml``)."""
    found: dict[str, str | None] = {}
    for _, version, path in folders:
        if not modules:
            break
        for module in modules & _top_level_names(path):
            found[module] = version
            modules.discard(module)
    return found


def _top_level_names(metadata: str) -> set[str]:
    names = set(_read(os.path.join(metadata, "top_level.txt")).split())
    if not names:
        record = _read(os.path.join(metadata, "RECORD"))
        names = {re.split(r"[/.,]", line, maxsplit=1)[0] for line in record.splitlines()}
    return names


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(NAMES_LIMIT)
    except OSError:
        return ""
