"""Which classes of which packages move: made here, moved, compared, changed there, brought back, compared.

A file of ``packages`` for each package; ``driver.py`` does all of its objects in one move there and one back.
``python -m compatibility.document`` (in ``tests``) writes docs/COMPATIBILITY.md from it.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

PACKAGES = Path(__file__).parent / "packages"


@dataclass(frozen=True)
class Specimen:
    """One object, called ``x`` in all of its code.

    ``make`` is an expression, or statements that set ``x``; ``look`` an expression whose repr must be the
    same on both sides; ``change`` statements that are run on the far side. ``stays``: the reason why it cannot
    move, a part of what the user reads.
    """

    kind: str
    make: str
    look: str
    change: str = ""
    stays: str = ""


@dataclass(frozen=True)
class Package:
    """``distribution`` is its name on PyPI; ``setup`` is run before anything is made."""

    distribution: str
    module: str
    setup: str
    specimens: tuple[Specimen, ...]


def package_names() -> list[str]:
    """Names of all files in ``packages``, in order."""
    return sorted(path.stem for path in PACKAGES.glob("*.py") if path.stem != "__init__")


def package(name: str) -> Package:
    """The package that the file ``name`` describes."""
    found: ModuleType = importlib.import_module(f"compatibility.packages.{name}")
    rows = tuple(Specimen(*row) for row in found.SPECIMENS)
    return Package(found.DISTRIBUTION, found.MODULE, found.SETUP, rows)
