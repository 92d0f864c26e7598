"""Effective settings: as ``ssh -G`` prints them, and as we read them where there is no ssh."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pyteleport_jupyter.errors import HostUnknown
from pyteleport_jupyter.transports import ssh_config_file, ssh_settings
from pyteleport_jupyter.transports.ssh_settings import Destination, make_settings, parse_values, read_settings

CONFIG = """
Include {folder}/more*.conf
Host box
    HostName %h.example.org
    Port 2222
    User = bob
    IdentityFile "{folder}/first key"
    IdentityFile {folder}/%r_key
    CertificateFile {folder}/cert.pub
    IdentitiesOnly yes
    UserKnownHostsFile {folder}/one "{folder}/two"
    HostKeyAlias Alias
    ProxyJump gate
    StrictHostKeyChecking accept-new
    ConnectTimeout 7
    PreferredAuthentications publickey,password
    NumberOfPasswordPrompts 9
Host *.bad !good.bad
    User never
Match host other
    ProxyCommand nc -X 5 %h %p
Host *
    User everyone
    Port 22
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "more1.conf").write_text("Host box\n  ServerAliveInterval 3\n")
    file = tmp_path / "config"
    file.write_text(CONFIG.format(folder=tmp_path))
    return str(file)


@pytest.fixture(params=["ssh -G", "our own reader"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "ssh -G" and shutil.which("ssh") is None:
        pytest.skip("there is no ssh client on this machine")
    if request.param != "ssh -G":
        monkeypatch.setattr(ssh_settings.shutil, "which", lambda name: None)


@pytest.mark.usefixtures("reader")
def test_what_the_configuration_says_is_read(config: str, tmp_path: Path) -> None:
    settings = read_settings(Destination("box", config=config))
    assert (settings.hostname, settings.port, settings.user) == ("box.example.org", 2222, "bob")
    assert settings.identity_files == (f"{tmp_path}/first key", f"{tmp_path}/bob_key")
    assert settings.certificate_files == (f"{tmp_path}/cert.pub",)
    assert settings.identities_only
    assert settings.user_known_hosts == (f"{tmp_path}/one", f"{tmp_path}/two")
    assert settings.known_as == "alias"
    assert settings.proxy_jump == "gate"
    assert settings.proxy_command is None
    assert settings.strict_host_keys == "accept-new"
    assert (settings.connect_seconds, settings.alive_seconds) == (7, 3)
    assert settings.preferred_authentications == ("publickey", "password")
    assert settings.password_prompts == 3


@pytest.mark.usefixtures("reader")
def test_the_target_wins_over_the_configuration(config: str) -> None:
    settings = read_settings(Destination("box", "carol", 2200, config))
    assert (settings.user, settings.port) == ("carol", 2200)


@pytest.mark.usefixtures("reader")
def test_another_host_gets_the_common_settings(config: str) -> None:
    settings = read_settings(Destination("other", config=config))
    assert (settings.user, settings.hostname, settings.port) == ("everyone", "other", 22)
    assert settings.proxy_command == "nc -X 5 %h %p"
    assert settings.known_as == "other"
    assert settings.connect_seconds == ssh_settings.DEFAULT_CONNECT_SECONDS


@pytest.mark.usefixtures("reader")
def test_negated_patterns_do_not_apply(config: str) -> None:
    assert read_settings(Destination("x.bad", config=config)).user == "never"
    assert read_settings(Destination("good.bad", config=config)).user == "everyone"


def test_a_match_that_is_not_understood_is_not_guessed(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("Match exec true\n  User mallory\n")
    with pytest.raises(HostUnknown, match="exec true"):
        ssh_config_file.read_values("box", str(file))


def test_files_that_include_each_other_come_to_an_end(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(f"Include {file}\n")
    with pytest.raises(HostUnknown, match="levels"):
        ssh_config_file.read_values("box", str(file))


def test_a_broken_configuration_is_told_in_the_words_of_ssh(tmp_path: Path) -> None:
    if shutil.which("ssh") is None:
        pytest.skip("there is no ssh client on this machine")
    file = tmp_path / "config"
    file.write_text("NoSuchKeyword yes\n")
    with pytest.raises(HostUnknown, match="configuration option"):
        read_settings(Destination("box", config=str(file)))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("none", None),
        ("SSH_AUTH_SOCK", "/from/env"),
        ("$OTHER", "/other"),
        ("", "/from/env"),
        ("/a/b", "/a/b"),
    ],
)
def test_the_agent(said: str, expected: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/from/env")
    monkeypatch.setenv("OTHER", "/other")
    values = parse_values(f"identityagent {said}\n" if said else "")
    assert make_settings(Destination("box"), values).identity_agent == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("no", "accept-new"),
        ("off", "accept-new"),
        ("false", "accept-new"),
        ("true", "yes"),
        ("yes", "yes"),
        ("ask", "ask"),
        ("?", "ask"),
    ],
)
def test_no_configuration_turns_the_check_of_host_keys_off(said: str, expected: str) -> None:
    values = parse_values(f"stricthostkeychecking {said}\n")
    assert make_settings(Destination("box"), values).strict_host_keys == expected


def test_waits_without_an_end_get_one() -> None:
    settings = make_settings(Destination("box"), parse_values("connecttimeout none\nserveraliveinterval 0\n"))
    assert settings.connect_seconds == ssh_settings.DEFAULT_CONNECT_SECONDS
    assert settings.alive_seconds == ssh_settings.DEFAULT_ALIVE_SECONDS


def test_home_is_filled_in() -> None:
    settings = make_settings(Destination("box"), parse_values("identityfile ~/.ssh/id_%u\n"))
    assert settings.identity_files[0].startswith(os.path.expanduser("~/.ssh/id_"))
    assert "%" not in settings.identity_files[0]
