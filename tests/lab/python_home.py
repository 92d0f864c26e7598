"""The Python of a lab host: a virtual environment of its own whose packages are borrowed from pytest's.

A virtual environment is a pyvenv.cfg, a link to the interpreter and a site-packages directory. Filling the
latter with links costs milliseconds where installing costs seconds, needs no network, and lets a host lack
single packages.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from .specification import HostSpecification

OUR_DISTRIBUTION = "pyteleport-jupyter"
CHECKOUT = Path(__file__).resolve().parents[2]
SUPPORTED_MINORS = (11, 12, 13, 14)


def other_python() -> Path | None:
    """An interpreter of another minor than ours: from PATH, else from pyenv's or uv's folders; None if there
    is none.
    """
    for minor in SUPPORTED_MINORS:
        if minor == sys.version_info.minor:
            continue
        found = python_of_minor(minor)
        if found is not None:
            return found
    return None


def python_of_minor(minor: int) -> Path | None:
    """The real path of a working ``python3.MINOR``, or None."""
    name = f"python3.{minor}"
    on_path = shutil.which(name)
    folders = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/{name}"))
    folders += sorted(Path.home().glob(f".local/share/uv/python/cpython-3.{minor}*/bin/{name}"))
    candidates = ([Path(on_path)] if on_path else []) + folders
    return next((Path(executable) for c in candidates if (executable := base_executable(c))), None)


def base_executable(python: Path) -> str | None:
    """What ``python`` (maybe a pyenv shim, a link or a virtual environment) really is; None if it does not
    run.
    """
    question = "import os, sys; print(os.path.realpath(sys._base_executable))"
    try:
        done = subprocess.run(
            [python, "-I", "-c", question], capture_output=True, text=True, timeout=20, check=False
        )
    except OSError:
        return None
    return done.stdout.strip() or None


def own_executable() -> str:
    """The real interpreter behind the one that runs pytest."""
    return os.path.realpath(str(getattr(sys, "_base_executable", sys.executable)))


def installation(executable: str) -> Path:
    """The folder that an interpreter needs to run: its prefix."""
    return Path(executable).parent.parent


def make_environment(executable: str, place: Path) -> Path:
    """A virtual environment without packages at ``place``; returns its site-packages."""
    command = [executable, "-I", "-m", "venv", "--without-pip", "--symlinks", str(place)]
    subprocess.run(command, check=True, timeout=60, stdin=subprocess.DEVNULL)
    return next(place.glob("lib/python3.*/site-packages"))


def normalized(name: str) -> str:
    """A distribution name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def entries_of(names: Iterable[str]) -> set[str]:
    """The top-level entries of site-packages that belong to these distributions."""
    unwanted = {normalized(name) for name in names}
    entries: set[str] = set()
    for distribution in metadata.distributions():
        if normalized(distribution.metadata["Name"]) in unwanted:
            entries |= {file.parts[0] for file in distribution.files or ()}
    return entries - {"..", "__pycache__"}


def shared_folders() -> dict[str, Path]:
    """What hosts borrow, by its name on the host: packages (pure and compiled), data of Jupyter."""
    paths = sysconfig.get_paths()
    folders = {
        "packages": Path(paths["purelib"]).resolve(),
        "compiled": Path(paths["platlib"]).resolve(),
        "jupyter": Path(paths["data"]) / "share/jupyter",
    }
    if folders["compiled"] == folders["packages"]:
        del folders["compiled"]
    return {name: folder for name, folder in folders.items() if folder.is_dir()}


def borrow_packages(
    spec: HostSpecification, environment: Path, site_packages: Path, seen_at: Mapping[str, str]
) -> None:
    """Link pytest's packages into the host's, but those the host lacks.

    ``seen_at``: where the :func:`shared_folders`, and the ``checkout``, lie on the host.
    .pth files are not borrowed: they would add our own checkout where it must not be.
    """
    folders = shared_folders()
    missing = entries_of({*spec.without, OUR_DISTRIBUTION}) | {"__pycache__"}
    for name in sorted(folders.keys() & {"packages", "compiled"}):
        for path in folders[name].iterdir():
            if path.name not in missing and path.suffix != ".pth":
                (site_packages / path.name).symlink_to(f"{seen_at[name]}/{path.name}")
    if spec.has_us:
        (site_packages / "checkout.pth").write_text(f"{seen_at['checkout']}\n")
    if "jupyter" in folders:
        (environment / "share").mkdir()
        (environment / "share/jupyter").symlink_to(seen_at["jupyter"])
