"""The local half of the boot against shells that are noisy, strange, broken, or ask questions."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from far_side import booted, land_on, soon
from supervised import home, package

from pyteleport_jupyter import errors
from pyteleport_jupyter.transports import (
    AttachRequest,
    CommandTransport,
    Link,
    Question,
    close_link,
    land,
)
from pyteleport_jupyter.transports.link import spawn_child

__all__ = ["home", "package"]
pytestmark = pytest.mark.usefixtures("home")


def shell(script: str) -> CommandTransport:
    """A login shell that runs ``script``, in which ``$1`` is the command."""
    return CommandTransport(("/bin/sh", "-c", script, "shell"))


# ----------------------------------------------------------------------- shells


@pytest.mark.parametrize(
    "noise",
    [
        "echo Welcome to cartesius",
        "printf 'no newline at the end'",
        "head -c 900000 /dev/zero | tr '\\0' x",
        "head -c 300000 /dev/urandom",
        "set -v; echo '<pyteleport'; echo ' shell>'",
        'echo "$1"',
        "echo to stderr >&2",
    ],
)
def test_noise_before_the_marker_does_no_harm(noise: str) -> None:
    with booted(shell(f'{noise}; eval "$1"')) as far:
        far.start()
        far.conversation.abort()


def test_a_megabyte_and_more_is_too_much_noise() -> None:
    with pytest.raises(errors.ShellFailed, match="prints too much"):
        land_on(shell('head -c 1200000 /dev/zero | tr "\\0" x; eval "$1"'))


def test_endless_noise_is_given_up() -> None:
    with pytest.raises(errors.ShellFailed, match="prints too much"):
        land_on(shell("exec yes"))


def test_an_account_without_a_shell() -> None:
    with pytest.raises(
        errors.ShellFailed, match="gave no usable shell: This account is currently not available"
    ):
        land_on(shell("echo 'This account is currently not available.' >&2; exit 1"))


def test_a_forced_command_that_does_something_else() -> None:
    with pytest.raises(errors.ShellFailed, match="it hung up"):
        land_on(shell("echo only backups here"))


def test_a_shell_that_says_nothing_is_waited_for_until_the_deadline() -> None:
    with pytest.raises(errors.LinkTimeout, match="did not answer within 1 s while we waited for its shell"):
        land_on(shell("exec sleep 100"), seconds=1.0)


def test_a_terminal_in_between_is_named() -> None:
    with pytest.raises(errors.ShellFailed, match="terminal in between"):
        land_on(shell("printf '<pyteleport %s>\\r\\n' shell; exec sleep 100"))


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(errors.TargetUnknown, match="No such file"):
        CommandTransport(("/no/such/program",)).spawn("true")


# ---------------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (
            '{"python": "3.9.18", "executable": "/usr/bin/python3"}',
            errors.WrongPython,
            "has Python 3.9, this session",
        ),
        ('{"error": "NoPython", "facts": {}}', errors.NoPython, "is not there, or is no program"),
        ('{"error": "SystemExit", "facts": {"reason": "x"}}', errors.TeleportError, "could not be moved: x"),
        ("[]", errors.ProtocolBroken, "not JSON"),
        ("x" * 70_000, errors.ProtocolBroken, "without an end"),
    ],
)
def test_answers_of_a_strange_python(answer: str, error: type[errors.TeleportError], words: str) -> None:
    with pytest.raises(error, match=words):
        land_on(strange_python(answer))


def test_a_shell_that_talks_and_does_not_listen_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyteleport_jupyter.remote import first_stage

    # More than pipes hold, so that we write while it talks.
    monkeypatch.setattr(first_stage, "header", lambda *ignored, **fields: bytes(4 << 20))
    with pytest.raises(errors.ProtocolBroken, match="talks and does not listen"):
        land_on(shell("printf '<pyteleport %s>\\n' shell; exec cat /dev/zero"))


def strange_python(answer: str) -> CommandTransport:
    """A shell as it should be, with a first stage that says ``answer``."""
    markers = "printf '<pyteleport %s>\\n' shell; printf '<pyteleport %s>%s\\n' python"
    return shell(f"{markers} {shlex.quote(answer)}; read line; exec sleep 0.1")


def test_another_byte_code_of_the_same_minor() -> None:
    answer = json.dumps({"python": sys.version.split()[0], "magic": "00000000", "executable": "/x"})
    with pytest.raises(errors.WrongPython, match="with other byte code"):
        land_on(strange_python(answer))


def test_a_package_that_is_damaged_on_the_way_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyteleport_jupyter.remote import first_stage

    whole = first_stage.header

    def damaged(kind: str, package: bytes = b"", **fields: Any) -> bytes:
        return whole(kind, package, **fields)[:-1] + b"?"

    monkeypatch.setattr(first_stage, "header", damaged)
    with pytest.raises(errors.ProtocolBroken, match="damaged"):
        land_on(CommandTransport(("/bin/sh", "-c")))


@pytest.mark.parametrize("after", [10, 1700, 5000, 20_000])
def test_a_connection_that_breaks_in_the_middle_leaves_nothing(after: int) -> None:
    """``head`` passes so many of our bytes on and then closes the way in."""
    with pytest.raises(errors.TeleportError):
        land_on(shell(f'head -c {after} | eval "$1"'))


# -------------------------------------------------------------------- questions


@dataclass(frozen=True)
class AskingTransport:
    """A child that runs ``script`` in Python with ``events``, the socket, before it becomes the shell."""

    script: str
    host: str = "cartesius"

    def spawn(self, command: str) -> Link:
        program = f"""
