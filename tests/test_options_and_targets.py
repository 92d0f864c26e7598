"""What the user may say, and the sentences for what they may not."""

from __future__ import annotations

import sys

import pytest

from pyteleport_jupyter.errors import OptionWrong, TargetUnknown
from pyteleport_jupyter.options import Options, make_options, parse_lease
from pyteleport_jupyter.targets import parse_target
from pyteleport_jupyter.transports.command import CommandTransport


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), (15, 15), ("15m", 900), ("1.5h", 5400), ("2d", 172800)]
)
def test_leases(text: str, seconds: float) -> None:
    assert parse_lease(text) == seconds


@pytest.mark.parametrize(
    "given",
    [
        {"lease": "soon"},
        {"lease": "0"},
        {"lease": "8d"},
        {"via": "telnet"},
        {"setup": "a\nb"},
        {"python": "p" * 5000},
        {"nope": 1},
    ],
)
def test_wrong_options_are_named(given: dict[str, object]) -> None:
    with pytest.raises(OptionWrong, match=next(iter(given))):
        make_options(**given)


def test_targets() -> None:
    options = Options(via="ssh")
    assert parse_target("cartesius", options).host == "cartesius"
    record = parse_target("bob@cartesius:2222", options).transport.as_record()
    assert (record["user"], record["host"], record["port"], record["via"]) == (
        "bob",
        "cartesius",
        2222,
        "ssh",
    )
    assert parse_target("user@[::1]:22", options).transport.as_record()["host"] == "::1"
    assert parse_target(" local ", options).python == sys.executable
    command = parse_target("cmd:srun -n1 'bash' -c", options)
    assert command.transport.as_record()["argv"] == ["srun", "-n1", "bash", "-c"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "-oProxyCommand=x",
        "user@-x",
        "host:0",
        "host:99999",
        "a b",
        "host:port",
        "local:x",
        "cmd:",
        "x" * 2000,
        "cmd:'unclosed",
        "bad\x07name",
        "home",
        "ho$st",
        None,
        7,
    ],
)
def test_what_is_no_target(text: str) -> None:
    with pytest.raises(TargetUnknown):
        parse_target(text, Options())


def test_a_command_that_ends_in_the_name_of_a_shell_means_that_shell() -> None:
    for words, argv in (
        ("srun -n1 bash", ("srun", "-n1", "bash", "-c")),
        ("docker exec -i box /bin/sh", ("docker", "exec", "-i", "box", "/bin/sh", "-c")),
        ("docker exec -i box sh -c", ("docker", "exec", "-i", "box", "sh", "-c")),
        ("ssh host bash", ("ssh", "host", "bash")),
        ("ssh host", ("ssh", "host")),
    ):
        transport = parse_target(f"cmd:{words}", Options()).transport
        assert isinstance(transport, CommandTransport)
        assert transport.argv == argv
