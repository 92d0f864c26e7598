"""Variables of the notebook's own modules: what was set since the import goes along with a cell that reads it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from errand_kernels import ErrandKernel, facts, reports

from pyteleport_jupyter.companions import Companions, Source
from pyteleport_jupyter.errands.module_changes import SetSinceImport
from pyteleport_jupyter.errands.module_reads import ModuleReads
from pyteleport_jupyter.errands.needs import codes_of

SETTINGS = """
import os
import threading
from math import floor
rate = 1
limits = {"low": 0}
place = os.getpid()
seen = []
def doubled(): return rate * 2
def remember(value):
    seen.append(value)
    return len(seen)
def fast():
    global place
    place = "fast"
class Model:
    def predict(self): return limits["low"]
model = Model()
lock = None
"""
TOOLS = """
from settings import limits
import settings
def slow():
    settings.place = "slow"
def now(): return settings.rate, limits["low"]
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ErrandKernel]:
    folder = tmp_path_factory.mktemp("modules")
    (folder / "settings.py").write_text(SETTINGS)
    (folder / "tools.py").write_text(TOOLS)
    kernel = ErrandKernel(folder)
    kernel.run(f"import sys; sys.path.insert(0, {str(folder)!r}); import settings, tools")
    yield kernel
    kernel.end()


def test_what_was_set_here_is_so_there_and_comes_back_changed(kernel: ErrandKernel) -> None:
    kernel.run(
        "settings.rate = 5; settings.limits['low'] = 3; alias = settings.limits; model = settings.Model()"
    )
    run = kernel.there(
        "assert settings.limits is tools.limits is alias\n"
        "settings.limits['high'] = 9\nsettings.rate += 1\nsettings.new = 1\n"
        "settings.doubled(), model.predict(), tools.now()"
    )
    assert run.result == "(12, 3, (6, 3))"
    assert kernel.value("settings.rate, settings.new, settings.limits, alias is settings.limits is tools.limits") == (
        6, 1, {"low": 3, "high": 9}, True,
    )  # fmt: skip
    assert {"settings.rate", "settings.limits"} <= set(facts(run)["sent"])
    assert {"settings.rate", "settings.new"} <= set(facts(run)["returned"])


def test_what_a_function_of_the_module_sets_comes_back(kernel: ErrandKernel) -> None:
    assert kernel.there("settings.remember('a')").result == "1"
    assert kernel.there("from settings import remember\nremember('b')").result == "2"
    assert kernel.value("settings.seen") == ["a", "b"]
    kernel.there("settings.fast()\ndel settings.new")
    assert kernel.value("settings.place, hasattr(settings, 'new')") == ("fast", False)


def test_what_a_generator_reads_of_a_module_goes_along(kernel: ErrandKernel) -> None:
    kernel.run("settings.rate = 8; rates = (settings.rate for _ in range(2))")
    assert kernel.there("next(rates)").result == "8"


def test_what_cannot_go_along_or_is_not_to_stays_on_each_side(kernel: ErrandKernel) -> None:
    kernel.run("import socket; settings.lock = socket.socket(); settings.rate = 7")
    run = kernel.there("settings.lock is None, settings.rate", "--exclude settings.rate")
    assert run.result is not None
    assert run.result.startswith("(True,")
    assert "each side has its own: settings.lock" in reports(run)[-1]
    kernel.there("settings.rate = 8", "--exclude settings.rate")
    assert kernel.value("settings.rate") == 7
    kernel.run("vars(settings).update(place='hidden')")
    assert kernel.there("settings.place == 'hidden'", "-i settings.place").result == "True"
    assert "no variable settings.absent" in str(kernel.there("1", "-i settings.absent").error)
    kernel.run("settings.lock.close(); settings.lock = None")


def test_two_places_that_set_one_variable_are_a_conflict(kernel: ErrandKernel) -> None:
    kernel.run(
        "settings.rate = 1\n"
        "run = get_ipython().run_cell_magic('teleport', 'local --bg', 'settings.rate = 2')\n"
        "settings.rate = 3; run.result()"
    )
    assert kernel.value("settings.rate, run.variables") == (3, {"local": {"settings.rate": 2}})


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    found = {}
    for name, source in (("settings", SETTINGS), ("tools", TOOLS)):
        module = ModuleType(name)
        module.__package__ = ""
        monkeypatch.setitem(sys.modules, name, module)
        exec(source, vars(module))
        found[name] = module
    return found


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("settings.rate", "settings.rate"),
        ("settings.rate = 1", ""),
        ("settings.rate += 1", "settings.rate"),
        ("settings.limits['low'] = 1", "settings.limits"),
        ("import settings as s\ndef f(): return s.rate", "settings.rate"),
        ("from settings import rate as r, place", "settings.rate settings.place"),
        ("def f():\n    import settings\n    return settings.rate", "settings.rate"),
        ("tools.settings.rate", "settings.rate"),
        ("tools.now()", "settings.rate tools.limits tools.now"),
        ("settings.Model", "settings.Model settings.limits"),
        ("vars(settings)['rate']", " ".join(f"settings.{name}" for name in (
            "rate", "limits", "place", "seen", "doubled", "remember", "fast", "Model", "model", "lock", "floor",
        ))),
        ("rate", ""),
    ],
)  # fmt: skip
def test_variables_that_a_cell_reads(cell: str, names: str, own: dict[str, ModuleType]) -> None:
    reads = ModuleReads(own, dict(own))
    reads.read_cell(codes_of(cell))
    assert {".".join(place) for place in reads.found} == set(names.split())


@pytest.mark.parametrize(
    ("before", "names"),
    [
        ("", ""),
        ("settings.rate = 2", "rate"),
        ("settings.limits = ()", "limits"),
        ("settings.rate = True", "rate"),
        ("settings.place = 1", "place"),
        ("setattr(settings, 'place', 1)", "place"),
        ("self.place = 1", ""),
        ("get_ipython().run_cell_magic('time', '', 'settings.place = 1')", "place"),
        ("settings.extra = 1", "extra"),
        ("settings.doubled = lambda: 1", "doubled"),
    ],
)
def test_variables_that_were_set_since_the_import(
    before: str, names: str, own: dict[str, ModuleType]
) -> None:
    # Without the functions in them that set variables, which may have been called.
    source = SETTINGS.replace("global place", "")
    sources = {"settings": Source("settings.py", source.encode())}
    if not before.startswith(("self", "get_ipython")):
        exec(before, dict(own))
    changes = SetSinceImport(Companions(("settings",), sources), [before])
    read: dict[tuple[str, str], Any] = {
        ("settings", name): value
        for name, value in vars(own["settings"]).items()
        if not name.startswith("__") and not isinstance(value, ModuleType) and name not in ("floor", "lock")
    }
    read = {place: value for place, value in read.items() if place[1] not in UNDEFINED or place[1] in names}
    always = {"limits", "seen", "model"}
    assert {name for _, name in changes.among(read)} == always | set(names.split())


UNDEFINED = {"doubled", "remember", "fast", "Model"}
"""Definitions in a module that cannot be imported are no definitions for us."""
