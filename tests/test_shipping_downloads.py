"""Large downloads through paramiko come to their end, one after the other."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from pathlib import Path

import pytest
from ssh_servers import real_sshd
from ssh_visits import Configuration, visiting

from pyteleport_jupyter.transports.ssh import SshTransport

SIZE = 600 * 1000 * 1000
SILENCE = 30.0
"""Seconds after which a download counts as stalled; a lost race of two changes of keys hangs for ever."""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Configuration]:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    folder = tmp_path / "sshd"
    folder.mkdir()
    with real_sshd(folder) as sshd:
        configuration = Configuration(tmp_path)
        host = {"Port": sshd.plain, "IdentityFile": sshd.identity}
        yield configuration.write({"lab": host}, known=sshd.known_line(sshd.plain))


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_twenty_downloads_of_600_mb(lab: Configuration) -> None:
    transport = SshTransport(host="lab", via="paramiko", config=lab.file)
    for number in range(20):
        with visiting(transport, f"head -c {SIZE} /dev/zero") as visit:
            assert visit.failure is None
            received = 0
            while received < SIZE:
                readable, _, _ = select.select([visit.link.read_fd], [], [], SILENCE)
                assert readable, f"download {number} stalled at {received} bytes"
                count = len(os.read(visit.link.read_fd, 1 << 20))
                assert count, f"download {number} ended at {received} bytes: {visit.complaint()}"
                received += count
            assert received == SIZE
