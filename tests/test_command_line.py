"""The ``pyteleport`` command."""

from __future__ import annotations

import sys

import pytest

from pyteleport_jupyter import __version__
from pyteleport_jupyter.command_line import main


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert (end.value.code, capsys.readouterr().out) == (0, f"pyteleport-jupyter {__version__}\n")


def test_without_a_command_it_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([])
    assert end.value.code == 2
    assert "demo" in capsys.readouterr().err


def test_the_demo_names_what_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "pyteleport_jupyter.demo.run", raising=False)
    monkeypatch.setitem(sys.modules, "nbclient", None)
    assert main(["demo"]) == 2
    assert "pyteleport-jupyter[demo]" in capsys.readouterr().err
