"""What a frontend that opened our comm is told by a real kernel."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from frontends import eventually
from relay_lab import LabKernel, answer_to, lab_kernel

from pyteleport_jupyter.frontends import telling

SECONDS = 90.0


@pytest.fixture(scope="module")
def kernel() -> Iterator[LabKernel]:
    with lab_kernel() as started:
        yield started


def open_comm(kernel: LabKernel, data: dict[str, Any]) -> str:
    """Ask as ``js/`` does; the comm's id."""
    comm_id = uuid.uuid4().hex
    content = {"comm_id": comm_id, "target_name": "pyteleport", "data": data}
    kernel.client.shell_channel.send(kernel.client.session.msg("comm_open", content))
    return comm_id


def told(kernel: LabKernel, comm_id: str) -> dict[str, Any]:
    """The next message of that comm: its type, or what it said."""
    while True:
        message = kernel.client.get_iopub_msg(timeout=SECONDS)
        if message["msg_type"].startswith("comm_") and message["content"]["comm_id"] == comm_id:
            return {"closed": True} if message["msg_type"] == "comm_close" else message["content"]["data"]


def test_a_kernel_without_us_closes_it(kernel: LabKernel) -> None:
    assert told(kernel, open_comm(kernel, {"version": 1})) == {"closed": True}


def knows_us(kernel: LabKernel) -> bool:
    """What a frontend looks at before it asks."""
    kernel.client.comm_info("pyteleport")
    while (reply := kernel.client.get_shell_msg(timeout=SECONDS))["msg_type"] != "comm_info_reply":
        pass
    return bool(reply["content"]["comms"])


def test_a_frontend_can_see_whether_the_kernel_knows_us(kernel: LabKernel) -> None:
    assert not knows_us(kernel)
    kernel.run("%load_ext pyteleport_jupyter")
    assert knows_us(kernel)


@pytest.mark.parametrize("magic", ["%teleport", "%%teleport"])
def test_a_question_mark_behind_the_magics_shows_how_they_are_used(magic: str, kernel: LabKernel) -> None:
    kernel.run("%load_ext pyteleport_jupyter")
    (page,) = kernel.run(f"{magic}?").reply["content"]["payload"]
    assert f"  {magic} [" in page["data"]["text/plain"]
    assert "--lease" in page["data"]["text/plain"]


def test_who_asks_is_told_where_the_session_is_and_how_it_fares(kernel: LabKernel) -> None:
    kernel.run("%load_ext pyteleport_jupyter")
    comm_id = open_comm(kernel, {"version": 1})
    hello = told(kernel, comm_id)
    assert (hello["type"], hello["version"], hello["place"]["target"]) == ("hello", 1, "home")
    assert hello["place"]["pid"] == kernel.pid
    kernel.client.execute("%teleport 'cmd:false --'")
    connecting, failed = told(kernel, comm_id), told(kernel, comm_id)
    assert (connecting["type"], connecting["move"]["stage"]) == ("move", "connect")
    assert failed["move"]["stage"] == "failed"
    assert "false" in failed["move"]["sentence"]


def test_of_several_tries_only_the_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(telling, "_tell", lambda data: heard.append(data["move"]))
    for _ in range(3):
        with telling.one_try():
            telling.move(stage="failed", host="cartesius", seconds=1.0, sentence="a lock")
    assert heard == []
    telling.given_up("", "tried three times: a lock")
    told_once = {
        "stage": "failed",
        "host": "cartesius",
        "seconds": 1.0,
        "sentence": "tried three times: a lock",
    }
    assert heard == [told_once]
    telling.move(stage="failed", host="huygens", seconds=2.0, sentence="no such host")
    assert heard[1]["host"] == "huygens"


def test_the_relay_tells_what_only_it_knows(kernel: LabKernel) -> None:
    kernel.run("%load_ext pyteleport_jupyter")
    early = open_comm(kernel, {"version": 1})
    assert told(kernel, early)["type"] == "hello"
    request = kernel.client.execute("%teleport local\nprint('there')")
    stages = []
    while stages[-1:] != ["arrived"]:
        stages.append(told(kernel, early)["move"]["stage"])
    assert list(dict.fromkeys(stages)) == ["connect", "start", "ship", "restore", "arrived"]
    answer_to(kernel.client, request)
    late = open_comm(kernel, {"version": 1})
    assert told(kernel, late)["place"]["target"] == "local"
    for child in psutil.Process(kernel.pid).children():
        child.kill()
    states = [told(kernel, late)["link"]["state"]]
    while states[-1] == "trying":
        states.append(told(kernel, late)["link"]["state"])
    assert (states[0], states[-1]) == ("trying", "up")


GUARDED = """#!/bin/sh
stty -echo </dev/tty; printf 'Password: ' >/dev/tty; read word </dev/tty; stty echo </dev/tty
[ "$word" = "open sesame" ] || { echo 'That is not it.' >&2; exit 1; }
exec bash -c "$1"
"""


