"""What sessions are made of: the record of where they are, what they tell of themselves, how they are taken
over.
"""

from __future__ import annotations

import json
import select
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from pyteleport_jupyter import command_line
from pyteleport_jupyter.errors import HostUnknown, SessionUnknown
from pyteleport_jupyter.ledger import HostAnswer, Session, asking, described, known_places
from pyteleport_jupyter.ledger.asking import _session, find_session
from pyteleport_jupyter.ledger.record import Entry, note, state_directory
from pyteleport_jupyter.ledger.table import duration_in_words
from pyteleport_jupyter.remote import sessions_there
from pyteleport_jupyter.remote.activity import Activity
from pyteleport_jupyter.remote.inquiries import QUESTION_LIMIT, Inquiries, ask
from pyteleport_jupyter.session import Place
from pyteleport_jupyter.wire.channel import Message, NumberedChannel
from pyteleport_jupyter.wire.framing import CHUNK_LIMIT
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.proof import is_valid_takeover, successor, takeover_digest


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_the_record_is_private_and_bounded() -> None:
    for number in range(150):
        note(Entry(f"{number:08x}", "cartesius" if number % 2 else "snellius", "/usr/bin/python3"))
    file = state_directory() / "sessions.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(state_directory().stat().st_mode) == 0o700
    assert len(json.loads(file.read_text())) == 100
    assert [entry.target for entry in known_places()] == ["cartesius", "snellius"]
    assert known_places()[0].id == f"{149:08x}"


@pytest.mark.parametrize("content", ["", "{", "[]", '[{"id": 1}, 2, null, {"other": "x"}]', "[" * 9000])
def test_a_strange_record_is_an_empty_one(content: str) -> None:
    note(Entry("1", "cartesius", "p"))
    (state_directory() / "sessions.json").write_text(content)
    assert known_places() == []
    note(Entry("2", "cartesius", "p"))
    assert [entry.id for entry in known_places()] == ["2"]


def test_a_state_directory_that_cannot_be_made_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nothing")
    note(Entry("1", "cartesius", "p"))
    assert known_places() == []


def a_session(**differently: Any) -> Session:
    facts: dict[str, Any] = {
        "id": "489951f1", "place": Entry("489951f1", "cartesius", ""), "python": "p", "directory": "/d",
        "kind": "kernel", "age": 7500.0, "lease": 900.0, "linked": True, "lease_left": None,
        "memory": 93_600_000, "busy": True, "activity_for": 61.0, "origin": "laptop",
    }  # fmt: skip
    return Session(**{**facts, **differently})


def test_the_table() -> None:
    lost = a_session(id="0", kind="cells", linked=False, lease_left=300.0, busy=False, memory=None)
    answers = [
        HostAnswer("cartesius", (a_session(), lost)),
        HostAnswer("snellius"),
        HostAnswer("lisa", (), "Name or service not known"),
    ]
    assert described(answers).split() == [
        "ID",
        "HOST",
        "WHAT",
        "AGE",
        "LEASE",
        "MEMORY",
        "DOES",
        "LINK",
        "489951f1",
        "cartesius",
        "notebook",
        "2",
        "h",
        "5",
        "min",
        "15",
        "min",
        "93.6",
        "MB",
        "busy",
        "for",
        "1",
        "min",
        "linked",
        "to",
        "laptop",
        "0",
        "cartesius",
        "%%teleport",
        "2",
        "h",
        "5",
        "min",
        "15",
        "min",
        "?",
        "idle",
        "for",
        "1",
        "min",
        "no",
        "link,",
        "ends",
        "in",
        "5",
        "min",
        "lisa:",
        "Name",
        "or",
        "service",
        "not",
        "known",
        "nothing",
        "on",
        "snellius",
    ]
    assert "no session of yours" in described([])


