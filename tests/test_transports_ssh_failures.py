"""What ssh says becomes one sentence; what is no answer is none; secrets do not show themselves."""

from __future__ import annotations

import logging
import socket
import subprocess
from pathlib import Path

import pytest

from pyteleport_jupyter import errors
from pyteleport_jupyter.transports import failures, jump_hosts, proxy, ssh_child, ssh_companion
from pyteleport_jupyter.transports.child_events import parse_answer
from pyteleport_jupyter.transports.identity_files import (
    KeyFileUnusable,
    certified_key,
    inspect_key_file,
    load_private_key,
    read_public_key,
)
from pyteleport_jupyter.transports.secret import Secret
from pyteleport_jupyter.transports.ssh import SshTransport
from pyteleport_jupyter.transports.ssh_settings import Destination, Settings, make_settings, parse_values

CHANGED = """@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
The fingerprint for the ED25519 key sent by the remote host is
SHA256:abcDEF123.
Offending RSA key in /home/me/.ssh/known_hosts:3
Host key verification failed."""


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (CHANGED, errors.HostKeyChanged, "/home/me/.ssh/known_hosts"),
        (
            "WARNING: REVOKED HOST KEY DETECTED!\nHost key verification failed.",
            errors.HostKeyRevoked,
            "revoked",
        ),
        ("Host key verification failed.", errors.HostKeyUnknown, "not known"),
        (
            "ssh: Could not resolve hostname box: Name or service not known",
            errors.HostUnknown,
            "Name or service",
        ),
        ("ssh: connect to host box port 22: Connection refused", errors.HostRefused, ": connection refused."),
        ("ssh: connect to host ::1 port 22: No route to host", errors.HostRefused, "no route to host"),
        ("Connection timed out during banner exchange", errors.HostRefused, "timed out"),
        ("kex_exchange_identification: Connection reset by peer", errors.HostRefused, "reset by peer"),
        (
            "a@box: Permission denied (publickey,password).",
            errors.AuthenticationFailed,
            "(publickey,password).",
        ),
        ("Received disconnect: 2: Too many authentication failures", errors.AuthenticationFailed, "Too many"),
        ("exec request failed on channel 0", errors.ShellFailed, "exec request failed"),
        ("something new", errors.HostRefused, "something new"),
        ("", errors.HostRefused, "without a word"),
    ],
)
def test_the_words_of_ssh_become_a_sentence(said: str, kind: type[errors.TeleportError], words: str) -> None:
    error = failures.of_ssh_lines("box", said.splitlines())
    assert type(error) is kind
    assert words in error.sentence()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (socket.gaierror(-2, "Name or service not known"), errors.HostUnknown),
        (TimeoutError("timed out"), errors.HostRefused),
        (ConnectionRefusedError(111, "Connection refused"), errors.HostRefused),
        (OSError(113, "No route to host"), errors.HostRefused),
    ],
)
def test_errors_of_sockets_become_a_sentence(error: OSError, kind: type[errors.TeleportError]) -> None:
    assert type(failures.of_socket("box", error)) is kind


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b"null", b'{"answer": 5}', b'{"answer": null}', b"\xff"])
def test_what_is_no_answer_is_a_declined_question(line: bytes) -> None:
    assert parse_answer(line) is None


def test_a_secret_is_text_that_does_not_show_itself() -> None:
    secret = parse_answer(b'{"answer": "hunter2"}')
    assert secret == "hunter2"
    assert "hunter2" not in repr(secret)
    assert "hunter2" not in repr([secret])
    assert "hunter2" not in f"{secret!r}"
    assert isinstance(secret, Secret)


@pytest.mark.parametrize(
    ("prompt", "hint", "kind", "secret"),
    [
        ("alice@box's password: ", "", "password", True),
        ("Enter passphrase for key '/k': ", "", "passphrase", True),
        ("Verification code: ", "", "code", True),
        ("Are you sure you want to continue connecting (yes/no/[fingerprint])? ", "", "confirm", False),
        ("Allow use of key /k?", "confirm", "confirm", False),
    ],
)
def test_the_questions_of_ssh(prompt: str, hint: str, kind: str, secret: bool) -> None:
    asked = ssh_companion.question(prompt, hint)
    assert (asked["kind"], asked["secret"]) == (kind, secret)


