"""A lost link as the user sees it: which cells show it, in which words, and what becomes of Stop."""

from __future__ import annotations

from typing import Any

import pytest

from pyteleport_jupyter.relay.announcement import Announcement
from pyteleport_jupyter.relay.notices import Notices
from pyteleport_jupyter.relay.outage import CELLS, LATER, SHOW_AFTER, Outage, in_words
from pyteleport_jupyter.relay.requests import OpenCells
from pyteleport_jupyter.relay.signing import Signer, content_of, header_of, parent_header_of
from pyteleport_jupyter.relay.waiting_room import MOST_REQUESTS, OWN_IDENTITY, WaitingRoom

SIGNER = Signer(b"k", "hmac-sha256", "s")
DOWN = "link to cartesius lost, trying again ({})"


class User:
    """Sees what is shown: (cell, text), with the kind of message and the display in ``displays``."""

    def __init__(self, moved: str | None = None) -> None:
        self.now = 100.0
        self.seen: list[tuple[str, str]] = []
        self.displays: list[tuple[str, str]] = []
        self.consoles: list[str] = []
        announcement = Announcement("of the move", {}, "moved", {}, 0.0, {"msg_id": moved}) if moved else None
        notices = Notices(announcement, "cartesius", SIGNER, self._see)
        self.cells = OpenCells(lambda: self.now)
        self.outage = Outage(notices, self.cells, lambda: self.now)
        notices.arrived()
        self.seen.clear()

    def _see(self, frames: list[bytes]) -> None:
        content = content_of(frames)
        if content["transient"]["display_id"].endswith("-console"):
            self.consoles.append(content["data"]["text/plain"])
            return
        self.seen.append((str(parent_header_of(frames).get("msg_id")), content["data"]["text/plain"]))
        self.displays.append((str(header_of(frames)["msg_type"]), content["transient"]["display_id"]))

    def execute(self, **content: Any) -> str:
        frames = [b"client", *SIGNER.message("execute_request", {"code": "", **content})]
        self.cells.requested(frames)
        return str(header_of(frames)["msg_id"])

    def replied(self, cell: str) -> None:
        self.cells.replied([b"client", *SIGNER.message("execute_reply", {}, {"msg_id": cell})])

    def after(self, seconds: float) -> list[tuple[str, str]]:
        """What is shown within the next ``seconds``."""
        self.seen.clear()
        until = self.now + seconds
        while self.now < until:
            self.now = min(until, self.now + 0.5)
            self.outage.look()
        return list(self.seen)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (12, "12 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_the_running_cell_counts_the_seconds_in_one_line() -> None:
    user = User()
    running, _queued = user.execute(), user.execute()
    user.now += 5
    user.outage.lost()
    assert user.after(3) == [(running, DOWN.format(f"{n} s")) for n in (1, 2, 3)]
    user.outage.linked()
    assert user.seen[-1] == (running, "linked again after 3 s")
    assert user.consoles == ["linked again after 3 s"], "they ignore updates"
    assert user.after(5) == []
    kinds, displays = zip(*user.displays, strict=True)
    assert kinds == ("display_data", *["update_display_data"] * 3)
    assert len(set(displays)) == 1


def test_a_short_loss_is_not_worth_a_word() -> None:
    user = User()
    user.execute()
    user.outage.lost()
    assert user.after(SHOW_AFTER / 2) == []
    user.outage.linked()
    assert user.after(5) == []


def test_cells_sent_meanwhile_show_it_too() -> None:
    user = User()
    first = user.execute()
    user.outage.lost()
    user.after(2)
    second = user.execute()
    user.execute(silent=True)
    assert user.after(0.5) == [(second, DOWN.format("2 s"))]
    assert user.after(0.5) == [(first, DOWN.format("3 s")), (second, DOWN.format("3 s"))]
    user.outage.linked()
    assert [cell for cell, _ in user.seen[-2:]] == [first, second]


def test_the_number_of_lines_is_bounded_and_so_are_the_updates() -> None:
    user = User()
    user.outage.lost()
    user.now += 0.1
    for _ in range(100):
        user.execute()
    assert len(user.after(SHOW_AFTER)) == CELLS
    user.after(LATER)
    assert len(user.after(60)) == 6 * CELLS


def test_with_nothing_running_the_line_of_the_move_says_it() -> None:
    user = User(moved="move")
    user.outage.lost()
    assert user.after(1) == [("move", f"moved · {DOWN.format('1 s')}")]
    user.outage.linked()
    assert user.seen[-1] == ("move", "moved · linked again after 1 s")


def test_the_cell_that_moved_has_one_line() -> None:
    user = User(moved="x")
    frames = SIGNER.signed({"msg_id": "x", "msg_type": "execute_request"}, {}, {}, {})
    user.cells.requested([b"client", *frames])
    user.outage.lost()
    assert user.after(1) == [("x", f"moved · {DOWN.format('1 s')}")]
    assert user.displays[-1] == ("update_display_data", "of the move")


def test_stop_is_kept_for_the_cell_that_it_was_meant_for() -> None:
    user = User()
    cell = user.execute()
    user.outage.lost()
    user.outage.stop()
    user.outage.look()
    assert user.seen == [(cell, DOWN.format("0 s") + " · Stop will be passed on")]
    user.outage.stop()
    ((_, line),) = user.after(0.5)
    assert line.endswith("to end this session without waiting, restart the kernel")
    user.outage.linked()
    assert user.outage.stop_is_wanted()
    assert user.seen[-1] == (cell, "linked again after 0 s, Stop passed on")
    assert user.outage.stop_is_wanted(), "the next one is as ever"


def test_a_cell_that_ended_meanwhile_is_not_stopped_nor_is_the_next() -> None:
    user = User()
    cell, _next = user.execute(), user.execute()
    user.outage.lost()
    user.outage.stop()
    user.after(1)
    user.outage.linked()
    user.replied(cell)
    assert not user.outage.stop_is_wanted()
    assert user.seen[-1] == (cell, "linked again after 1 s, nothing was left to stop")


def test_a_link_that_does_not_come_back_is_one_sentence() -> None:
    user = User()
    cell = user.execute()
    user.outage.lost()
    user.after(3)
    user.outage.over("no route to host")
    assert user.seen[-1] == (
        cell,
        "the link to cartesius is lost for good (no route to host), and with it this session. Restart the "
        "kernel to go on here.",
    )


def test_a_cell_whose_reply_got_lost_does_not_run_for_ever() -> None:
    user = User()
    cell = user.execute()
    status = SIGNER.message("status", {"execution_state": "idle"}, {"msg_id": cell})
    user.cells.published([b"kernel.1.status", *status])
    assert user.cells.running() is None


class Room:
    """A waiting room, and what it answered."""

    def __init__(self) -> None:
        self.answers: list[list[bytes]] = []
        self.room = WaitingRoom(SIGNER, self.answers.append)

    def send(self, kind: str) -> list[bytes]:
        frames = [b"client", *SIGNER.message(kind, {})]
        self.room.add(frames)
        return frames


def test_a_second_interrupt_is_answered_and_not_passed_on() -> None:
    room = Room()
    first, other = room.send("interrupt_request"), room.send("kernel_info_request")
    second = room.send("interrupt_request")
    ((client, *reply),) = room.answers
    assert client == b"client"
    assert parent_header_of(reply) == header_of(second)
    assert content_of(reply) == {"status": "ok"}
    room.room.interrupted = True
    assert room.room.leave(interrupt=True) == [first, other]
    assert room.room.empty


def test_a_signal_becomes_a_request_of_our_own() -> None:
    room = Room()
    room.room.interrupted = True
    ((identity, *request),) = room.room.leave(interrupt=True)
    assert identity == OWN_IDENTITY
    assert header_of(request)["msg_type"] == "interrupt_request"
    assert room.room.leave(interrupt=True) == []


def test_an_interrupt_that_is_not_wanted_any_more_is_answered() -> None:
    room = Room()
    room.send("interrupt_request")
    other = room.send("kernel_info_request")
    room.room.interrupted = True
    assert room.room.leave(interrupt=False) == [other]
    assert len(room.answers) == 1


def test_the_room_is_bounded() -> None:
    room = Room()
    for _ in range(MOST_REQUESTS):
        assert not room.room.full
        room.send("kernel_info_request")
    assert room.room.full
    room.room.leave(interrupt=True)
    assert not room.room.full
    room.room.add([b"client", *SIGNER.message("debug_request", {"long": "x" * (8 << 20)})])
    assert room.room.full