import json, os, socket, sys
events = socket.socket(fileno=int(sys.argv[-1]))
def say(**event): events.sendall(json.dumps(event).encode() + b"\\n")
def hear(): return json.loads(events.recv(65536))["answer"]
{self.script}
os.execv("/bin/sh", ["sh", "-c", {command!r}])
"""
        return spawn_child([sys.executable, "-c", program], events=True)

    def as_record(self) -> dict[str, Any]:
        return {}


ASK = (
    'say(event="question", kind="password", text="Password for \\x1b[31mme:", secret=True)\nanswer = hear()\n'
)


def test_a_question_is_asked_and_answered() -> None:
    asked: list[Question] = []

    def ask(question: Question) -> str:
        asked.append(question)
        return "sesame"

    script = ASK + 'if answer != "sesame": sys.exit(3)\nsay(event="connected")'
    assert land_on(AskingTransport(script), ask=ask).version == sys.version.split()[0]
    assert asked == [Question("password", "Password for  [31mme:", True)]


def test_the_time_in_which_the_user_thinks_does_not_count() -> None:
    def ask(question: Question) -> str:
        time.sleep(2.5)
        return "sesame"

    assert land_on(AskingTransport(ASK), ask=ask, seconds=2.0)


def test_without_anybody_to_ask_the_answer_is_none() -> None:
    script = ASK + 'say(event="failed", error="AuthenticationFailed", facts={"reason": repr(answer)})\nhear()'
    with pytest.raises(errors.AuthenticationFailed, match="cartesius did not let you in: None"):
        land_on(AskingTransport(script))


def test_a_verdict_of_the_child_is_raised_also_if_it_is_gone_already() -> None:
    facts = {"host": "x", "fingerprint": "SHA256:y"}
    script = f'say(event="failed", error="HostKeyChanged", facts={facts})\nos._exit(1)'
    with pytest.raises(errors.HostKeyChanged, match="key of cartesius is not the one"):
        land_on(AskingTransport(script))


@pytest.mark.parametrize("junk", ["b'nonsense\\n'", "b'[1]\\n'", "b'x' * 100_000"])
def test_what_is_no_event_is_a_broken_protocol(junk: str) -> None:
    with pytest.raises(errors.ProtocolBroken, match="an event"):
        land_on(AskingTransport(f"events.sendall({junk})\nevents.recv(1)"))


def test_ctrl_c_at_a_question_gets_through() -> None:
    def ask(question: Question) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        land_on(AskingTransport(ASK), ask=ask)


# ----------------------------------------------------------------------- attach


def test_an_attach_to_nothing_says_that_the_session_has_gone(home: Path) -> None:
    transport = CommandTransport(("/bin/sh", "-c"))
    directory = home / f"{zlib.crc32(os.uname().nodename.encode()):08x}-nothing"
    request = AttachRequest(directory=str(directory), token=b"t" * 32, python=sys.executable)
    link = transport.spawn(request.command)
    with pytest.raises(errors.SessionGone, match="No such file"):
        land(link, transport, request, None, soon())
    close_link(link)


def test_a_session_of_another_login_node_is_not_given_up(home: Path) -> None:
    transport = CommandTransport(("/bin/sh", "-c"))
    request = AttachRequest(directory=str(home / "00000000-there"), token=b"t" * 32, python=sys.executable)
    link = transport.spawn(request.command)
    with pytest.raises(errors.LinkLost, match="another machine of that name"):
        land(link, transport, request, None, soon())
    close_link(link)


def test_a_token_is_not_shown() -> None:
    assert "secret" not in repr(AttachRequest(directory="/x", token=b"secret"))


def test_many_descriptors_are_no_obstacle() -> None:
    """Beyond 1024 ``select`` would give up; a notebook may well have opened so many files."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        pytest.skip(f"this machine allows {hard} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        with booted() as far:
            assert far.link.read_fd > 1024
            far.start()
            far.conversation.abort()
    finally:
        for fd in opened:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
