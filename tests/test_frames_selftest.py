"""An interpreter that is not known is refused before its memory is read."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pyteleport_jupyter.errors import InterpreterUnsupported
from pyteleport_jupyter.frames import generators, layout, selftest


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    selftest._reason_against.cache_clear()
    yield
    selftest._reason_against.cache_clear()


def test_this_interpreter_passes() -> None:
    selftest.check_interpreter()
    assert all(holds() for holds, _ in selftest.CHECKS)


@pytest.mark.parametrize("index", range(len(selftest.CHECKS)))
def test_each_check_that_fails_is_a_sentence(index: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def must_not_be_reached() -> bool:
        raise AssertionError("checked after one that failed")

    checks = [
        (lambda: True, reason) if number < index else (must_not_be_reached, reason)
        for number, (_, reason) in enumerate(selftest.CHECKS)
    ]
    checks[index] = (lambda: False, selftest.CHECKS[index][1])
    monkeypatch.setattr(selftest, "CHECKS", tuple(checks))
    with pytest.raises(InterpreterUnsupported, match=selftest.CHECKS[index][1]):
        selftest.check_interpreter()


@pytest.mark.parametrize(
    "field", ["owner", "localsplus", "generator_frame", "instruction", "generator_state"]
)
def test_a_wrong_offset_is_noticed(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(layout.HERE, **{field: getattr(layout.HERE, field) + 8})
    monkeypatch.setattr(layout, "HERE", wrong)
    monkeypatch.setattr(selftest, "HERE", wrong)
    probed = {"localsplus": False, "generator_frame": False}
    if field == "generator_frame":
        monkeypatch.setattr(layout.RawFrame, "generator", None)
    assert selftest._reads_suspended_frame() is probed.get(field, False)


def test_nothing_is_reduced_where_the_self_test_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "CHECKS", ((lambda: False, "of a test"),))
    with pytest.raises(InterpreterUnsupported, match="of a test"):
        generators.reduce_generator((i for i in "a"), {})


FIRST_USE = """
import sys
from pyteleport_jupyter.errors import InterpreterUnsupported
from pyteleport_jupyter.frames import layout, selftest
{change}
try:
    selftest.check_interpreter()
except InterpreterUnsupported as unsupported:
    print(unsupported)
"""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("sys.abiflags = 't'", "it is built to run without the global interpreter lock"),
        ("sys._is_gil_enabled = lambda: False", "it is built to run without the global interpreter lock"),
        (
            "import types; sys._jit = types.SimpleNamespace(is_enabled=lambda: True)",
            "its just-in-time compiler",
        ),
        ("selftest.MINOR = (3, 99)", "its minor version is not known to this package"),
        ("selftest.LAYOUTS.clear()", "its minor version is not known to this package"),
    ],
)
def test_an_interpreter_that_is_not_known_is_refused_in_one_sentence(change: str, reason: str) -> None:
    sentence = printed(FIRST_USE.format(change=change))
    assert sentence.startswith(f"This Python ({platform.python_version()}) cannot be teleported: {reason}")
    assert len(sentence.splitlines()) == 1


@pytest.mark.skipif(not hasattr(sys, "_jit") or not sys._jit.is_available(), reason="built without a JIT")
def test_a_real_jit_is_refused() -> None:
    assert "its just-in-time compiler is switched on" in printed(FIRST_USE.format(change=""), PYTHON_JIT="1")


def printed(program: str, **environment: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=Path(__file__).parent.parent,
        env={**os.environ, **environment},
    )
    return done.stdout.strip()