def test_last_words_are_kept_and_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    words = failures.listen_to_last_words()
    try:
        logger = logging.getLogger("paramiko.transport")
        logger.error("Exception (client): something")
        logger.info("Disconnect (code 2): Too many authentication failures")
    finally:
        logging.getLogger("paramiko").removeHandler(words)
    assert words.words == "Too many authentication failures"
    assert capfd.readouterr() == ("", "")


def settings(text: str) -> Settings:
    return make_settings(Destination("box", config="/c"), parse_values(text))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("gate", [("gate", None, None)]),
        ("bob@gate:2222,second", [("gate", "bob", 2222), ("second", None, None)]),
        ("ssh://bob@gate:22", [("gate", "bob", 22)]),
        ("[::1]:22", [("::1", None, 22)]),
        ("a@b@gate", None),
        ("-oProxyCommand=x", None),
        ("a b", None),
    ],
)
def test_jump_hosts_are_read(said: str, expected: list[tuple[str, str | None, int | None]] | None) -> None:
    if expected is None:
        with pytest.raises(errors.HostRefused):
            jump_hosts.parse_jumps(settings(f"proxyjump {said}"))
        return
    jumps = jump_hosts.parse_jumps(settings(f"proxyjump {said}"))
    assert [(jump.alias, jump.user, jump.port) for jump in jumps] == expected
    assert {jump.config for jump in jumps} == {"/c"}


def test_tokens_of_a_proxy_command() -> None:
    found = proxy.expand_command("nc %h %p %r %n %% x", settings("hostname h\nport 7\nuser u"))
    assert found == "nc h 7 u box % x"
    with pytest.raises(failures.ParamikoLacks):
        proxy.expand_command("nc %K", settings(""))


def test_a_record_leads_to_the_same_transport_and_order() -> None:
    transport = SshTransport("box", user="u", port=7, via="ssh", config="/c", target="u@box:7")
    import json

    from pyteleport_jupyter.transports import from_record

    assert from_record(json.loads(json.dumps(transport.as_record()))) == transport
    order = ssh_child.parse_order(json.dumps({**transport.as_record(), "command": "x"}).encode())
    assert order.destination == Destination("box", "u", 7, "/c")
    assert (order.command, order.via) == ("x", "ssh")


KINDS = [("ed25519", ()), ("rsa", ()), ("ecdsa", ()), ("rsa", ("-m", "PEM"))]


@pytest.mark.parametrize(("kind", "options"), KINDS)
@pytest.mark.parametrize("passphrase", ["", "open sesame"])
def test_key_files(tmp_path: Path, kind: str, options: tuple[str, ...], passphrase: str) -> None:
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *options, "-N", passphrase, "-f", str(path)], check=True)
    file = inspect_key_file(str(path))
    assert file.encrypted == bool(passphrase)
    assert file.public == read_public_key(f"{path}.pub")
    key = load_private_key(str(path), passphrase or None)
    assert file.public is not None
    assert key.asbytes() == file.public.blob
    if passphrase:
        for wrong in (None, "wrong"):
            with pytest.raises(KeyFileUnusable):
                load_private_key(str(path), wrong)


def test_the_public_half_is_read_from_an_encrypted_key(tmp_path: Path) -> None:
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", str(path)], check=True)
    public = read_public_key(f"{path}.pub")
    Path(f"{path}.pub").unlink()
    assert inspect_key_file(str(path)).public == public


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_the_key_in_a_certificate(tmp_path: Path, kind: str) -> None:
    for name, of in (("authority", "ed25519"), ("key", kind)):
        subprocess.run(["ssh-keygen", "-q", "-t", of, "-N", "", "-f", str(tmp_path / name)], check=True)
    signing = ["ssh-keygen", "-q", "-s", str(tmp_path / "authority"), "-I", "me", str(tmp_path / "key.pub")]
    subprocess.run(signing, check=True)
    certificate = read_public_key(str(tmp_path / "key-cert.pub"))
    assert certificate is not None
    assert certified_key(certificate) == read_public_key(str(tmp_path / "key.pub"))
    plain = read_public_key(str(tmp_path / "key.pub"))
    assert plain is not None
    assert certified_key(plain) is None


@pytest.mark.parametrize("text", ["", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-ed25519 !", "x /w=="])
def test_what_is_no_public_key(tmp_path: Path, text: str) -> None:
    (tmp_path / "k.pub").write_text(text)
    assert read_public_key(str(tmp_path / "k.pub")) is None
