"""Stops that name their cell; what was told and is taken back; what hangs on which variable."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import Any

import pytest

from pyteleport_jupyter.errands.road import IDLE_LEASE, idle_lease
from pyteleport_jupyter.objects import NamespaceAnchors, Numbering, dump
from pyteleport_jupyter.objects.ownership import marked, owners, unmarked
from pyteleport_jupyter.options import DEFAULT_LEASE
from pyteleport_jupyter.remote import errand_stops
from pyteleport_jupyter.remote.activity import Activity
from pyteleport_jupyter.remote.errand_messages import RUN
from pyteleport_jupyter.remote.errand_stops import Stops
from pyteleport_jupyter.remote.errand_surroundings import ToldSurroundings
from pyteleport_jupyter.remote.orders import parse_start
from pyteleport_jupyter.wire.framing import WireError


def by_signal() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_a_stop_that_comes_first_stops_its_cell_and_no_other() -> None:
    stops = Stops(by_signal)
    stops.ask("second")
    with stops.can_stop("first"):
        assert not stops.asked
    with pytest.raises(KeyboardInterrupt), stops.can_stop("second"):
        pytest.fail("it must not begin")
    stops.ask("first")
    with stops.can_stop("third"):
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_stop_that_nobody_has_noticed_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errand_stops, "PAUSES", (0.01,) * 1000)
    stops = Stops(lambda: None)  # The first one wakes nobody up.
    threading.Timer(0.01, stops.ask, ["cell"]).start()
    with pytest.raises(KeyboardInterrupt) as raised, stops.can_stop("cell"):
        threading.Event().wait(60)
    stops.trim(raised.value)
    entry = raised.value.__traceback__
    while entry is not None:
        assert entry.tb_frame.f_code.co_name != "_notice"
        entry = entry.tb_next


def test_a_handler_of_the_users_is_called_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errand_stops, "PAUSES", (0.0, 0.0))
    stops, calls = Stops(by_signal), []
    with stops.can_stop("cell"):
        signal.signal(signal.SIGINT, lambda *_: calls.append(1))
        try:
            stops.ask("cell")
            insisting = [each for each in threading.enumerate() if each.name == "stop"]
            for thread in insisting:
                thread.join()
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    assert calls == [1]


def test_what_was_told_is_taken_back_and_what_was_set_since_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWN", "old")
    monkeypatch.setattr(sys, "path", ["/own"])
    told = ToldSurroundings()
    with told.telling():
        os.environ.update(OWN="told", TOLD="1", KEPT="1")
        sys.path.append("/told")
    os.environ["KEPT"] = "2"
    with told.telling():
        pass
    assert (os.environ["OWN"], os.environ.get("TOLD"), os.environ.pop("KEPT")) == ("old", None, "2")
    assert sys.path == ["/own"]


class Thing:
    """Has attributes, whose names are pickled too."""

    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


def test_objects_hang_on_the_variable_that_they_were_reached_from() -> None:
    first, second, third, inside = [1], [2], [3], [4]

    def function() -> list[int]:
        return inside

    variables = {
        "a": Thing(b=first, last=0),  # Its attribute is called as the next variable is.
        "b": (second, (third,)),
        "function": function,
        "last": {"a": inside},
    }
    numbering = Numbering()
    dump({"stack": None, "namespace": marked(variables), "items": {}}, NamespaceAnchors({}), {}, numbering)
    found = owners(numbering.objects, variables)
    named = {name: found[id(each)] for name, each in (("first", first), ("second", second), ("third", third))}
    assert named == {"first": "a", "second": "b", "third": "b"}
    assert found[id(variables["b"])] == "b"
    assert found[id(inside)] in ("function", "last")
    assert unmarked(marked(variables)) == variables


def test_a_kernel_that_serves_another_session_is_busy_while_a_cell_of_that_runs() -> None:
    def status(state: str) -> list[bytes]:
        parent, content = {"msg_type": RUN, "msg_id": "cell"}, {"execution_state": state}
        parts = (b"kernel.1.status", b"<IDS|MSG>", b"", b"{}", json.dumps(parent), b"{}", json.dumps(content))
        return [part.encode() if isinstance(part, str) else part for part in parts]

    activity = Activity()
    activity.published(status("busy"))
    assert activity.request == "cell"
    activity.published(status("idle"))
    assert activity.request == ""


def test_it_goes_soon_without_a_link_unless_a_lease_was_said() -> None:
    assert (idle_lease(DEFAULT_LEASE), idle_lease(7200.0)) == (IDLE_LEASE, 7200.0)
    said = {"token": "00" * 32, "key": "k", "host": "h", "target": "t", "modules": [], "lease": 900.0}
    assert parse_start(said).idle_lease == 900.0
    assert parse_start({**said, "idle_lease": 60.0}).idle_lease == 60.0
    with pytest.raises(WireError):
        parse_start({**said, "idle_lease": -1.0})