def test_a_host_that_is_known_by_two_names_has_each_session_once(monkeypatch: pytest.MonkeyPatch) -> None:
    note(Entry("0", "cartesius-by-its-jump", ""))
    note(Entry("489951f1", "cartesius", ""))

    def answer(place: Entry, *_: object) -> HostAnswer:
        return HostAnswer(place.target, (a_session(place=place),))

    monkeypatch.setattr(asking, "_answer_of", answer)
    assert [len(each.sessions) for each in asking.ask_hosts(())] == [1, 0]
    assert asking.waiting_session() == "cartesius/489951f1"
    several = HostAnswer("cartesius", (a_session(), a_session(id="0")))
    monkeypatch.setattr(asking, "_answer_of", lambda *_: several)
    monkeypatch.setattr(asking, "_each_once", lambda _: [several])
    with pytest.raises(SessionUnknown, match=r"^There are several .*: cartesius/489951f1, cartesius/0\."):
        asking.waiting_session()


def test_a_name_that_only_home_knows_is_no_fault_of_the_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    note(Entry("0", "nowhere.invalid", "p"))

    def ask_there(*_: object) -> list[Session]:
        raise HostUnknown(host="nowhere.invalid", reason="Name or service not known")

    monkeypatch.setattr(asking, "_asked", ask_there)
    assert described(asking.ask_hosts(())) == "nowhere.invalid: Name or service not known"
    away = Place(host="cartesius", target="cartesius", pid=1, home="laptop")
    monkeypatch.setattr(asking, "current_place", lambda: away)
    told = described(asking.ask_hosts(()))
    assert told.endswith("cartesius, where this session is, does not know that name; ask at home")


def test_nothing_is_run_only_to_have_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    note(Entry("0", "cmd:srun -n1 bash", "p"))
    note(Entry("1", "cartesius", "p"))
    asked: list[str] = []

    def ask_there(place: Entry, *_: object) -> list[Session]:
        asked.append(place.target)
        return []

    monkeypatch.setattr(asking, "_asked", ask_there)
    told = described(asking.ask_hosts(()))
    assert "cmd:srun -n1 bash: not asked" in told
    assert "%teleport list 'cmd:srun -n1 bash' does" in told
    with pytest.raises(SessionUnknown):
        find_session("f00", "kill")
    with pytest.raises(SessionUnknown, match="not asked"):
        asking.waiting_session()
    assert asked == ["cartesius"] * 3
    asking.ask_hosts(["cmd:srun -n1 bash"])
    with pytest.raises(SessionUnknown):
        find_session("0", "kill")
    assert asked[3:] == ["cmd:srun -n1 bash"] * 2


@pytest.mark.parametrize("name", ["", "cartesius/", "/"])
def test_no_identifier_is_no_session(name: str) -> None:
    with pytest.raises(SessionUnknown):
        find_session(name, "kill")


def test_without_an_identifier_sessions_are_only_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(sessions_there, "directories", lambda: ["/d/session-489951f1"])
    monkeypatch.setattr(sessions_there, "_asked", lambda directory, op: asked.append(op) or {"op": op})
    for op in ("facts", "kill", "claim", "detach"):
        sessions_there.sessions(op, "")
    assert asked == ["facts"]
    assert sessions_there.sessions("kill", "489951f1")[0]["id"] == "489951f1"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 10**400, "much"])
def test_what_is_no_number_is_no_session(number: Any) -> None:
    facts = {"id": "1", "directory": "/d", "kind": "kernel", "age": 1, "lease": 2.0, "linked": True,
             "busy": False, "for": 0}  # fmt: skip
    place = Entry("1", "cartesius", "")
    assert _session(place, "p", facts)
    for name in ("age", "lease", "lease_left", "memory", "for"):
        assert _session(place, "p", {**facts, name: number}) is None


def test_durations() -> None:
    words = [duration_in_words(seconds) for seconds in (-1, 0, 59, 60, 3599, 3600, 200_000)]
    assert words == ["0 s", "0 s", "59 s", "1 min", "59 min", "1 h 0 min", "2 d 7 h"]


def status(state: str, kind: str = "execute_request", identifier: str = "a") -> list[bytes]:
    parent = json.dumps({"msg_type": kind, "msg_id": identifier}).encode()
    content = json.dumps({"execution_state": state}).encode()
    return [b"kernel.status", b"<IDS|MSG>", b"", b"{}", parent, b"{}", content]