@pytest.fixture
def guarded(tmp_path: Path) -> str:
    """A target that asks for a password at its terminal."""
    script = tmp_path / "guarded"
    script.write_text(GUARDED)
    script.chmod(0o700)
    return f"cmd:{script}"


def request(kernel: LabKernel, kind: str, **content: Any) -> dict[str, Any]:
    """Send a request on the control channel; the content of its reply."""
    message = kernel.client.session.msg(kind, content)
    kernel.client.control_channel.send(message)
    while True:
        reply = kernel.client.get_control_msg(timeout=SECONDS)
        if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
            return dict(reply["content"])


def told_of(kernel: LabKernel, comm_id: str, *kinds: str) -> dict[str, Any]:
    """The next message of one of those types, or of a move that has ended."""
    while True:
        message = told(kernel, comm_id)
        if message["type"] in kinds or message.get("move", {}).get("stage") in kinds:
            return message


def wish(kernel: LabKernel, comm_id: str, **data: Any) -> None:
    content = {"comm_id": comm_id, "data": data}
    kernel.client.shell_channel.send(kernel.client.session.msg("comm_msg", content))


@pytest.mark.timeout(400)  # three moves, two of them refused
def test_a_move_asked_for_at_a_click_asks_that_frontend(kernel: LabKernel, guarded: str) -> None:
    kernel.run("%load_ext pyteleport_jupyter")
    comm_id = open_comm(kernel, {"version": 1})
    for answer, end in (("wrong", "failed"), (None, "failed"), ("open sesame", "arrived")):
        # "failed" is told a moment before the next request can begin.
        asked = {"target": guarded, "comm": comm_id, "options": {"python": sys.executable}}
        assert eventually(
            lambda asked=asked: request(kernel, "teleport_request", **asked) == {"status": "ok"}
        )
        question = told_of(kernel, comm_id, "question")["question"]
        assert (question["text"], question["secret"]) == ("Password:", True)
        assert request(kernel, "teleport_answer", id="another", answer="x") == {"status": "error"}
        assert request(kernel, "teleport_answer", id=question["id"], answer=answer) == {"status": "ok"}
        assert told_of(kernel, comm_id, "answered")["id"] == question["id"]
        assert told_of(kernel, comm_id, "failed", "arrived")["move"]["stage"] == end
    wish(kernel, comm_id, type="where")
    assert told_of(kernel, comm_id, "place")["place"]["target"] == guarded
    assert told_of(kernel, comm_id, "link")["link"]["roundTrip"] > 0


def test_a_request_without_sense_is_answered_with_a_sentence(kernel: LabKernel) -> None:
    kernel.run("%load_ext pyteleport_jupyter")
    reply = request(kernel, "teleport_request", target="cmd:")
    assert (reply["status"], reply["error"]) == ("error", "TargetUnknown")
    assert reply["sentence"].startswith("cmd: is not a place to go")


def test_a_plan_for_a_frontend(kernel: LabKernel) -> None:
    kernel.run(
        "%load_ext pyteleport_jupyter\nimport threading, os\nnumbers, lock = list(range(1000)), open(os.devnull, 'w')"
    )
    comm_id = open_comm(kernel, {"version": 1})
    wish(kernel, comm_id, type="plan", id="7", target="local")
    answer = told_of(kernel, comm_id, "plan")
    rows = {row["name"]: row for row in answer["plan"]["rows"]}
    assert (answer["id"], answer["plan"]["target"]) == ("7", "local")
    assert (rows["numbers"]["verdict"], rows["lock"]["verdict"]) == ("moves", "stays")
    assert rows["numbers"]["nbytes"] > 1000
    assert answer["plan"]["rows"][0]["name"] == "lock"
    wish(kernel, comm_id, type="plan", id="8", target="-x")
    assert "is not a place to go" in told_of(kernel, comm_id, "plan")["sentence"]


def test_who_has_a_subshell_as_jupyterlab_has_for_comms_comes_home() -> None:
    with lab_kernel() as kernel:
        kernel.run("%load_ext pyteleport_jupyter")
        made = request(kernel, "create_subshell_request")
        assert made["status"] == "ok"
        kernel.run("%teleport local")
        kernel.run("%teleport home")
        assert request(kernel, "list_subshell_request")["subshell_id"] == [made["subshell_id"]]
        assert "this session runs on" in kernel.run("%teleport").text()


def test_a_click_on_home_is_leave_to_come_home() -> None:
    with lab_kernel() as kernel:
        kernel.run("%load_ext pyteleport_jupyter\nimport os")
        kernel.run("%teleport local")
        assert kernel.run("print(os.getpid())").text() != f"{kernel.pid}\n"
        assert eventually(lambda: request(kernel, "teleport_request", target="home") == {"status": "ok"})
        assert eventually(lambda: kernel.run("print(os.getpid())").text() == f"{kernel.pid}\n")


def test_another_version_is_closed(kernel: LabKernel) -> None:
    kernel.run("%load_ext pyteleport_jupyter")
    assert told(kernel, open_comm(kernel, {"version": 99})) == {"closed": True}
