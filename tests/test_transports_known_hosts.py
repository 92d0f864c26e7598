"""known_hosts files: whose key is it, and how an accepted one is written down."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyteleport_jupyter.transports.known_hosts import HostKey, hash_name, look_up, parse_line, remember

KEY = HostKey("ssh-ed25519", b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32))
OTHER = HostKey("ssh-rsa", b"\0\0\0\x07ssh-rsa" + bytes(40))


def line(hosts: str, key: HostKey = KEY, marker: str = "") -> str:
    return f"{marker} {hosts} {key.kind} {base64.b64encode(key.blob).decode()} a comment\n".lstrip()


def known(tmp_path: Path, text: str, name: str = "box"):  # type: ignore[no-untyped-def]
    file = tmp_path / "known_hosts"
    file.write_text(text)
    return look_up(name, [str(tmp_path / "missing"), str(file)])


@pytest.mark.parametrize(
    ("hosts", "name"),
    [
        ("box", "box"),
        ("a,box,c", "box"),
        ("BOX", "box"),
        ("*.example.org", "box.example.org"),
        ("b?x", "box"),
        ("[box]:2222", "[box]:2222"),
        ("[*.example.org]:2222", "[box.example.org]:2222"),
        pytest.param(hash_name("box"), "box", id="hashed"),
        pytest.param(hash_name("[box]:2222"), "[box]:2222", id="hashed-with-port"),
    ],
)
def test_names_that_match(tmp_path: Path, hosts: str, name: str) -> None:
    assert known(tmp_path, line(hosts), name).has(KEY)


@pytest.mark.parametrize(
    ("hosts", "name"),
    [
        ("boxes", "box"),
        ("*,!box", "box"),
        ("box", "[box]:2222"),
        ("[box]:2222", "box"),
        ("[box]:2222", "b"),
        pytest.param(hash_name("other"), "box", id="hashed-other"),
        ("|1|nonsense", "box"),
        ("|1||", "box"),
        ("", "box"),
    ],
)
def test_names_that_do_not_match(tmp_path: Path, hosts: str, name: str) -> None:
    assert not known(tmp_path, line(hosts), name).keys


def test_markers_are_kept_apart(tmp_path: Path) -> None:
    found = known(
        tmp_path, line("box") + line("box", OTHER, "@revoked") + line("*", OTHER, "@cert-authority")
    )
    assert found.has(KEY)
    assert found.has_revoked(OTHER)
    assert not found.has(OTHER)
    assert len(found.authorities) == 1
    assert found.kinds == ("ssh-ed25519",)


@pytest.mark.parametrize(
    "text", ["", "# comment", "box ssh-ed25519", "box ssh-ed25519 !!!", "@revoked", "box"]
)
def test_lines_that_say_nothing(text: str) -> None:
    assert parse_line(text) is None


@given(st.text())
def test_no_line_is_a_surprise(text: str) -> None:
    parsed = parse_line(text)
    assert parsed is None or parsed.key.blob is not None


@pytest.mark.parametrize("hashed", [True, False])
def test_what_is_remembered_is_found_by_us_and_by_ssh_keygen(tmp_path: Path, hashed: bool) -> None:
    file = tmp_path / "new" / "known_hosts"
    remember("[box]:2222", KEY, str(file), hashed=hashed)
    assert look_up("[box]:2222", [str(file)]).has(KEY)
    assert (b"box" in file.read_bytes()) != hashed
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    found = subprocess.run(
        ["ssh-keygen", "-F", "[box]:2222", "-f", str(file)], capture_output=True, text=True
    )
    assert found.returncode == 0


def test_a_last_line_without_an_end_stays_whole(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(line("first").rstrip())
    remember("second", OTHER, str(file), hashed=False)
    assert look_up("first", [str(file)]).has(KEY)
    assert look_up("second", [str(file)]).has(OTHER)


def test_the_fingerprint_is_that_of_ssh_keygen(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", str(tmp_path / "k")], check=True)
    parsed = parse_line(f"box {(tmp_path / 'k.pub').read_text()}")
    shown = subprocess.run(
        ["ssh-keygen", "-lf", str(tmp_path / "k.pub")], capture_output=True, text=True
    ).stdout
    assert parsed is not None
    assert parsed.key.fingerprint == shown.split()[1]
    assert parsed.key.short_kind == "ECDSA"
