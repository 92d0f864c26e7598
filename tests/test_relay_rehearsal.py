"""A relay that could not start is found before the cut."""

from __future__ import annotations

import sys

import pytest

from pyteleport_jupyter import relay
from pyteleport_jupyter.errors import MoveCancelled, QuiesceFailed
from pyteleport_jupyter.relay import rehearsal


def test_a_relay_starts_here() -> None:
    with relay.rehearsed():
        pass


def test_an_interpreter_that_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(QuiesceFailed, match="a relay does not start here"):
        rehearsal.rehearse()


def test_a_package_that_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "python_path", lambda: ("/nowhere",))
    with pytest.raises(QuiesceFailed, match="No module named 'pyteleport_jupyter'"), relay.rehearsed():
        pass


def test_a_move_that_is_called_off_leaves_no_process() -> None:
    trial = rehearsal.rehearse()
    trial.cancel()
    assert trial.process.returncode is not None
    with pytest.raises(MoveCancelled), relay.rehearsed():
        raise MoveCancelled(host="there")
