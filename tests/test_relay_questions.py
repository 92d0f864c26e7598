"""Questions while a lost link is made anew: asked where a cell is running that allows input, declined elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from relay_lab import eventually

from pyteleport_jupyter.relay.questions import Questions
from pyteleport_jupyter.relay.requests import OpenCells
from pyteleport_jupyter.relay.signing import Signer, content_of, header_of, parent_header_of
from pyteleport_jupyter.wire.lanes import Lane

SIGNER = Signer(b"k", "hmac-sha256", "s")


class Asked:
    """Questions, with a thread that asks one, and what was sent to clients."""

    def __init__(self) -> None:
        self.sent: list[tuple[Lane, list[bytes]]] = []
        self.cells = OpenCells()
        self.questions = Questions(SIGNER, lambda lane, frames: self.sent.append((lane, frames)), self.cells)
        self.answers: list[str | None] = []
        self.thread = threading.Thread(target=self._ask)

    def _ask(self) -> None:
        self.answers.append(self.questions.ask("Password:", True))

    def ask(self) -> None:
        self.thread.start()
        assert eventually(lambda: bool(self.questions.look() or self.sent or self.answers))


@pytest.fixture
def asked() -> Iterator[Asked]:
    asked = Asked()
    yield asked
    asked.thread.join(timeout=20)
    assert not asked.thread.is_alive()


def cell(allow_stdin: bool) -> list[bytes]:
    return [b"client", *SIGNER.message("execute_request", {"code": "", "allow_stdin": allow_stdin})]


def test_client_of_the_running_cell_is_asked(asked: Asked) -> None:
    running, queued = cell(True), cell(True)
    asked.cells.requested(running)
    asked.cells.requested(queued)
    asked.ask()
    ((lane, request),) = asked.sent
    assert lane is Lane.STDIN
    assert request[0] == b"client"
    assert content_of(request) == {"prompt": "Password: ", "password": True}
    assert parent_header_of(request) == header_of(running)
    other = [b"client", *SIGNER.message("input_reply", {"value": "no"}, {"msg_id": "other"})]
    assert not asked.questions.is_answer(other)
    reply = [b"client", *SIGNER.message("input_reply", {"value": "secret"}, header_of(request))]
    assert asked.questions.is_answer(reply)
    assert not asked.questions.is_answer(reply)
    asked.thread.join()
    assert asked.answers == ["secret"]


def test_clients_that_do_not_say_to_what_they_reply(asked: Asked) -> None:
    """As those of jupyter_client. They answer one after the other, so the kernel's question comes first."""
    asked.cells.requested(cell(True))
    asked.questions.kernel_asks([b"client"])
    asked.ask()
    for_kernel, for_us, later = (
        [b"client", *SIGNER.message("input_reply", {"value": value})] for value in ("input", "secret", "more")
    )
    assert not asked.questions.is_answer([b"somebody", *for_us[1:]])
    assert not asked.questions.is_answer(for_kernel)
    assert asked.questions.is_answer(for_us)
    assert not asked.questions.is_answer(later)
    asked.thread.join()
    assert asked.answers == ["secret"]


def test_late_answer_is_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for the next question, which may be that of another host, nor for the far side."""
    monkeypatch.setattr("pyteleport_jupyter.relay.questions.ANSWER_SECONDS", 0.05)
    late, next_one = Asked(), Asked()
    next_one.questions = late.questions
    late.cells.requested(cell(True))
    late.ask()
    late.thread.join()
    assert late.answers == [None]
    ((_, request),) = late.sent
    reply = [b"client", *SIGNER.message("input_reply", {"value": "secret"}, header_of(request))]
    assert late.questions.is_answer(reply)
    next_one._ask()
    assert next_one.answers == [None]


@pytest.mark.parametrize("frames", [[], [cell(False)]])
def test_nobody_to_ask_is_no_answer(asked: Asked, frames: list[list[bytes]]) -> None:
    for running in frames:
        asked.cells.requested(running)
    asked.ask()
    asked.thread.join()
    assert asked.answers == [None]
    assert asked.sent == []


def test_answered_cells_are_forgotten(asked: Asked) -> None:
    done = cell(True)
    asked.cells.requested(done)
    asked.cells.replied([b"client", *SIGNER.message("execute_reply", {}, header_of(done))])
    asked.ask()
    asked.thread.join()
    assert asked.answers == [None]
