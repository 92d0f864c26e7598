"""The kernel that a session arrives in, besides the messages of its cells: refusals, input, interrupts, no
traces.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from session_kernels import Kernel, Message, Session


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    session = Session(tmp_path, hops=True)
    session.run("from session_hop import hop")
    yield session
    session.end()


def text_of(messages: list[Message]) -> str:
    return "".join(content["text"] for kind, content in messages if kind == "stream")


def error_of(messages: list[Message]) -> str:
    return next("\n".join(content["traceback"]) for kind, content in messages if kind == "error")


def result_of(messages: list[Message]) -> str:
    return next(str(content["data"]["text/plain"]) for kind, content in messages if kind == "execute_result")


@pytest.mark.parametrize(
    ("cell", "name", "words"),
    [
        ("def key(x):\n    hop()\n    return x\nsorted([2, 1], key=key)", "FrameRefused", "sorted"),
        (
            "def look(): return open('/dev/zero')\nclosed_later = look()\nhop()",
            "ObjectsRefused",
            "closed_later",
        ),
    ],
)
def test_a_refusal_is_one_sentence_and_changes_nothing(
    session: Session, cell: str, name: str, words: str
) -> None:
    said = error_of(session.run(cell))
    assert said.startswith(name + ": ")
    assert words in said
    assert "Traceback" not in said
    assert result_of(session.run("closed_later = None\nlen(In), Out")) == "(5, {})"
    assert session.jumps == 0
    assert result_of(session.run("hop()\nlen(In)")) == "6"
    assert session.jumps == 1


def test_input_is_asked_of_the_same_client(session: Session) -> None:
    cell = "hop()\nname = input('who? ')\nprint('hello', name)"
    assert text_of(session.run(cell, answer="you")) == "hello you\n"


def test_interrupt_of_a_cell_that_went_on(session: Session) -> None:
    cell = (
        "import time\nhop()\ntry:\n    print('sleeping', flush=True); time.sleep(60)\n"
        "except KeyboardInterrupt:\n    print('woken')"
    )
    request = session.send(cell)
    messages = session.follow(request, until="sleeping")
    session.kernel.process.send_signal(signal.SIGINT)
    assert text_of([*messages, *session.follow(request)]) == "sleeping\nwoken\n"


def test_uninvited_interrupt_shows_a_traceback_of_the_cell_only(session: Session) -> None:
    request = session.send(
        "import time\ndef waits():\n    hop()\n    print('sleeping', flush=True)\n    time.sleep(60)\nwaits()"
    )
    session.follow(request, until="sleeping")
    session.kernel.process.send_signal(signal.SIGINT)
    said = error_of(session.follow(request))
    assert "KeyboardInterrupt" in said
    assert "waits" in said
    assert "pyteleport_jupyter" not in said


def test_subshells_and_comms_stay(session: Session) -> None:
    client = session.kernel.client
    client.control_channel.send(client.session.msg("create_subshell_request", {}))
    subshell = client.get_control_msg(timeout=10)["content"]["subshell_id"]
    session.run(
        "from comm import create_comm\nreceived = []\nline = create_comm(target_name='mine', comm_id='abc')\n"
        "line.on_msg(lambda message: received.append(message['content']['data']))\n"
        "def opened(comm, message): received.append('opened')\n"
        "get_ipython().kernel.comm_manager.register_target('theirs', opened)"
    )
    session.run("hop()")
    client = session.kernel.client
    client.control_channel.send(client.session.msg("list_subshell_request", {}))
    assert client.get_control_msg(timeout=10)["content"]["subshell_id"] == [subshell]
    client.shell_channel.send(client.session.msg("comm_msg", {"comm_id": "abc", "data": {"n": 1}}))
    client.shell_channel.send(
        client.session.msg("comm_open", {"comm_id": "x", "target_name": "theirs", "data": {}})
    )
    assert result_of(session.run("received")) == "[{'n': 1}, 'opened']"


def test_history_of_before_can_be_asked_for(session: Session) -> None:
    session.run("first = 1")
    session.run("hop()")
    session.run("second = 2")
    client = session.kernel.client
    message_id = client.history(hist_access_type="tail", n=5, raw=True)
    inputs = [row[2] for row in session.kernel.reply_to(message_id)["content"]["history"]]
    assert inputs[-3:] == ["first = 1", "hop()", "second = 2"]


def test_a_session_between_cells_arrives_as_well(session: Session) -> None:
    session.run(
        "from session_hop import *\ndata = [1]\nsame = data\n"
        "from pyteleport_jupyter.session import take_snapshot, Place\n"
        "from pyteleport_jupyter.objects import chunks"
    )
    session.run("pickled = take_snapshot(get_ipython(), None, Place('there', 'there', 0, 'home'))")
    session.run("open('idle', 'wb').writelines(chunks.slices(pickled))")
    other = Kernel(session.directory, hops=False, arrives=True)
    try:
        assert other.wait_until_ready().take_over((session.directory / "idle").read_bytes())["status"] == "ok"
        session.kernel, kernel = other, session.kernel
        kernel.end()
        messages = session.run(
            "from pyteleport_jupyter.session import current_place\ndata is same, current_place().target"
        )
        assert result_of(messages) == "(True, 'there')"
        assert next(content for kind, content in messages if kind == "execute_input")["execution_count"] == 5
    finally:
        other.end()


@pytest.fixture
def arriving(tmp_path: Path) -> Iterator[Kernel]:
    kernel = Kernel(tmp_path, hops=False, arrives=True, home=str(tmp_path / "home")).wait_until_ready()
    yield kernel
    kernel.end()


@pytest.mark.parametrize(
    "snapshot",
    [
        b"",
        b"PTJ1\0\0",
        b"NOPE\0\0\0\1" + bytes(8),
        b"PTJ1\0\0\0\1" + b"\xff" * 8,
        b"PTJ1\0\0\0\1" + bytes(7) + b"\3abc",
    ],
    ids=["nothing", "half a header", "not ours", "too large", "no pickle"],
)
def test_what_is_no_session_is_refused_in_a_record(arriving: Kernel, snapshot: bytes) -> None:
    reply = arriving.take_over(snapshot)
    assert reply["status"] == "error"
    assert reply["error"] in ("RestoreFailed", "ProtocolBroken")
    assert reply["facts"]["host"] == "there"
    second: Any = arriving.prepare()
    assert "already" in second["facts"]["reason"]


def test_what_is_missing_there_is_named(session: Session, tmp_path: Path) -> None:
    """An installed module, that is: own ones travel."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "only_here.py").write_text("def f(): pass\n")
    session.run(f"import sys; sys.path.append({str(folder)!r}); import only_here")
    (folder / "only_here.py").rename(folder / "gone.py")
    with pytest.raises(AssertionError, match="only_here"):
        session.run("hop()")


def test_a_kernel_leaves_nothing_in_the_home_directory(arriving: Kernel, tmp_path: Path) -> None:
    arriving.client.execute("x = 1")
    assert arriving.client.get_shell_msg(timeout=10)["content"]["status"] == "ok"
    assert not (tmp_path / "home").exists()
