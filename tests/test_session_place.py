"""Where a session is."""

from __future__ import annotations

import os
import socket

import pytest

from pyteleport_jupyter.session import Place, current_place, place, set_place


@pytest.fixture(autouse=True)
def nowhere_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "_place", None)


def test_a_session_starts_at_home() -> None:
    assert current_place() == Place(socket.gethostname(), "home", os.getpid(), socket.gethostname())
    assert current_place().sentence() == f"this session runs on {socket.gethostname()} (pid {os.getpid()})"


def test_after_a_move_it_is_there_with_the_pid_of_the_process() -> None:
    set_place(Place("cartesius", "me@cartesius", 1, "laptop"))
    assert current_place() == Place("cartesius", "me@cartesius", os.getpid(), "laptop")
    assert (
        current_place().sentence()
        == f"this session runs on cartesius (pid {os.getpid()}), its home is laptop"
    )
