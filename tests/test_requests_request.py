"""One request: it is tried again where it is refused, given up in the end, and there is never more than one."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from pyteleport_jupyter.errors import (
    FrameRefused,
    HostUnknown,
    ObjectsRefused,
    OptionWrong,
    RequestGivenUp,
    RequestRefused,
    TargetUnknown,
    TeleportError,
)
from pyteleport_jupyter.interruption import request as module
from pyteleport_jupyter.interruption.request import Request, is_under_way, request_teleport

WORK = "for i in range(count):\n    x = i\n    x += 1\n"


class Left(Exception):
    """What this road does instead of leaving the process."""


class TestRoad:
    """A road out of a test: ``answers`` are what the tries come to, one after the other."""

    __test__ = False

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.left_from: list[str] = []
        self.reported: list[TeleportError] = []
        self.looks: list[Callable[[], None]] = []
        self.idle = False

    def may_leave(self, frame: FrameType) -> bool:
        return frame.f_code.co_filename == "<program>"

    def leave(self, frame: FrameType | None, target: str, options: dict[str, Any]) -> None:
        self.left_from.append(f"line {frame.f_lineno}" if frame is not None else "idle")
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is not None:
            raise answer

    def is_idle(self) -> bool:
        return self.idle

    def when_idle(self, call: Callable[[], None], seconds: float) -> None:
        self.looks.append(call)

    def when_running(self, call: Callable[[], None]) -> None:
        call()

    def report(self, error: TeleportError) -> None:
        self.reported.append(error)


REFUSED = FrameRefused(frame="f", reason="it is busy")


@pytest.fixture(autouse=True)
def one_at_a_time() -> Iterator[None]:
    yield
    assert not is_under_way()


def begin(road: TestRoad, patience: float = 30.0) -> Request:
    request = Request(road, "local", {}, patience)
    request.begin()
    return request


def work(count: int = 200) -> None:
    exec(compile(WORK, "<program>", "exec"), {"count": count})


def test_it_leaves_at_the_start_of_a_line() -> None:
    road = TestRoad(None)
    request = begin(road)
    work()
    assert road.left_from == ["line 1"]
    assert (request.pending, request.error, road.reported) == (False, None, [])


def test_where_it_is_refused_a_later_instruction_is_tried() -> None:
    refused = ObjectsRefused(rows="x")
    road = TestRoad(REFUSED, refused, None)
    request = begin(road)
    work(200_000)
    assert len(road.left_from) == 3
    assert not request.pending
    assert road.reported == []


def test_it_is_given_up_after_many_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TRIES", 4)
    road = TestRoad(REFUSED)
    request = begin(road)
    work(200_000)
    assert len(road.left_from) == 4
    assert isinstance(request.error, RequestGivenUp)
    assert road.reported == [request.error]
    assert "f cannot be moved: it is busy" in str(request.error)


def test_it_is_given_up_when_patience_is_over() -> None:
    road = TestRoad(REFUSED)
    request = begin(road, patience=0.0)
    work()
    assert len(road.left_from) == 1
    assert isinstance(request.error, RequestGivenUp)


def test_a_failure_of_another_kind_ends_it_at_once() -> None:
    failure = HostUnknown(host="x", reason="no such name")
    road = TestRoad(failure)
    request = begin(road)
    work()
    assert (road.left_from, road.reported, request.error) == (["line 1"], [failure], failure)


def test_an_error_of_ours_never_reaches_the_program() -> None:
    road = TestRoad(ZeroDivisionError("ours"))
    begin(road)
    work()
    assert "ZeroDivisionError: ours" in str(road.reported[0])


def test_the_program_sees_no_exception_being_handled() -> None:
    road = TestRoad(REFUSED, None)
    begin(road)
    names: dict[str, Any] = {}
    source = (
        "import sys\nfor i in range(200000):\n    if sys.exc_info()[1] is not None: raise SystemExit(i)\n"
    )
    exec(compile(source, "<program>", "exec"), names)
    assert names["i"] == 199_999
    assert len(road.left_from) == 2


def test_a_second_one_is_refused_while_one_is_under_way() -> None:
    road = TestRoad(None)
    first = begin(road)
    with pytest.raises(RequestRefused, match="another one is under way"):
        begin(road)
    work()
    assert not first.pending
    again = begin(TestRoad(None))
    work()
    assert not again.pending


def test_a_cancelled_one_moves_nothing() -> None:
    road = TestRoad(None)
    request = begin(road)
    request.cancel()
    work()
    assert road.left_from == []
    assert request.error is None


def test_where_nothing_runs_it_leaves_between() -> None:
    road = TestRoad(None)
    road.idle = True
    request = begin(road)
    road.looks.pop()()
    assert road.left_from == ["idle"]
    assert not request.pending


def test_while_something_runs_the_look_comes_again() -> None:
    road = TestRoad(None)
    request = begin(road)
    road.looks.pop()()
    assert road.left_from == []
    assert len(road.looks) == 1
    request.cancel()
    for look in road.looks:
        look()


def test_from_another_thread() -> None:
    road = TestRoad(None)
    asking = threading.Thread(target=begin, args=(road,))
    asking.start()
    asking.join()
    work()
    assert len(road.left_from) == 1


def test_one_that_travels_arrives_as_over() -> None:
    road = TestRoad(None)
    request = begin(road)
    arrived = pickle.loads(pickle.dumps(request))
    assert (arrived.target, arrived.pending, arrived.error) == ("local", False, None)
    work()


def test_a_request_without_sense_is_refused_at_once() -> None:
    with pytest.raises(TargetUnknown):
        request_teleport("cmd:")
    with pytest.raises(OptionWrong):
        request_teleport("local", colour="red")
