"""The way up from a session: who calls there, and when it is too late to call it off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyteleport_jupyter.remote.control import COMMAND, SHIP, Control
from pyteleport_jupyter.remote.way_up import WayUp, connect
from pyteleport_jupyter.wire.channel import NumberedChannel
from pyteleport_jupyter.wire.commands import parse_command


class Called:
    """A way up, and somebody who calls there."""

    def __init__(self, directory: Path) -> None:
        self.way_up = WayUp(str(directory), NumberedChannel())
        self.caller: Control = connect(str(directory))
        self.look()

    def look(self) -> None:
        for _, handle in self.way_up.watched().values():
            handle()


@pytest.fixture
def called(tmp_path: Path) -> Iterator[Called]:
    called = Called(tmp_path)
    yield called
    called.way_up.close()


def test_until_the_last_word_it_may_be_taken_up_elsewhere(called: Called) -> None:
    called.caller.say("homeward")
    called.caller.send(SHIP, b"piece")
    called.look()
    assert not called.way_up.decided
    called.caller.say("shipped")
    called.look()
    assert called.way_up.decided
    called.caller.close()
    called.look()
    assert not called.way_up.decided


def test_a_caller_that_is_dismissed_hears_why(called: Called) -> None:
    called.caller.say("homeward")
    called.look()
    # Said in the same moment, and heard by nobody.
    called.caller.say("shipped")
    called.way_up.dismiss()
    answer = parse_command(called.caller.hear(COMMAND, timeout=10)[1])
    assert (answer["op"], answer["error"]) == ("refused", "HomeRefused")
    with pytest.raises(EOFError):
        called.caller.hear(COMMAND, timeout=10)
    called.caller.close()
