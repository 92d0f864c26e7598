"""Any command that ends in a shell is a way to a target, whatever shell it is."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from far_side import booted
from supervised import home, package

from pyteleport_jupyter.transports import BootRequest, CommandTransport, from_record

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
