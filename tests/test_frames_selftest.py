"""An interpreter that is not known is refused before its memory is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

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
