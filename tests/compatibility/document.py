"""Writes docs/COMPATIBILITY.md: what was moved there and back, with which versions (in ``tests``:
``python -m compatibility.document``).
"""

from __future__ import annotations

import importlib.metadata
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from compatibility import package, package_names
from compatibility.driver import Verdict, verdicts

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "COMPATIBILITY.md"
HEAD = """# Compatibility

Each of these objects was made here, moved to a fresh process, compared, changed there, brought back and compared again.
This page is written by the nightly form of the tests (`python -m compatibility.document` in `tests`); the objects are in
`tests/compatibility/packages`. A class that is not in the list most likely moves too: what pickles moves. Tensors and modules of torch have
tests of their own (`tests/test_objects_torch.py`), which are skipped where torch is not installed, as in CI, and were run by hand with torch
2.15 on a host without a GPU. The classes here move on Python 3.13 as well (run by hand).

{moving} classes of {packages} packages move{staying}. {python}

| package | class | |
|---|---|---|
"""


def installed(name: str) -> str | None:
    """The version of a package's distribution, None if there is none."""
    try:
        return importlib.metadata.version(package(name).distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def page(results: dict[str, list[Verdict]]) -> str:
    """The whole page."""
    rows, moving, staying = [], 0, 0
    for name, found in results.items():
        version = installed(name)
        for verdict in found:
            moving += verdict.outcome == "moves"
            staying += verdict.outcome == "stays"
            words = "moves" if verdict.outcome == "moves" else f"{verdict.outcome}: {_short(verdict.words)}"
            rows.append(f"| {package(name).distribution} {version} | `{verdict.specimen.kind}` | {words} |")
    stays = f", {staying} stay, for the reasons given" if staying else ""
    python = f"Python {sys.version.split()[0]}."
    head = HEAD.format(moving=moving, packages=len(results), staying=stays, python=python)
    return head + "\n".join(rows) + "\n"


def _short(words: str) -> str:
    line = " ".join(words.replace("|", "/").split())
    return line if len(line) <= 120 else f"{line[:117]}..."


def main() -> int:
    """Move everything that is installed here; the number of broken promises."""
    names = [name for name in package_names() if installed(name)]
    with ThreadPoolExecutor(2) as pool:
        results = dict(zip(names, pool.map(verdicts, names), strict=True))
    DOCUMENT.write_text(page(results))
    broken = [verdict for found in results.values() for verdict in found if not verdict.is_expected]
    for verdict in broken:
        print(verdict)
    return len(broken)


if __name__ == "__main__":
    sys.exit(bool(main()))
