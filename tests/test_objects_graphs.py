"""Random notebooks arrive as they were, also a second time. More of them: ``pytest -m nightly``."""

from __future__ import annotations

import ast

import pytest
from objects_graphs import Notebook, canonical
from objects_travel import Far, session_of

from pyteleport_jupyter import objects
from pyteleport_jupyter.objects.verification import digests

pytest_plugins = ["objects_fixtures"]

DIFFERENCES = (
    "__import__('pyteleport_jupyter.objects.verification').objects.verification"
    ".differences(items['seen'], globals(), ())"
)
SEEDS = [range(first, first + 10) for first in (0, 10)]
MORE = [pytest.param(range(first, first + 50), marks=pytest.mark.nightly) for first in range(100, 1100, 50)]


@pytest.mark.parametrize("seeds", [*SEEDS, *MORE], ids=lambda seeds: f"from {seeds[0]}")
def test_a_random_notebook_arrives_twice(own_main: None, far_process: Far, seeds: range) -> None:
    for seed in seeds:
        notebook = Notebook(seed)
        session = session_of(notebook.namespace, seen=digests(notebook.namespace, ()))
        far_process.load(objects.dump(session, objects.NamespaceAnchors(notebook.namespace, {}), {}))
        assert far_process(DIFFERENCES) == "[]", f"seed {seed}:\n{notebook.source}"
        far_process("__import__('objects_graphs').go_on()")
        there = ast.literal_eval(far_process("__import__('objects_graphs').canonical()"))
        assert there == canonical(), f"seed {seed}:\n{notebook.source}"
