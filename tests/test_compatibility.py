"""Objects of many packages, there and back. What is a dependency of the tests is moved by ``make test``, the rest
nightly, where the extra ``compatibility`` is installed.
"""

from __future__ import annotations

import pytest
from compatibility import package, package_names
from compatibility.document import DOCUMENT, installed
from compatibility.driver import verdicts

ALWAYS = ("numpy", "pandas", "matplotlib", "ipywidgets", "tqdm", "requests", "beautifulsoup4", "attrs")
"""Short ones that hold the most; all of these are dependencies of the tests, or of those."""


@pytest.mark.parametrize(
    "name",
    [name if name in ALWAYS else pytest.param(name, marks=pytest.mark.nightly) for name in package_names()],
)
def test_there_and_back(name: str) -> None:
    if installed(name) is None:
        pytest.skip("not installed: the extra `compatibility` has it")
    assert [str(verdict) for verdict in verdicts(name) if not verdict.is_expected] == []


def test_the_list_is_long_enough() -> None:
    described = [package(name) for name in package_names()]
    moving = {specimen.kind for each in described for specimen in each.specimens if not specimen.stays}
    assert len(moving) >= 150
    assert len(described) >= 30


def test_the_document_tells_of_all() -> None:
    text = DOCUMENT.read_text()
    missing = [
        specimen.kind
        for name in package_names()
        for specimen in package(name).specimens
        if f"`{specimen.kind}`" not in text
    ]
    assert missing == [], "run python -m compatibility.document in tests"
    assert "| fails" not in text