def test_what_a_kernel_does() -> None:
    activity = Activity()
    for strange in (
        [],
        [b"kernel.status"],
        [b"kernel.status", b"<IDS|MSG>"],
        [b"x.status", b"<IDS|MSG>", b"\xff"],
    ):
        activity.published(strange)
    activity.published(status("busy", "kernel_info_request"))
    assert not activity.request
    activity.published(status("busy"))
    activity.published(status("idle", "kernel_info_request", "b"))
    assert activity.request == "a"
    activity.published(status("idle"))
    assert not activity.request


def test_who_asks_is_answered_and_who_does_not_is_turned_away(tmp_path: Path) -> None:
    inquiries = Inquiries(str(tmp_path), lambda question, reply: reply({"you said": question.get("op")}))
    answers: list[dict[str, Any]] = []
    asker = threading.Thread(target=lambda: answers.append(ask(str(tmp_path), "facts")))
    asker.start()
    while asker.is_alive():
        readers = inquiries.readers()
        for fd in select.select(list(readers), [], [], 0.1)[0]:
            readers[fd]()
    assert answers == [{"you said": "facts"}]
    flood = threading.Thread(target=_serve_once, args=(inquiries,))
    flood.start()
    with pytest.raises(OSError, match="no answer|reset"):
        ask(str(tmp_path), "x" * QUESTION_LIMIT)
    flood.join()
    inquiries.close()


def _serve_once(inquiries: Inquiries) -> None:
    served = False
    while not served or len(inquiries.readers()) > 1:
        readers = inquiries.readers()
        for fd in select.select(list(readers), [], [], 0.1)[0]:
            readers[fd]()
            served = True


def test_a_channel_begins_anew_with_what_did_not_arrive() -> None:
    channel, peer = NumberedChannel(), NumberedChannel()
    big = b"b" * (3 * CHUNK_LIMIT)
    sent = [Message(Lane.IOPUB, (b"one",)), Message(Lane.SHELL, (big, b"tail")), Message(Lane.IOPUB, (b"",))]
    for message in sent:
        channel.send(message.lane, message.parts)
    arrived: list[Message] = []
    # The first message and a part of the second arrive, and are acknowledged.
    while len(arrived) < 1 or peer.received < 3:
        data = bytes(channel.outgoing())[: CHUNK_LIMIT // 2]
        channel.written(len(data))
        arrived += peer.receive(data)
    from pyteleport_jupyter.wire.framing import encode_frame
    from pyteleport_jupyter.wire.records import Ack, encode

    channel.receive(encode_frame(encode(Ack(1))))
    channel.detach()
    assert channel.begin_anew() == sent[1:]
    assert channel.pending_bytes == channel.received == channel.last_number == 0
    for message in sent[1:]:
        channel.send(message.lane, message.parts)
    channel.receive(b"")
    channel.attach(0)
    channel._retire(2, channel._queue)
    channel.detach()
    # Of the long one the beginning is gone: what is left of it is of no use.
    assert channel.begin_anew() == sent[2:]


def test_after_a_takeover_the_old_token_is_worth_nothing() -> None:
    old, nonce = b"t" * 32, b"n" * 32
    digest = takeover_digest(old, nonce, 3)
    assert is_valid_takeover(digest, old, nonce, 3)
    assert not is_valid_takeover(digest, old, nonce, 4)
    assert not is_valid_takeover(digest, successor(old, nonce, 3), nonce, 3)


def test_the_command_lists_and_examines(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["list"]) == 0
    assert "no session of yours" in capsys.readouterr().out
    assert command_line.main(["kill", "nonsense"]) == 1
    assert "SessionUnknown" in capsys.readouterr().err
    assert command_line.main(["doctor", "local"]) == 0
    assert "sessions can go there" in capsys.readouterr().out
    assert command_line.main(["doctor", "cmd:false"]) == 1
    assert "✗ shell" in capsys.readouterr().out
    assert command_line.main(["doctor", "local", "--python", "/nowhere/python"]) == 1
    said = capsys.readouterr().out
    assert "✓ login" in said
    assert "✗ Python" in said
