"""Any command that ends in a shell is a way to a target, whatever shell it is."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from far_side import booted, land_on
from supervised import home, package

from pyteleport_jupyter import errors
from pyteleport_jupyter.transports import BootRequest, CommandTransport, Question, from_record

__all__ = ["home", "package"]


@pytest.mark.parametrize("shell", ["sh", "dash", "bash", "zsh", "ksh", "csh", "tcsh", "fish"])
@pytest.mark.parametrize(
    "request_", [BootRequest(python=sys.executable), BootRequest(setup="export MARK=set")]
)
def test_whatever_the_login_shell_is(home: Path, shell: str, request_: BootRequest) -> None:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"there is no {shell} here")
    if request_.python is None:
        python_first(home)
    with booted(CommandTransport((path, "-c")), request_) as far:
        far.go_live()
        (text,) = far.run("facts")
        assert json.loads(text)["environment"].get("MARK") == ("set" if request_.setup else None)
        far.say("end")


def python_first(home: Path) -> None:
    """Make ``python3`` of the login environment the one that runs the tests."""
    (home / "bin").mkdir()
    (home / "bin" / "python3").symlink_to(sys.executable)
    for name in (".bash_profile", ".profile"):
        (home / name).write_text(f'PATH="{Path(sys.executable).parent}:$PATH"\n')


def test_words_before_the_command_are_a_setup_of_their_own(home: Path) -> None:
    """As ``ssh host 'export A=b;'`` would do it: a remote shell gets all words in one line."""
    joined = CommandTransport(("/bin/sh", "-c", 'eval "$*"', "ssh", "export A=b;"))
    with booted(joined) as far:
        far.go_live()
        (text,) = far.run("facts")
        assert json.loads(text)["environment"]["A"] == "b"
        far.say("end")


def test_it_is_named_as_the_user_said_it() -> None:
    assert (
        CommandTransport(("/usr/bin/docker", "exec", "-i", "box", "sh", "-c")).host
        == "docker exec -i box sh -c"
    )


def test_it_survives_as_a_record() -> None:
    transport = CommandTransport(("ssh", "cartesius"))
    assert from_record(json.loads(json.dumps(transport.as_record()))) == transport


ASKING = """
exec 4</dev/tty 5>/dev/tty
printf 'The key is new to us.\\nSure (yes/no)? ' >&5; read -r sure <&4
[ "$sure" = yes ] || exit 3
stty -echo <&4; printf 'password: ' >&5; read -r word <&4; stty echo <&4; echo >&5
[ "$word" = 'a word' ] || { echo 'Permission denied' >&2; exit 255; }
exec 4<&- 5>&-
exec sh -c "$0"
"""


def test_what_a_command_asks_at_its_terminal_is_asked_of_the_user(home: Path) -> None:
    answers = {"yes/no": "yes", "password": "a word"}
    asked: list[Question] = []

    def ask(question: Question) -> str | None:
        asked.append(question)
        return next(answer for words, answer in answers.items() if words in question.text)

    there = land_on(CommandTransport(("sh", "-c", ASKING)), BootRequest(python=sys.executable), ask)
    assert there.version == sys.version.split()[0]
    assert asked == [
        Question("confirm", "The key is new to us.\nSure (yes/no)?", secret=False),
        Question("password", "password:", secret=True),
    ]


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        (["yes", "another"], errors.LinkLost(reason="Permission denied")),
        (["yes", None], errors.QuestionUnanswered(question="password:")),
        ([None], errors.QuestionUnanswered(question="Sure (yes/no)?")),
    ],
)
def test_a_question_without_the_right_answer(
    home: Path, answers: list[str | None], error: errors.TeleportError
) -> None:
    left = iter(answers)
    with pytest.raises(type(error)) as raised:
        land_on(CommandTransport(("sh", "-c", ASKING)), BootRequest(), lambda _: next(left))
    assert raised.value.facts.items() >= error.facts.items()
    assert next(left, "no more questions") == "no more questions"


def test_a_command_without_questions_does_not_hang_on_its_terminal(home: Path) -> None:
    with booted(CommandTransport(("sh", "-c")), BootRequest(python=sys.executable)) as far:
        assert far.link.terminal_fd is not None
        os.close(far.link.terminal_fd)  # as exec does
        far.go_live()
        far.run("facts")
        far.say("end")
