"""Passwords, one-time codes and second factors: what only the user can answer, against a server that asks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psutil
import pytest
from ssh_servers import Login, asking_server, keygen, public_words
from ssh_visits import Configuration, Visit, visiting

from pyteleport_jupyter import errors
from pyteleport_jupyter.transports.link import Question
from pyteleport_jupyter.transports.ssh import SshTransport

BOTH = pytest.mark.parametrize("via", ["paramiko", "ssh"])
PASSWORD = "correct horse battery staple"
CODES = (("Password: ", False, PASSWORD), ("Verification code: ", True, "123456"))


@pytest.fixture(scope="module")
def host_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return keygen(tmp_path_factory.mktemp("keys") / "host")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Configuration]:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    before = set(Path("/tmp").glob("pyteleport-ask-*"))
    yield Configuration(tmp_path)
    assert set(Path("/tmp").glob("pyteleport-ask-*")) <= before


Serve = Callable[..., AbstractContextManager[tuple[int, list[Login]]]]


def visit_of(
    config: Configuration,
    port: int,
    host_key: Path,
    via: str,
    ask: Callable[[Question], str | None],
    **said: object,
) -> AbstractContextManager[Visit]:
    known = f"[127.0.0.1]:{port} {public_words(host_key)}\n"
    config.write({"lab": {"Port": port, "User": "alice", **said}}, known=known)
    return visiting(SshTransport("lab", via=via, config=config.file), ask=ask)


def answering(*answers: str | None) -> Callable[[Question], str | None]:
    left = iter(answers)
    return lambda question: next(left)


@BOTH
def test_a_password_is_asked_for_and_lets_in(config: Configuration, host_key: Path, via: str) -> None:
    with asking_server(lambda: Login(password=PASSWORD), host_key) as (port, _):
        with visit_of(config, port, host_key, via, answering(PASSWORD)) as visit:
            assert visit.failure is None
            assert visit.read(6) == b"hello\n"
            visit.write(b"and back")
            assert visit.read(8) == b"and back"
        (question,) = visit.questions
        assert (question.kind, question.secret) == ("password", True)
        assert "alice@" in question.text


@BOTH
def test_the_second_try_may_be_right(config: Configuration, host_key: Path, via: str) -> None:
    with (
        asking_server(lambda: Login(password=PASSWORD), host_key) as (port, _),
        visit_of(config, port, host_key, via, answering("wrong", PASSWORD)) as visit,
    ):
        assert visit.failure is None
        assert visit.read(6) == b"hello\n"


@BOTH
def test_three_wrong_passwords_are_the_end(config: Configuration, host_key: Path, via: str) -> None:
    with asking_server(lambda: Login(password=PASSWORD), host_key) as (port, logins):
        with visit_of(config, port, host_key, via, lambda question: "wrong") as visit:
            assert isinstance(visit.failure, errors.AuthenticationFailed)
        assert len(visit.questions) == 3
        assert logins[0].seen.count("password") == 3
        assert "password" in visit.failure.sentence()
        assert "wrong" not in visit.failure.sentence()


@BOTH
def test_a_declined_password_is_a_failed_login(config: Configuration, host_key: Path, via: str) -> None:
    with asking_server(lambda: Login(password=PASSWORD), host_key) as (port, _):
        with visit_of(config, port, host_key, via, lambda question: None) as visit:
            assert isinstance(visit.failure, errors.AuthenticationFailed)
        # ssh takes a declined question for an empty answer and goes on; it asks three times.
        assert len(visit.questions) == (1 if via == "paramiko" else 3)


@BOTH
def test_batch_mode_asks_nothing(config: Configuration, host_key: Path, via: str) -> None:
    with (
        asking_server(lambda: Login(password=PASSWORD, codes=CODES), host_key) as (port, _),
        visit_of(config, port, host_key, via, answering(), BatchMode="yes") as visit,
    ):
        assert isinstance(visit.failure, errors.AuthenticationFailed)
        assert not visit.questions


@BOTH
def test_each_prompt_of_keyboard_interactive_is_a_question(
    config: Configuration, host_key: Path, via: str
) -> None:
    with (
        asking_server(lambda: Login(codes=CODES), host_key) as (port, _),
        visit_of(config, port, host_key, via, answering(PASSWORD, "123456")) as visit,
    ):
        assert visit.failure is None
        assert visit.read(6) == b"hello\n"
    assert [question.kind for question in visit.questions] == ["password", "code"]
    assert "Verification code" in visit.questions[1].text
    assert visit.questions[0].secret
    assert via == "ssh" or not visit.questions[1].secret


@BOTH
def test_a_wrong_code_is_asked_for_again(config: Configuration, host_key: Path, via: str) -> None:
    with (
        asking_server(lambda: Login(codes=CODES), host_key) as (port, _),
        visit_of(config, port, host_key, via, answering(PASSWORD, "000000", PASSWORD, "123456")) as visit,
    ):
        assert visit.failure is None
        assert visit.read(6) == b"hello\n"


@BOTH
def test_a_second_factor_follows_the_key(
    config: Configuration, host_key: Path, via: str, tmp_path: Path
) -> None:
    key = keygen(tmp_path / "mine")
    with (
        asking_server(lambda: Login(codes=CODES, key_first=True), host_key) as (port, logins),
        visit_of(config, port, host_key, via, answering(PASSWORD, "123456"), IdentityFile=key) as visit,
    ):
        assert visit.failure is None
        assert visit.read(6) == b"hello\n"
        assert logins[0].seen[0] == "publickey"
        assert logins[0].seen[-1] == "keyboard-interactive"


@BOTH
def test_a_host_that_runs_no_commands(config: Configuration, host_key: Path, via: str) -> None:
    with (
        asking_server(lambda: Login(password=PASSWORD, runs_commands=False), host_key) as (port, _),
        visit_of(config, port, host_key, via, answering(PASSWORD)) as visit,
    ):
        if via == "ssh":
            # ssh has been let in by then: the refusal is the end of the pipe, with the reason on stderr.
            assert visit.read_some() == b""
            assert "exec request failed" in visit.complaint()
        else:
            assert isinstance(visit.failure, errors.ShellFailed)


@BOTH
def test_no_secret_is_in_the_arguments_or_environment_of_any_process(
    config: Configuration, host_key: Path, via: str
) -> None:
    looked: list[str] = []

    def look_and_answer(question: Question) -> str:
        looked.append(everything_to_see())
        return PASSWORD

    with (
        asking_server(lambda: Login(password=PASSWORD), host_key) as (port, _),
        visit_of(config, port, host_key, via, look_and_answer) as visit,
    ):
        assert visit.read(6) == b"hello\n"
        looked.append(everything_to_see())
        assert PASSWORD not in visit.complaint()
    assert len(looked) == 2
    assert all(str(os.getpid()) in seen for seen in looked)
    assert not any(PASSWORD in seen for seen in looked)


def everything_to_see() -> str:
    """Command line and environment of all processes."""
    rows = []
    for process in psutil.process_iter():
        for name in ("cmdline", "environ"):
            try:
                rows.append(
                    f"{process.pid} " + Path(f"/proc/{process.pid}/{name}").read_text(errors="replace")
                )
            except OSError:
                continue
    return "\n".join(rows)
