"""Where a session is."""

from __future__ import annotations

import os
import socket

import pytest

from pyteleport_jupyter.session import Place, current_place, place, place_at, set_place


@pytest.fixture(autouse=True)
def nowhere_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "_place", None)


def test_a_session_starts_at_home() -> None:
    assert current_place() == Place(socket.gethostname(), "home", os.getpid(), socket.gethostname())
    assert current_place().sentence() == f"this session runs on {socket.gethostname()} (pid {os.getpid()})"


def test_local_is_a_process_on_the_host_that_it_was_on() -> None:
    set_place(Place("cartesius", "me@cartesius", 1, "laptop"))
    assert place_at("huygens", "huygens") == Place("huygens", "huygens", 0, "laptop")
    set_place(place_at("local", "a process on node7"))
    assert (
        current_place().sentence()
        == f"this session runs in a process of its own on cartesius (pid {os.getpid()}), its home is laptop"
    )


def test_after_a_move_it_is_there_with_the_pid_of_the_process() -> None:
    set_place(Place("cartesius", "me@cartesius", 1, "laptop"))
    assert current_place() == Place("cartesius", "me@cartesius", os.getpid(), "laptop")
    assert (
        current_place().sentence()
        == f"this session runs on cartesius (pid {os.getpid()}), its home is laptop"
    )
